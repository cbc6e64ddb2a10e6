/* SPDX-License-Identifier: Apache-2.0
 *
 * The list only ever grows, at its end and under the registry's lock, and an entry is complete before it is linked; so
 * a look-up walks it without a lock.
 */
#include "plugins/loaded.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/manifest.h"

static struct plugin *first;

/* What the parent of a forked child had loaded. Never used and never freed: what the child inherited may still point
 * into it. */
static struct plugin *inherited;

static struct plugin *follow(struct plugin *const *link) {
  return __atomic_load_n(link, __ATOMIC_ACQUIRE);
}

const struct plugin *loaded_first(void) {
  return follow(&first);
}

const struct plugin *loaded_next(const struct plugin *plugin) {
  return follow(&plugin->next);
}

const struct plugin *loaded_by_scheme(const char *scheme) {
  for (const struct plugin *plugin = loaded_first(); plugin != NULL; plugin = loaded_next(plugin))
    if (manifest_serves(plugin->manifest, scheme)) return plugin;
  return NULL;
}

const struct plugin *loaded_by_manifest(const struct hws_plugin *manifest) {
  for (const struct plugin *plugin = loaded_first(); plugin != NULL; plugin = loaded_next(plugin))
    if (plugin->manifest == manifest) return plugin;
  return NULL;
}

const struct plugin *loaded_by_file(const struct load_file *file) {
  for (const struct plugin *plugin = loaded_first(); plugin != NULL; plugin = loaded_next(plugin)) {
    const struct load_id *id = &((const struct loaded *)plugin)->id;
    if (id->volume == file->id.volume && id->file == file->id.file) return plugin;
    if (strcmp(plugin->path, file->path) == 0) return plugin;
  }
  return NULL;
}

static char *join_schemes(const struct hws_plugin *manifest) {
  char *text = calloc(MANIFEST_SCHEMES_MAX, MANIFEST_SCHEME_MAX + 1);
  char *at = text;
  for (unsigned i = 0; text != NULL && manifest->schemes[i] != NULL; i++) {
    size_t length = strlen(manifest->schemes[i]);
    if (i > 0) *at++ = ' ';
    memcpy(at, manifest->schemes[i], length);
    at += length;
  }
  return text;
}

struct loaded *loaded_new(const struct load_file *file, const struct hws_plugin *manifest) {
  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (loaded == NULL) return NULL;
  loaded->id = file->id;
  loaded->plugin.manifest = manifest;
  loaded->plugin.path = strdup(file->path);
  loaded->plugin.schemes = join_schemes(manifest);
  if (loaded->plugin.path != NULL && loaded->plugin.schemes != NULL) return loaded;
  loaded_free(loaded);
  return NULL;
}

void loaded_free(struct loaded *loaded) {
  free(loaded->plugin.path);
  free(loaded->plugin.schemes);
  free(loaded);
}

void loaded_append(struct loaded *loaded) {
  struct plugin **link = &first;
  while (*link != NULL) link = &(*link)->next;
  __atomic_store_n(link, &loaded->plugin, __ATOMIC_RELEASE);
}

void loaded_forget(void) {
  struct plugin **link = &inherited;
  while (*link != NULL) link = &(*link)->next;
  *link = first;
  first = NULL;
}
