/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected pipe, dialled or accepted.
 */
#ifndef HAWSER_NPIPE_IOCP_CONNECTION_H
#define HAWSER_NPIPE_IOCP_CONNECTION_H

#include "transports/npipe_iocp/name.h"
#include "transports/socket_endpoint.h"

/* One that an accept made; it owns the instance, which is bound to the port. NULL: no memory, and the instance is the
 * caller's still. */
struct socket_endpoint *npipe_connection_accepted(const struct hws_host *host, HANDLE pipe, struct pipe_name *name,
                                                  bool messages);

/* As the makers of socket_endpoint.h. */
int32_t npipe_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                              struct socket_endpoint **made);
int32_t npipe_connection_adopt(struct socket_endpoint *accepted, struct hws_host_endpoint *endpoint);

#endif
