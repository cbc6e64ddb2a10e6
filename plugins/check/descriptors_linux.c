/* SPDX-License-Identifier: Apache-2.0
 *
 * How many descriptors the process has, and having none left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "plugins/check/cases.h"

static int *taken;
static unsigned taken_count;

unsigned check_descriptors_open(void) {
  DIR *directory = opendir("/proc/self/fd");
  CHECK(directory, "the kit cannot count descriptors (errno %d)", errno);
  unsigned count = 0;
  while (readdir(directory)) count++;
  (void)closedir(directory);
  return count - 3; /* ".", ".." and the directory itself */
}

void check_descriptors_exhaust(void) {
  enum { ROOM = 64 };
  struct rlimit limit;
  unsigned want = check_descriptors_open() + ROOM;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the kit cannot read its limits");
  if (limit.rlim_cur > want) limit.rlim_cur = want;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0, "the kit cannot lower its limits");
  taken = calloc(want, sizeof *taken);
  CHECK(taken, "the kit itself is out of memory");
  for (int fd; taken_count < want && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken[taken_count++] = fd;
  CHECK(errno == EMFILE, "the kit cannot use up its descriptors (errno %d)", errno);
}

void check_descriptors_restore(void) {
  while (taken_count > 0) (void)close(taken[--taken_count]);
  free(taken);
  taken = NULL;
}
