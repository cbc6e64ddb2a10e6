/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge the file, map it, check its manifest, start it, check its vtable, and only then let it into the list.
 */
#include "plugins/admit.h"

#include "plugins/heard.h"
#include "plugins/loaded.h"
#include "plugins/manifest.h"
#include "plugins/refusal.h"

static bool check_rivals(const struct hws_plugin *manifest, const char *path, struct plugin_error *error) {
  for (unsigned i = 0; manifest->schemes[i] != NULL; i++) {
    const struct plugin *rival = loaded_by_scheme(manifest->schemes[i]);
    if (rival != NULL)
      return refusal_say(error, path, "schemes: found '%s', which plugin '%s' serves already (%s)",
                         manifest->schemes[i], rival->manifest->name, rival->path);
  }
  return true;
}

/* Fills the vtable. What open made is taken back if the host then refuses it. */
static bool start(struct loaded *loaded, const struct hws_host *host, struct plugin_error *error) {
  struct hws_vtable *vtable = &loaded->plugin.vtable;
  const struct hws_plugin *manifest = loaded->plugin.manifest;
  const char *path = loaded->plugin.path;
  struct heard heard;
  vtable->size = sizeof *vtable;
  heard_begin(&heard);
  int32_t status = manifest->open(host, vtable);
  heard_end();
  if (status < 0) {
    refusal_say(error, path, "open: failed with status %d%s%s", (int)status, heard.line[0] ? ": " : "", heard.line);
    error->short_of = status == HWS_IO_NOMEM || status == HWS_IO_LIMIT;
    return false;
  }
  if (status > 0) return refusal_say(error, path, "open: found %d, wanted 0 or a negative status", (int)status);
  if (manifest_check_vtable(manifest, host, vtable, path, error)) return true;
  if (vtable->fini != NULL) vtable->fini(vtable->self);
  return false;
}

/* *opened: open was called. Threads of the plugin may be running then, whatever it answered. */
static const struct plugin *admit_library(const struct hws_host *host, const struct load_file *file,
                                          const struct load_library *library, bool *opened,
                                          struct plugin_error *error) {
  const struct hws_plugin *manifest = library->entry();
  const struct plugin *known = loaded_by_manifest(manifest);
  if (known != NULL) return known;
  if (!manifest_check(manifest, host, file->path, error) || !check_rivals(manifest, file->path, error)) return NULL;
  struct loaded *loaded = loaded_new(file, manifest);
  if (loaded == NULL) {
    refusal_no_memory(error, file->path);
    return NULL;
  }
  *opened = true;
  if (start(loaded, host, error)) {
    loaded_append(loaded);
    return &loaded->plugin;
  }
  loaded_free(loaded);
  return NULL;
}

const struct plugin *admit_path(const struct hws_host *host, const char *path, enum load_result *result,
                                struct plugin_error *error) {
  struct load_file file;
  struct load_library library;
  *result = load_open(path, &file, error);
  if (*result != LOAD_OK) return NULL;
  const struct plugin *plugin = loaded_by_file(&file);
  if (plugin == NULL && load_map(&file, &library, error)) {
    bool opened = false;
    plugin = admit_library(host, &file, &library, &opened, error);
    if (!opened) load_unmap(&library);
  }
  if (plugin == NULL) *result = LOAD_REFUSED;
  load_close(&file);
  return plugin;
}
