/* SPDX-License-Identifier: Apache-2.0
 *
 * The system's resolver: blocking, and called on the threads of a pool only (lookup.c).
 */
#ifndef HAWSER_CORE_RESOLVE_H
#define HAWSER_CORE_RESOLVE_H

#include <stddef.h>

#include "plugins/hawser_plugin.h"

/* Where that name and service lead stream sockets, in the order in which the system would try them; what occurs twice
 * is told once. Returns how many addresses were stored, at least one; or a negative hws_io_status with one line in
 * `why`. */
int resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room, char *why,
                     size_t why_size);

#endif
