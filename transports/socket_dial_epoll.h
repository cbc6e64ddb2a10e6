/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting a non-blocking stream socket: at once, or judged by SO_ERROR once it is writable, or tried again with
 * patience while the far backlog is full. Shared by every transport over stream sockets.
 *
 * The socket is not watched while it backs off: one that is not connecting reports a hang-up all the time.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_DIAL_EPOLL_H
#define HAWSER_TRANSPORTS_SOCKET_DIAL_EPOLL_H

#include <stdbool.h>
#include <sys/socket.h>

#include "transports/socket_stream_epoll.h"

enum socket_dial_state {
  SOCKET_DIAL_IDLE,       /* not begun, or ended */
  SOCKET_DIAL_CONNECTING, /* the system is at it; SO_ERROR will tell */
  SOCKET_DIAL_BACK_OFF    /* the far backlog is full; on_timer tries again */
};

/* How a step of it ended. */
enum socket_dial_step {
  SOCKET_DIAL_PENDING,
  SOCKET_DIAL_CONNECTED, /* and watched */
  SOCKET_DIAL_FAILED     /* `error` says why */
};

struct socket_dial {
  struct socket_stream *stream; /* holds the socket; unwatched when the dial begins */
  struct hws_host_endpoint *endpoint;
  const struct sockaddr *address; /* borrowed until the dial ends */
  socklen_t address_bytes;
  enum socket_dial_state state;
  int32_t status; /* of a dial that failed: hws_io_status */
  int error;      /* and errno */
  uint64_t delay_ns;
};

enum socket_dial_step socket_dial_begin(struct socket_dial *dial, struct socket_stream *stream,
                                        struct hws_host_endpoint *endpoint, const struct sockaddr *address,
                                        socklen_t address_bytes);

/* An on_ready that comes before the dial ended goes here. It may name the write direction alone, while the io of the
 * dial is of the read direction: so it only asks for on_post, which has both. */
void socket_dial_on_ready(struct socket_dial *dial);
enum socket_dial_step socket_dial_on_post(struct socket_dial *dial);
enum socket_dial_step socket_dial_on_timer(struct socket_dial *dial);

/* Forget it; the socket stays with the stream. */
void socket_dial_cancel(struct socket_dial *dial);

#endif
