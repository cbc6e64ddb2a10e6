/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose code may run in this process (PLG-4).
 */
#ifndef HAWSER_PLUGINS_TRUST_POSIX_H
#define HAWSER_PLUGINS_TRUST_POSIX_H

#include <stdbool.h>
#include <sys/stat.h>

#include "plugins/registry.h"

/* Whether nobody but root, the caller (an effective uid) and those whom they let in by group can change what facts
 * describes: a folder, or, if folder is NULL, the file at path itself. False: error says what was found. */
bool trust_check(const struct stat *facts, uid_t caller, const char *path, const char *folder,
                 struct plugin_error *error);

#endif
