/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the library itself lies. The kernel's map of the process is asked and not the dynamic loader, which repeats the
 * path that it was given: a relative one means something else once the current directory has changed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/registry.h"
#include "plugins/shortage_posix.h"

/* The path in one line of the map, "BEGIN-END ... PATH", if the line's range holds the address; else NULL. */
static char *path_of_line(char *line, uint64_t address) {
  char *rest;
  uint64_t begin = strtoull(line, &rest, 16);
  if (*rest != '-') return NULL;
  uint64_t end = strtoull(rest + 1, &rest, 16);
  return address >= begin && address < end ? strchr(rest, '/') : NULL;
}

static int dir_beside(char *library, char *path, size_t size) {
  char *slash = strrchr(library, '/');
  *slash = '\0';
  int length = snprintf(path, size, "%s/hawser/plugins", library);
  return length > 0 && (size_t)length < size ? 0 : -1;
}

int registry_default_dir(const void *symbol, char *path, size_t size) {
  char *line = NULL;
  size_t room = 0;
  int result = -2;
  FILE *map = fopen("/proc/self/maps", "re");
  if (map == NULL) return shortage_is(errno) ? -2 : -1;
  while (getline(&line, &room, map) > 0) {
    char *library = path_of_line(line, (uint64_t)(uintptr_t)symbol);
    if (library == NULL) continue;
    result = dir_beside(library, path, size);
    break;
  }
  if (feof(map)) result = -1;
  free(line);
  (void)fclose(map);
  return result;
}
