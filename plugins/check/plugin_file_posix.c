/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest of a plugin's file, by dlopen.
 */
#include <dlfcn.h>
#include <string.h>

#include "plugins/check/fault.h"
#include "plugins/check/plugin_file.h"

const struct hws_plugin *check_plugin_open(const char *path) {
  CHECK(path[0] == '/', "'%s' is not an absolute path", path);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(library, "%s", dlerror());
  void *symbol = dlsym(library, "hws_plugin_v1");
  CHECK(symbol, "%s has no symbol hws_plugin_v1", path);
  const struct hws_plugin *(*manifest_of)(void);
  memcpy(&manifest_of, &symbol, sizeof manifest_of);
  const struct hws_plugin *manifest = manifest_of();
  CHECK(manifest, "hws_plugin_v1 returned NULL");
  CHECK(manifest_of() == manifest, "hws_plugin_v1 returns another manifest each time");
  return manifest;
}
