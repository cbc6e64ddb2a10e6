/* SPDX-License-Identifier: Apache-2.0
 *
 * Files for the cases that send them.
 */
#define _GNU_SOURCE /* mkstemp */
#include "plugins/check/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugins/check/fault.h"
#include "plugins/check/pattern.h"

int64_t check_file_make(size_t bytes) {
  char name[] = "/tmp/hawser-check-XXXXXX";
  int file = mkstemp(name);
  CHECK(file >= 0, "the kit cannot make a file (errno %d)", errno);
  (void)unlink(name);
  char *memory = malloc(bytes);
  CHECK(memory, "the kit itself is out of memory");
  check_pattern_fill(memory, 0, bytes);
  CHECK(write(file, memory, bytes) == (ssize_t)bytes, "the kit cannot write its file (errno %d)", errno);
  free(memory);
  return file;
}

int64_t check_file_none(void) {
  int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(folder >= 0, "the kit cannot open a folder (errno %d)", errno);
  return folder;
}

void check_file_close(int64_t file) {
  (void)close((int)file);
}

void check_file_block_signals(void) {
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, NULL);
}
