/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP connection, dialled or accepted.
 */
#ifndef HAWSER_TCP_IOCP_CONNECTION_H
#define HAWSER_TCP_IOCP_CONNECTION_H

#include "transports/socket_endpoint.h"
#include "transports/tcp_iocp/settings.h"

/* One that an accept made; it owns the socket. NULL: no memory, and the socket is the caller's still. */
struct socket_endpoint *tcp_connection_accepted(const struct hws_host *host, SOCKET socket,
                                                const struct tcp_settings *settings);

/* As the makers of socket_endpoint.h. */
int32_t tcp_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made);
int32_t tcp_connection_adopt(struct socket_endpoint *accepted, struct hws_host_endpoint *endpoint);

#endif
