/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding plugins: by path, by name, by scheme. Whoever loads holds the registry's lock, file system and all; whoever
 * finds what is loaded takes none.
 */
#include "plugins/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/admit.h"
#include "plugins/load.h"
#include "plugins/loaded.h"
#include "plugins/lock.h"
#include "plugins/manifest.h"
#include "plugins/refusal.h"
#include "plugins/searched.h"

static const char *const no_dirs[] = {NULL};

/* "DIRECTORY/NAMESUFFIX", allocated. */
static char *path_join(const char *directory, const char *name, const char *suffix) {
  size_t size = strlen(directory) + strlen(name) + strlen(suffix) + 2;
  char *path = malloc(size);
  if (path != NULL) (void)snprintf(path, size, "%s/%s%s", directory, name, suffix);
  return path;
}

bool registry_dir_valid(const char *path) {
  return load_is_absolute(path);
}

static bool dir_check(const char *directory, struct plugin_error *error) {
  if (load_is_absolute(directory)) return true;
  return refusal_say(error, NULL, "plugin directory '%s': found a relative path, wanted an absolute one", directory);
}

static const struct plugin *load_in_dir(const struct hws_host *host, const char *directory, const char *name,
                                        const char *suffix, enum load_result *result, struct plugin_error *error) {
  *result = LOAD_REFUSED;
  if (!dir_check(directory, error)) return NULL;
  char *path = path_join(directory, name, suffix);
  if (path == NULL) {
    refusal_no_memory(error, name);
    return NULL;
  }
  const struct plugin *plugin = admit_path(host, path, result, error);
  free(path);
  return plugin;
}

/* The first directory that has the file decides, also if the file is refused there. */
static const struct plugin *load_by_name(const struct hws_host *host, const char *const *dirs, const char *name,
                                         struct plugin_error *error) {
  for (const char *const *dir = dirs; *dir != NULL; dir++) {
    enum load_result result;
    const struct plugin *plugin = load_in_dir(host, *dir, name, load_suffix, &result, error);
    if (result != LOAD_ABSENT) return plugin;
  }
  refusal_say(error, NULL, "plugin '%s': no file %s%s in the plugin directories (", name, name, load_suffix);
  for (const char *const *dir = dirs; *dir != NULL; dir++) refusal_add(error, dir == dirs ? "%s" : ", %s", *dir);
  refusal_add(error, ")");
  return NULL;
}

const struct plugin *registry_load(const struct hws_host *host, const char *const *dirs, const char *path_or_name,
                                   struct plugin_error *error) {
  const struct plugin *plugin = NULL;
  error->text[0] = '\0';
  registry_lock();
  if (load_is_absolute(path_or_name)) {
    enum load_result result;
    plugin = admit_path(host, path_or_name, &result, error);
  } else if (manifest_name_valid(path_or_name)) {
    plugin = load_by_name(host, dirs != NULL ? dirs : no_dirs, path_or_name, error);
  } else {
    refusal_say(error, NULL, "plugin '%.200s': found neither an absolute path nor a plain name, [a-z0-9_]{1,32}",
                path_or_name);
  }
  registry_unlock();
  return plugin;
}

static void note_refusal(struct searched *searched, const struct plugin_error *error) {
  searched->refused++;
  if (error->short_of) searched->short_of = true;
  searched->last = *error;
}

/* Loads what is in a directory. One file's refusal does not keep out the next. */
static void search_dir(const struct hws_host *host, struct searched *searched) {
  struct load_list list;
  struct plugin_error error;
  const char *directory = searched->directory;
  enum load_result result = LOAD_REFUSED;
  if (dir_check(directory, &error)) result = load_list_open(directory, &list, &error);
  if (result == LOAD_REFUSED) note_refusal(searched, &error);
  if (result != LOAD_OK) return;
  for (size_t i = 0; i < list.count; i++)
    if (load_in_dir(host, directory, list.names[i], "", &result, &error) == NULL) note_refusal(searched, &error);
  load_list_free(&list);
}

/* Says that nobody serves the scheme, and why that may be. */
static void explain_miss(const char *const *dirs, const char *scheme, struct plugin_error *error) {
  refusal_say(error, NULL, "scheme '%s': no plugin serves it", scheme);
  if (dirs[0] == NULL) refusal_add(error, "; no plugin directory is set");
  for (const char *const *dir = dirs; *dir != NULL; dir++) {
    const struct searched *searched = searched_find(*dir);
    refusal_add(error, dir == dirs ? "; searched %s" : ", %s", *dir);
    if (searched != NULL && searched->short_of) error->short_of = true;
    if (searched != NULL && searched->refused > 0)
      refusal_add(error, " (refused there: %u, the last: %s)", searched->refused, searched->last.text);
  }
}

static const struct plugin *search_scheme(const struct hws_host *host, const char *const *dirs, const char *scheme,
                                          struct plugin_error *error) {
  for (const char *const *dir = dirs; *dir != NULL; dir++) {
    const struct plugin *plugin = loaded_by_scheme(scheme);
    if (plugin != NULL) return plugin;
    struct searched *searched = searched_find(*dir);
    if (searched != NULL && !searched->short_of) continue;
    searched = searched_renew(*dir);
    if (searched == NULL) {
      refusal_no_memory(error, *dir);
      return NULL;
    }
    search_dir(host, searched);
  }
  const struct plugin *plugin = loaded_by_scheme(scheme);
  if (plugin == NULL) explain_miss(dirs, scheme, error);
  return plugin;
}

const struct plugin *registry_find(const struct hws_host *host, const char *const *dirs, const char *scheme,
                                   struct plugin_error *error) {
  error->text[0] = '\0';
  if (!manifest_scheme_valid(scheme)) {
    refusal_say(error, NULL, "scheme '%.17s': found a malformed one, wanted [a-z][a-z0-9.-]{0,15}", scheme);
    return NULL;
  }
  const struct plugin *plugin = loaded_by_scheme(scheme);
  if (plugin != NULL) return plugin;
  registry_lock();
  plugin = search_scheme(host, dirs != NULL ? dirs : no_dirs, scheme, error);
  registry_unlock();
  return plugin;
}

unsigned registry_scan(const struct hws_host *host, const char *const *dirs, struct plugin_error *last_error) {
  unsigned refused = 0;
  last_error->text[0] = '\0';
  registry_lock();
  for (const char *const *dir = dirs != NULL ? dirs : no_dirs; *dir != NULL; dir++) {
    struct searched *searched = searched_renew(*dir);
    if (searched == NULL) {
      refusal_no_memory(last_error, *dir);
      refused++;
      continue;
    }
    search_dir(host, searched);
    if (searched->refused > 0) *last_error = searched->last;
    refused += searched->refused;
  }
  registry_unlock();
  return refused;
}

const struct plugin *registry_at(unsigned index) {
  const struct plugin *plugin = loaded_first();
  while (plugin != NULL && index-- > 0) plugin = loaded_next(plugin);
  return plugin;
}

void registry_after_fork(void) {
  registry_lock_reset();
  loaded_forget();
  searched_forget();
}
