/* SPDX-License-Identifier: Apache-2.0
 *
 * A listener: accept ops in order, one accept of the plugin at a time.
 */
#ifndef HAWSER_CORE_LISTENER_H
#define HAWSER_CORE_LISTENER_H

#include "core/endpoint.h"
#include "core/op.h"
#include "core/runtime.h"
#include "core/scope.h"

struct listener;

/* Submit a listen. Returns what hws_listen does. */
int listener_listen(struct runtime *runtime, const char *url, struct scope *life, const struct request *request,
                    hws_handle *handle);

int listener_accept(struct listener *listener, struct scope *life, const struct request *request, hws_handle *stream);
int listener_watch(struct listener *listener, const struct request *request);

/* The handle is stale already; consumes its pin. */
int listener_close(struct listener *listener, const struct request *request);

/* End it here; consumes the cause. */
void listener_end(struct listener *listener, struct cause *cause);

/* Has it ended, and is there nothing left that a close would wait for? */
bool listener_is_over(struct listener *listener);

int listener_text(struct listener *listener, uint32_t which, char *text, uint32_t size);
void listener_detail(struct listener *listener, struct hws_detail *detail);
uint64_t listener_accepted(const struct listener *listener);

#endif
