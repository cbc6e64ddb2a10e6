/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of loaded transports: one per process (and anew in a forked child). Plugins are never unloaded, so what
 * a look-up returns stays valid for the life of the process.
 */
#ifndef HAWSER_PLUGINS_REGISTRY_H
#define HAWSER_PLUGINS_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/hawser_plugin.h"

struct plugin {
  const struct hws_plugin *manifest;
  struct hws_vtable vtable; /* slots outside the plugin's size are NULL */
  char *path;
  char *schemes; /* separated by spaces */
  struct plugin *next;
};

/* Why something was refused: one line that names the file and the field. */
struct plugin_error {
  char text[480];
  bool short_of; /* descriptors or memory: another try may go well */
};

/* Load from an absolute path, or by plain name from the directories (NULL-terminated list, searched in order).
 * Returns NULL and fills error; changes nothing then. Loading the same file again returns the loaded one. */
const struct plugin *registry_load(const struct hws_host *host, const char *const *dirs, const char *path_or_name,
                                   struct plugin_error *error);

/* The plugin that serves a scheme; loads those of dirs (file names *.so, or *.dll) once if none does yet. NULL: none,
 * error says so and names refusals met on the way. */
const struct plugin *registry_find(const struct hws_host *host, const char *const *dirs, const char *scheme,
                                   struct plugin_error *error);

/* Load everything in dirs. Returns how many files were refused. */
unsigned registry_scan(const struct hws_host *host, const char *const *dirs, struct plugin_error *last_error);

/* The index-th loaded plugin in load order, or NULL. */
const struct plugin *registry_at(unsigned index);

/* For a host's log: a line without an endpoint. Logged inside of open, it stands in the refusal if that fails. */
void registry_heard(const char *text);

/* In a forked child, before any other call there: forget everything, as the locks may be held by lost threads. */
void registry_after_fork(void);

/* Whether a path could be one of the directories: it is absolute. */
bool registry_dir_valid(const char *path);

/* The directory hawser/plugins beside the shared library that contains `symbol`, into path; 0. -1: there is none. -2:
 * it could not be found for want of descriptors or memory. */
int registry_default_dir(const void *symbol, char *path, size_t size);

#endif
