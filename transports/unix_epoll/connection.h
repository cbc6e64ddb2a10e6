/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected Unix socket, dialled or accepted.
 */
#ifndef HAWSER_UNIX_EPOLL_CONNECTION_H
#define HAWSER_UNIX_EPOLL_CONNECTION_H

#include "transports/unix_epoll/peer.h"

#include "plugins/hawser_plugin.h"

struct unix_endpoint;

/* Room for a connection that will be accepted; NULL: no memory. */
struct unix_endpoint *unix_connection_blank(const struct hws_host *host);
/* It was accepted: `fd` is its own from now on. */
void unix_connection_fill(struct unix_endpoint *endpoint, int fd, const struct unix_peer *peer);
/* The host adopts it; on failure it is freed. */
int32_t unix_connection_adopt(struct unix_endpoint *endpoint, struct hws_host_endpoint *host_endpoint);

/* As the slots of hws_vtable. */
int32_t unix_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                             struct unix_endpoint **made);
int32_t unix_connection_submit(struct unix_endpoint *endpoint, struct hws_io *io);
int32_t unix_connection_cancel(struct unix_endpoint *endpoint, struct hws_io *io);
void unix_connection_on_ready(struct unix_endpoint *endpoint, uint32_t direction);
void unix_connection_on_timer(struct unix_endpoint *endpoint);
void unix_connection_on_post(struct unix_endpoint *endpoint);
int32_t unix_connection_query(struct unix_endpoint *endpoint, uint32_t what, void *answer, uint32_t size);
void unix_connection_destroy(struct unix_endpoint *endpoint);

#endif
