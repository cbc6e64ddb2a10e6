/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way to say why a plugin was refused: a single line that begins with the file.
 */
#ifndef HAWSER_PLUGINS_REFUSAL_H
#define HAWSER_PLUGINS_REFUSAL_H

#include <stdbool.h>

#include "plugins/registry.h"

/* Sets error to "plugin PATH: " and the formatted reason (path NULL: the reason alone). A long path loses its head and
 * a long reason its tail; what is not printable becomes '?', so that a file's name cannot forge a second line.
 * Always false, to be returned by the check that failed. */
__attribute__((format(HAWSER_PRINTF, 3, 4))) bool refusal_say(struct plugin_error *error, const char *path,
                                                              const char *format, ...);

/* "out of memory" behind the file, which is a shortage. Always false. */
bool refusal_no_memory(struct plugin_error *error, const char *path);

/* Adds to what error says already, as far as there is room. */
__attribute__((format(HAWSER_PRINTF, 2, 3))) void refusal_add(struct plugin_error *error, const char *format, ...);

#endif
