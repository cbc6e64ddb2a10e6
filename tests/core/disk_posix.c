/* SPDX-License-Identifier: Apache-2.0
 *
 * The disk as the library and the transports ask for it: pread is wrapped by the linker, sendfile found here first.
 */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/core/disk.h"

const int disk_errors[DISK_ERRORS] = {EIO, EINVAL, ENOSYS, EOPNOTSUPP};

ssize_t __real_pread(int file, void *to, size_t bytes, off_t offset);
ssize_t __wrap_pread(int file, void *to, size_t bytes, off_t offset);

/* Only of the library: the test's own files are memory. */
ssize_t __wrap_pread(int file, void *to, size_t bytes, off_t offset) {
  int error = disk_pass();
  if (!error) return __real_pread(file, to, bytes, offset);
  errno = error;
  return -1;
}

/* The transports' own call: this program's definition is found before the system's. */
__attribute__((visibility("default"))) ssize_t sendfile(int to, int file, off_t *offset, size_t bytes);

ssize_t sendfile(int to, int file, off_t *offset, size_t bytes) {
  sigset_t blocked;
  assert_true(bytes <= (size_t)256 * 1024);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
  assert_true(sigismember(&blocked, SIGPIPE));
  int error = disk_pass();
  if (!error) return syscall(SYS_sendfile, to, file, offset, bytes);
  errno = error;
  return -1;
}

void disk_reach(void) {
} /* what is loaded finds the functions of this program by itself */

/* ---- files ------------------------------------------------------------------------------------------------------- */

int64_t file_of(uint64_t bytes) {
  const size_t step = (size_t)1 << 20;
  int file = memfd_create("file", MFD_CLOEXEC);
  uint8_t *memory = malloc(step);
  assert_true(file >= 0 && memory);
  for (uint64_t done = 0; done < bytes;) {
    size_t part = bytes - done < step ? (size_t)(bytes - done) : step;
    pattern_fill(DISK_SEED, done, memory, part);
    assert_int_equal(write(file, memory, part), part);
    done += part;
  }
  free(memory);
  return file;
}

void file_done(int64_t file) {
  assert_int_equal(close((int)file), 0);
}

uint64_t file_place(int64_t file) {
  return (uint64_t)lseek((int)file, 0, SEEK_CUR);
}

void file_resize(int64_t file, uint64_t bytes) {
  assert_int_equal(ftruncate((int)file, (off_t)bytes), 0);
}

static int64_t opened(const char *path, int flags) {
  int file = open(path, flags | O_CLOEXEC);
  assert_true(file >= 0);
  return file;
}

int64_t file_write_only(int64_t file) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", (int)file);
  return opened(path, O_WRONLY);
}

int64_t file_folder(void) {
  return opened("/tmp", O_RDONLY | O_DIRECTORY);
}

int64_t file_pipe(void) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  (void)close(ends[1]);
  return ends[0];
}

int64_t file_closed(void) {
  int64_t file = file_folder();
  file_done(file);
  return file;
}
