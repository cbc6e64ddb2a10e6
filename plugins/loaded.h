/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of loaded plugins, in load order.
 */
#ifndef HAWSER_PLUGINS_LOADED_H
#define HAWSER_PLUGINS_LOADED_H

#include "plugins/load.h"
#include "plugins/registry.h"

/* A plugin and the file it came from. Pointers to its first member are what the registry gives out. */
struct loaded {
  struct plugin plugin;
  struct load_id id;
};

/* Without the lock, too. */
const struct plugin *loaded_first(void);
const struct plugin *loaded_next(const struct plugin *plugin);
const struct plugin *loaded_by_scheme(const char *scheme);
const struct plugin *loaded_by_manifest(const struct hws_plugin *manifest);

/* By the file's id, and by its path: a file may have been replaced by a newer one, and what is loaded stays. */
const struct plugin *loaded_by_file(const struct load_file *file);

/* NULL: out of memory. */
struct loaded *loaded_new(const struct load_file *file, const struct hws_plugin *manifest);
void loaded_free(struct loaded *loaded);

/* Under the lock. From here on it lives for ever. */
void loaded_append(struct loaded *loaded);

/* In a forked child: start with an empty list. */
void loaded_forget(void);

#endif
