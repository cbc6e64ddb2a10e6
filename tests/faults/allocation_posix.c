/* SPDX-License-Identifier: Apache-2.0
 *
 * The wrappers of what only this C library hands over to be freed.
 */
#include <stdio.h>
#include <sys/types.h>

#include "tests/faults/allocation.h"

char *__real_strndup(const char *text, size_t size);
char *__real_realpath(const char *path, char *resolved);
ssize_t __real_getline(char **line, size_t *room, FILE *file);
char *__wrap_strndup(const char *text, size_t size);
char *__wrap_realpath(const char *path, char *resolved);
ssize_t __wrap_getline(char **line, size_t *room, FILE *file);

char *__wrap_strndup(const char *text, size_t size) {
  return allocation_fails() ? NULL : allocation_counted(__real_strndup(text, size));
}

char *__wrap_realpath(const char *path, char *resolved) {
  if (resolved) return __real_realpath(path, resolved);
  return allocation_fails() ? NULL : allocation_counted(__real_realpath(path, NULL));
}

ssize_t __wrap_getline(char **line, size_t *room, FILE *file) {
  bool first = !*line;
  if (first && allocation_fails()) return -1;
  ssize_t length = __real_getline(line, room, file);
  if (first) allocation_counted(*line);
  return length;
}
