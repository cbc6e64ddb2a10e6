/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals by the system, some of which pass.
 */
#ifndef HAWSER_PLUGINS_SHORTAGE_POSIX_H
#define HAWSER_PLUGINS_SHORTAGE_POSIX_H

#include "plugins/registry.h"

/* Is it a lack of descriptors or memory, which may pass? */
bool shortage_is(int os_error);

/* refusal_say, with what the system says of os_error behind it. Always false. */
__attribute__((format(HAWSER_PRINTF, 4, 5))) bool shortage_say(struct plugin_error *error, int os_error,
                                                               const char *path, const char *format, ...);

#endif
