/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the library itself lies. The kernel's map of the process is asked and not the dynamic loader, which repeats the
 * path that it was given: a relative one means something else once the current directory has changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/own_file_posix.h"
#include "plugins/shortage_posix.h"

/* The path in one line of the map, "BEGIN-END RIGHTS OFFSET DEVICE INODE PATH", if the line's range holds the address;
 * else NULL. */
static char *path_of_line(char *line, uint64_t address, uint64_t *inode) {
  char *rest;
  uint64_t begin = strtoull(line, &rest, 16);
  if (*rest != '-') return NULL;
  uint64_t end = strtoull(rest + 1, &rest, 16);
  if (address < begin || address >= end) return NULL;
  for (int field = 0; field < 3 && rest != NULL; field++) rest = strchr(rest + 1, ' ');
  if (rest == NULL) return NULL;
  *inode = strtoull(rest, &rest, 10);
  char *path = strchr(rest, '/');
  if (path != NULL) path[strcspn(path, "\n")] = '\0';
  return path;
}

int own_file_find(const void *symbol, struct own_file *file) {
  char *line = NULL;
  size_t room = 0;
  const char *path = NULL;
  FILE *map = fopen("/proc/self/maps", "re");
  if (map == NULL) return shortage_is(errno) ? -2 : -1;
  while (path == NULL && getline(&line, &room, map) > 0)
    path = path_of_line(line, (uint64_t)(uintptr_t)symbol, &file->inode);
  int result = path == NULL && feof(map) ? -1 : -2;
  file->path = path != NULL ? strdup(path) : NULL;
  if (file->path != NULL) result = 0;
  free(line);
  (void)fclose(map);
  return result;
}

/* Others could put something else there. */
static bool is_open_to_others(const struct stat *facts) {
  return (facts->st_mode & S_IWOTH) != 0;
}

/* What is mapped stands in its folder still, and nobody but its owner, root and the caller can have put it there: NULL,
 * else what is not so. */
static const char *doubt_of(const struct own_file *file, const char *folder, uid_t *owner) {
  struct stat library;
  struct stat beside;
  if (stat(file->path, &library) != 0 || stat(folder, &beside) != 0) return "its file cannot be found";
  if (is_open_to_others(&library)) return "others can write its file";
  if (is_open_to_others(&beside)) return "others can write its folder";
  if (beside.st_uid != 0 && beside.st_uid != library.st_uid && beside.st_uid != geteuid())
    return "its folder is another user's";
  if ((uint64_t)library.st_ino != file->inode) return "its file was replaced";
  *owner = library.st_uid;
  return NULL;
}

static bool is_below(const char *place, const char *folder) {
  size_t length = strlen(folder);
  return strncmp(place, folder, length) == 0 && (place[length] == '/' || place[length] == '\0');
}

enum own_tree own_tree_find(const char *place, uid_t *owner, const char **doubt) {
  struct own_file file;
  int found = own_file_find((const void *)(uintptr_t)&own_tree_find, &file);
  if (found != 0) return found == -2 ? OWN_TREE_SHORT : OWN_TREE_OUTSIDE;
  char *slash = strrchr(file.path, '/');
  char *folder = strndup(file.path, (size_t)(slash - file.path));
  enum own_tree result = folder == NULL ? OWN_TREE_SHORT : OWN_TREE_OUTSIDE;
  if (folder != NULL && is_below(place, folder)) {
    *doubt = doubt_of(&file, folder, owner);
    result = *doubt == NULL ? OWN_TREE_INSIDE : OWN_TREE_DOUBTED;
  }
  free(folder);
  free(file.path);
  return result;
}
