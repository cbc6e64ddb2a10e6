/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of a directory that could be plugins, in the order of their names, so that which of two rivals is loaded
 * first does not depend on the file system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/load.h"
#include "plugins/refusal.h"
#include "plugins/shortage_posix.h"
#include "plugins/trust_posix.h"

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_suffix(const char *name) {
  size_t length = strlen(name);
  size_t suffix = strlen(load_suffix);
  return name[0] != '.' && length > suffix && strcmp(name + length - suffix, load_suffix) == 0;
}

static bool list_add(struct load_list *list, const char *name) {
  char **names = realloc(list->names, (list->count + 1) * sizeof *names);
  if (names == NULL) return false;
  list->names = names;
  names[list->count] = strdup(name);
  if (names[list->count] == NULL) return false;
  list->count++;
  return true;
}

static DIR *open_judged(const char *directory, enum load_result *result, struct plugin_error *error) {
  struct stat facts;
  DIR *stream = NULL;
  int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    *result = errno == ENOENT ? LOAD_ABSENT : LOAD_REFUSED;
    shortage_say(error, errno, NULL, "plugin directory %s", directory);
    return NULL;
  }
  *result = LOAD_REFUSED;
  if (fstat(descriptor, &facts) != 0)
    shortage_say(error, errno, NULL, "plugin directory %s", directory);
  else if (trust_judge(&facts, directory, directory, directory, error)) {
    stream = fdopendir(descriptor);
    if (stream == NULL) shortage_say(error, errno, NULL, "plugin directory %s", directory);
  }
  if (stream == NULL) close(descriptor);
  return stream;
}

enum load_result load_list_open(const char *directory, struct load_list *list, struct plugin_error *error) {
  enum load_result result;
  list->names = NULL;
  list->count = 0;
  DIR *stream = open_judged(directory, &result, error);
  if (stream == NULL) return result;
  result = LOAD_OK;
  for (struct dirent *entry = readdir(stream); entry != NULL && result == LOAD_OK; entry = readdir(stream)) {
    if (has_suffix(entry->d_name) && !list_add(list, entry->d_name)) {
      refusal_no_memory(error, directory);
      result = LOAD_REFUSED;
    }
  }
  closedir(stream);
  if (result != LOAD_OK)
    load_list_free(list);
  else if (list->count > 0)
    qsort(list->names, list->count, sizeof *list->names, compare_names);
  return result;
}

void load_list_free(struct load_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->names[i]);
  free(list->names);
  list->names = NULL;
  list->count = 0;
}
