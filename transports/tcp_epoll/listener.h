/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening TCP socket.
 */
#ifndef HAWSER_TCP_EPOLL_LISTENER_H
#define HAWSER_TCP_EPOLL_LISTENER_H

#include "plugins/hawser_plugin.h"

struct socket_endpoint;

/* As the slot listen of hws_vtable. */
int32_t tcp_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                          struct socket_endpoint **made);

#endif
