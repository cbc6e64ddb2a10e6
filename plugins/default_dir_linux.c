/* SPDX-License-Identifier: Apache-2.0
 *
 * The plugin directory beside the library.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/own_file_posix.h"
#include "plugins/registry.h"

int registry_default_dir(const void *symbol, char *path, size_t size) {
  struct own_file file;
  int result = own_file_find(symbol, &file);
  if (result != 0) return result;
  *strrchr(file.path, '/') = '\0';
  int length = snprintf(path, size, "%s/hawser/plugins", file.path);
  free(file.path);
  return length > 0 && (size_t)length < size ? 0 : -1;
}
