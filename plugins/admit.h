/* SPDX-License-Identifier: Apache-2.0
 *
 * The way of one file into the list of loaded plugins.
 */
#ifndef HAWSER_PLUGINS_ADMIT_H
#define HAWSER_PLUGINS_ADMIT_H

#include "plugins/load.h"
#include "plugins/registry.h"

/* Under the lock. The plugin of the file at an absolute path: the one loaded already, or loaded now. NULL: error says
 * why, and nothing changed. *result tells an absent file from a refused one. */
const struct plugin *admit_path(const struct hws_host *host, const char *path, enum load_result *result,
                                struct plugin_error *error);

#endif
