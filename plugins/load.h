/* SPDX-License-Identifier: Apache-2.0
 *
 * What the registry needs of the system: to judge a file, to map it as a library, and to list a directory.
 */
#ifndef HAWSER_PLUGINS_LOAD_H
#define HAWSER_PLUGINS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/registry.h"

/* What tells one file from another, whatever it is called. */
struct load_id {
  uint64_t volume;
  uint64_t file;
};

/* A file that was judged and may be mapped; stays open, so that its id stays its own. */
struct load_file {
  struct load_id id;
  char *path; /* absolute, without symbolic links */
  int64_t descriptor;
};

struct load_library {
  void *handle;
  const struct hws_plugin *(*entry)(void);
};

/* The sorted names of a directory's files that could be plugins. */
struct load_list {
  char **names;
  size_t count;
};

enum load_result { LOAD_OK, LOAD_ABSENT, LOAD_REFUSED };

/* What follows a plain name in the name of its file: ".so" or ".dll". */
extern const char load_suffix[];

bool load_is_absolute(const char *path);

/* Open a file and judge it (PLG-4). LOAD_OK: to be closed by load_close. Otherwise error says why. */
enum load_result load_open(const char *path, struct load_file *file, struct plugin_error *error);
void load_close(struct load_file *file);

/* Map a judged file, all its symbols bound and none of them shared, and find its entry symbol. */
bool load_map(const struct load_file *file, struct load_library *library, struct plugin_error *error);
void load_unmap(struct load_library *library);

/* List a directory, after judging it. LOAD_OK: to be freed by load_list_free. */
enum load_result load_list_open(const char *directory, struct load_list *list, struct plugin_error *error);
void load_list_free(struct load_list *list);

#endif
