/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the library itself lies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "plugins/registry.h"
#include "plugins/text_win32.h"

enum { PATH_UNITS = 32768 }; /* no path is longer */

static int dir_beside(char *library, char *path, size_t size) {
  char *slash = strrchr(library, '\\');
  if (slash == NULL) return -1;
  *slash = '\0';
  int length = snprintf(path, size, "%s\\hawser\\plugins", library);
  return length > 0 && (size_t)length < size ? 0 : -1;
}

int registry_default_dir(const void *symbol, char *path, size_t size) {
  HMODULE module = NULL;
  int result = -1;
  if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, symbol,
                          &module))
    return -1;
  wchar_t *wide = calloc(PATH_UNITS, sizeof *wide);
  DWORD length = wide != NULL ? GetModuleFileNameW(module, wide, PATH_UNITS) : 0;
  char *library = length > 0 && length < PATH_UNITS ? text_from_wide(wide) : NULL;
  if (library != NULL) result = dir_beside(library, path, size);
  if (wide == NULL || (length > 0 && library == NULL)) result = -2;
  free(library);
  free(wide);
  return result;
}
