/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest of a plugin's file.
 */
#ifndef HAWSER_CHECK_PLUGIN_FILE_H
#define HAWSER_CHECK_PLUGIN_FILE_H

#include "plugins/hawser_plugin.h"

/* Opens the file for good; fails the case if that cannot be done. */
const struct hws_plugin *check_plugin_open(const char *path);

#endif
