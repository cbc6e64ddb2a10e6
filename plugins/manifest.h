/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks that stand between a library that was mapped and a plugin that is used. Pure: they read what they are
 * given and call nothing of the plugin.
 */
#ifndef HAWSER_PLUGINS_MANIFEST_H
#define HAWSER_PLUGINS_MANIFEST_H

#include <stdbool.h>

#include "plugins/registry.h"

enum {
  MANIFEST_SCRATCH_MAX = 4096,
  MANIFEST_SCHEMES_MAX = 8,
  MANIFEST_SCHEME_MAX = 16,
  MANIFEST_NAME_MAX = 32,
  MANIFEST_VERSION_MAX = 32
};

/* Whether the host can work with this manifest; false: error names the field, what it holds and what was wanted. path
 * is for the error only. No field is read that lies outside manifest->size, no string past its bound. */
bool manifest_check(const struct hws_plugin *manifest, const struct hws_host *host, const char *path,
                    struct plugin_error *error);

/* Whether the vtable that open filled has what the manifest promises. Slots outside vtable->size are set to NULL. */
bool manifest_check_vtable(const struct hws_plugin *manifest, const struct hws_host *host, struct hws_vtable *vtable,
                           const char *path, struct plugin_error *error);

bool manifest_serves(const struct hws_plugin *manifest, const char *scheme);

/* [a-z0-9_]{1,32} */
bool manifest_name_valid(const char *name);

/* [a-z][a-z0-9.-]{0,15} */
bool manifest_scheme_valid(const char *scheme);

#endif
