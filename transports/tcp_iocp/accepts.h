/* SPDX-License-Identifier: Apache-2.0
 *
 * The sockets that a listener has posted: a pool of AcceptEx.
 */
#ifndef HAWSER_TCP_IOCP_ACCEPTS_H
#define HAWSER_TCP_IOCP_ACCEPTS_H

#include "transports/tcp_iocp/winsock.h"
/* after winsock2.h */
#include "transports/packet_pool_iocp.h"

struct accepts {
  struct packet_pool pool;
  SOCKET listener;
  int family;
};

/* The listener is the caller's, and outlives the pool's posts: its close ends what is posted. So many are posted, and
 * so many posted or connected, at most. 0 or HWS_IO_NOMEM. */
int32_t accepts_open(struct accepts *accepts, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                     SOCKET listener, int family, uint32_t posted, uint32_t together);

#endif
