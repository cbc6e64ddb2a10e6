/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose code may run in this process (PLG-4), as far as a security descriptor tells.
 */
#ifndef HAWSER_PLUGINS_TRUST_WIN32_H
#define HAWSER_PLUGINS_TRUST_WIN32_H

#include <stdbool.h>
#include <windows.h>

#include "plugins/registry.h"

/* Whether the owner is the caller, the administrators, the system or `library` (NULL: nobody), and no group that anyone
 * belongs to (Everyone, Users, Guests, ...) is allowed to change what the descriptor protects: a folder, or, if folder
 * is NULL, the file at path itself. Denials are not counted in anybody's favour. False: error says what was found. */
bool trust_check_descriptor(PSECURITY_DESCRIPTOR descriptor, PSID caller, PSID library, const char *path,
                            const char *folder, struct plugin_error *error);

/* The same for an open file or folder, the user whom this thread acts for, and, where it lies beside this library or
 * below that, the owner of the library's file: that one runs code here already. */
bool trust_check_handle(HANDLE handle, const char *path, const char *folder, struct plugin_error *error);

#endif
