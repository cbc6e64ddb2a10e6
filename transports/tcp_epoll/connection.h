/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP connection, dialled or accepted.
 */
#ifndef HAWSER_TCP_EPOLL_CONNECTION_H
#define HAWSER_TCP_EPOLL_CONNECTION_H

#include "plugins/hawser_plugin.h"

struct socket_endpoint;

/* Room for a connection that will be accepted; NULL: no memory. */
struct socket_endpoint *tcp_connection_blank(const struct hws_host *host);
/* It was accepted: `fd` is its own from now on. */
void tcp_connection_fill(struct socket_endpoint *endpoint, int fd);
/* The host adopts it; on failure it is destroyed. */
int32_t tcp_connection_adopt(struct socket_endpoint *endpoint, struct hws_host_endpoint *host_endpoint);

/* One that will be dialled, as the slot of hws_vtable. */
int32_t tcp_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made);

#endif
