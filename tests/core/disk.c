/* SPDX-License-Identifier: Apache-2.0
 *
 * The disk, and the words.
 */
#define _GNU_SOURCE /* memfd_create */
#include "tests/core/disk.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- the disk: reads go through a gate, and can be made to fail -------------------------------------------------- */

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool closed;
  unsigned inside; /* reads that wait */
  unsigned reads;
  int error; /* of the read after `error_after` more */
  int error_after;
  bool error_once;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void disk_set(bool closed) {
  pthread_mutex_lock(&disk.mutex);
  disk.closed = closed;
  pthread_cond_broadcast(&disk.changed);
  pthread_mutex_unlock(&disk.mutex);
}

unsigned disk_inside(void) {
  pthread_mutex_lock(&disk.mutex);
  unsigned inside = disk.inside;
  pthread_mutex_unlock(&disk.mutex);
  return inside;
}

unsigned disk_reads(void) {
  pthread_mutex_lock(&disk.mutex);
  unsigned reads = disk.reads;
  pthread_mutex_unlock(&disk.mutex);
  return reads;
}

void disk_fail(int error, int after, bool once) {
  pthread_mutex_lock(&disk.mutex);
  disk.error = error;
  disk.error_after = after;
  disk.error_once = once;
  pthread_mutex_unlock(&disk.mutex);
}

int disk_error(void) {
  pthread_mutex_lock(&disk.mutex);
  int error = disk.error;
  pthread_mutex_unlock(&disk.mutex);
  return error;
}

static int disk_pass(void) {
  pthread_mutex_lock(&disk.mutex);
  disk.inside++;
  disk.reads++;
  while (disk.closed) pthread_cond_wait(&disk.changed, &disk.mutex);
  disk.inside--;
  int error = disk.error && disk.error_after-- <= 0 ? disk.error : 0;
  if (error && disk.error_once) disk.error = 0;
  pthread_mutex_unlock(&disk.mutex);
  return error;
}

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

/* ---- words ------------------------------------------------------------------------------------------------------- */

int file_of(uint64_t bytes) {
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

uint64_t post_file(struct world *world, hws_handle stream, int file, uint64_t offset, uint64_t length, hws_handle *op) {
  struct hws_how how = how_queue(world);
  assert_status(hws_sendfile(stream, file, offset, length, &how, NULL, op), HWS_OK);
  return how.tag;
}

void expect_sent(struct world *world, uint64_t tag, int32_t status, uint64_t bytes) {
  struct hws_event event = world_await(world, tag);
  assert_int_equal(event.kind, HWS_KIND_SENDFILE);
  assert_status(event.status, status);
  assert_int_equal(event.bytes, bytes);
}

/* The stream goes on where the file ended. */
void expect_usable(const struct link *link) {
  send_all(link->ends.client, "usable", 6);
  expect_bytes(link->ends.server, "usable");
  send_all(link->ends.server, "back", 4);
  expect_bytes(link->ends.client, "back");
}
