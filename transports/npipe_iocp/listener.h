/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening pipe: its instances, and what is accepted of them.
 */
#ifndef HAWSER_NPIPE_IOCP_LISTENER_H
#define HAWSER_NPIPE_IOCP_LISTENER_H

#include "transports/socket_endpoint.h"

/* As the makers of socket_endpoint.h. */
int32_t npipe_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made);

#endif
