/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest of a plugin's file, by LoadLibraryEx as the library does it.
 */
#include <string.h>
#include <windows.h>

#include "plugins/check/fault.h"
#include "plugins/check/plugin_file.h"

const struct hws_plugin *check_plugin_open(const char *path) {
  wchar_t wide[MAX_PATH];
  CHECK(path[0] && path[1] == ':', "'%s' is not an absolute path", path);
  CHECK(MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, MAX_PATH), "'%s' is too long for the kit", path);
  for (wchar_t *at = wide; *at; at++)
    if (*at == L'/') *at = L'\\';
  HMODULE library = LoadLibraryExW(wide, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
  CHECK(library, "%s cannot be loaded (error %lu)", path, GetLastError());
  FARPROC symbol = GetProcAddress(library, "hws_plugin_v1");
  CHECK(symbol, "%s has no symbol hws_plugin_v1", path);
  const struct hws_plugin *(*manifest_of)(void);
  memcpy(&manifest_of, &symbol, sizeof manifest_of);
  const struct hws_plugin *manifest = manifest_of();
  CHECK(manifest, "hws_plugin_v1 returned NULL");
  CHECK(manifest_of() == manifest, "hws_plugin_v1 returns another manifest each time");
  return manifest;
}
