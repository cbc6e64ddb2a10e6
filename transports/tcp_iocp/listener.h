/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening TCP socket.
 */
#ifndef HAWSER_TCP_IOCP_LISTENER_H
#define HAWSER_TCP_IOCP_LISTENER_H

#include "transports/socket_endpoint.h"

/* As the maker of socket_endpoint.h. */
int32_t tcp_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                          struct socket_endpoint **made);

#endif
