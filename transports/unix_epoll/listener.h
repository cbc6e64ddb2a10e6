/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening Unix socket: its settings, its claim on the address, and whom it lets in.
 */
#ifndef HAWSER_UNIX_EPOLL_LISTENER_H
#define HAWSER_UNIX_EPOLL_LISTENER_H

#include "plugins/hawser_plugin.h"

struct unix_endpoint;

/* As the slots of hws_vtable. */
int32_t unix_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                           struct unix_endpoint **made);
int32_t unix_listener_submit(struct unix_endpoint *endpoint, struct hws_io *io);
int32_t unix_listener_cancel(struct unix_endpoint *endpoint, struct hws_io *io);
void unix_listener_on_ready(struct unix_endpoint *endpoint, uint32_t direction);
void unix_listener_on_timer(struct unix_endpoint *endpoint);
void unix_listener_on_post(struct unix_endpoint *endpoint);
int32_t unix_listener_query(struct unix_endpoint *endpoint, uint32_t what, void *answer, uint32_t size);
void unix_listener_destroy(struct unix_endpoint *endpoint);

#endif
