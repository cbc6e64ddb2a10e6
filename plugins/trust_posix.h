/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose code may run in this process (PLG-4).
 */
#ifndef HAWSER_PLUGINS_TRUST_POSIX_H
#define HAWSER_PLUGINS_TRUST_POSIX_H

#include <stdbool.h>
#include <sys/stat.h>

#include "plugins/registry.h"

/* Who may own it, beside root. */
struct trust_owners {
  uid_t caller;      /* effective */
  uid_t library;     /* where it lies in the library's own tree, the library's owner; else the caller again */
  const char *doubt; /* there, why that owner does not count; NULL: nothing speaks against him */
};

/* Whether nobody but root, the owners and those whom they let in by group can change what facts describe: a folder, or,
 * if folder is NULL, the file at path itself. False: error says what was found. */
bool trust_check(const struct stat *facts, const struct trust_owners *owners, const char *path, const char *folder,
                 struct plugin_error *error);

/* The same for the caller of this moment, and the library's owner where that decides. `place` is the path of what
 * facts describe. */
bool trust_judge(const struct stat *facts, const char *place, const char *path, const char *folder,
                 struct plugin_error *error);

#endif
