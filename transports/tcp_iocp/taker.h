/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting on notification: nothing is posted; when the host tells of readiness the connections that wait are taken
 * one by one, as the application asks for them. The system's own backlog holds the others, which throttles them.
 *
 * Everything here runs under the listener's read direction, or both.
 */
#ifndef HAWSER_TCP_IOCP_TAKER_H
#define HAWSER_TCP_IOCP_TAKER_H

#include "transports/tcp_iocp/winsock.h"

struct taker {
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  SOCKET listener;   /* INVALID_SOCKET: nothing is accepted so */
  uint64_t pause_ns; /* 0: the last call went well */
  bool paused;       /* until the timer fires */
};

/* The listener is the caller's, who closes it after the host has let it go. 0, or a negative hws_io_status. */
int32_t taker_open(struct taker *taker, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                   SOCKET listener);

/* A connected socket, which the caller owns. INVALID_SOCKET: on_ready, the endpoint's timer or a post says when to ask
 * again; or *error, if it will never be otherwise. */
SOCKET taker_take(struct taker *taker, int *error);

/* The timer has fired. */
void taker_on_timer(struct taker *taker);

#endif
