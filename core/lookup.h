/* SPDX-License-Identifier: Apache-2.0
 *
 * A name being looked up for an endpoint.
 *
 * The system's resolver cannot be interrupted. So what it works on belongs to nobody: an endpoint that gives up is
 * forgotten by its look-up at once, and the answer, should it ever come, frees itself.
 */
#ifndef HAWSER_CORE_LOOKUP_H
#define HAWSER_CORE_LOOKUP_H

#include <stdint.h>

#include "plugins/hawser_plugin.h"

struct pool;
struct lookup;

/* Begin one. `told` is called with the endpoint once the answer is there, from another thread, unless lookup_forget
 * came first; it may not forget the look-up itself. HWS_IO_OK, HWS_IO_NOMEM, HWS_IO_LIMIT. */
int lookup_begin(struct pool *pool, const char *name, const char *service, void (*told)(struct hws_host_endpoint *),
                 struct hws_host_endpoint *endpoint, struct lookup **lookup);

/* 0: no answer yet. Else as resolve_blocking, with the line that says why. */
int lookup_answer(struct lookup *lookup, struct hws_address *addresses, uint32_t room, char *why, uint32_t why_size);

/* Give it up, or its answer back. When this returns, `told` does not run and will not. NULL is fine. */
void lookup_forget(struct lookup *lookup);

#endif
