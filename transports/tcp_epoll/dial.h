/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialling: the look-up of the name, then its addresses in turn, until one answers.
 */
#ifndef HAWSER_TCP_EPOLL_DIAL_H
#define HAWSER_TCP_EPOLL_DIAL_H

#include "transports/socket_dial_epoll.h"
#include "transports/tcp/look.h"
#include "transports/tcp/sockaddr.h"
#include "transports/tcp_epoll/settings.h"

enum tcp_dial_state {
  TCP_DIAL_IDLE,      /* not begun, or ended */
  TCP_DIAL_LOOKING,   /* the host looks the name up */
  TCP_DIAL_CONNECTING /* to places.list[at] */
};

struct tcp_dial {
  struct socket_stream *stream; /* whose socket is the one that is being connected */
  struct hws_host_endpoint *endpoint;
  struct tcp_address address;
  struct tcp_settings settings;
  struct hws_io *pending;
  enum tcp_dial_state state;
  struct socket_dial step;
  struct places places;
  struct sockaddr_of to; /* places.list[at], for the step */
  uint32_t at;
  uint64_t attempt_until; /* when the next one gets its turn; 0: none is left */
  /* what those that were tried came to */
  int32_t status;
  int error;
  char why[320];
  size_t why_length;
};

/* Parse and check. 0, or a negative hws_io_status with one line in `why`. */
int32_t tcp_dial_init(struct tcp_dial *dial, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                      const char *text, struct socket_stream *stream, char *why, size_t why_size);

/* As submit and cancel of hws_vtable. Ended with HWS_IO_OK: the stream is connected and watched. */
int32_t tcp_dial_submit(struct tcp_dial *dial, struct hws_io *io);
int32_t tcp_dial_cancel(struct tcp_dial *dial, struct hws_io *io);

/* From on_ready, on_post and on_timer. The latter two return the io, if it has ended. */
void tcp_dial_on_ready(struct tcp_dial *dial);
struct hws_io *tcp_dial_on_post(struct tcp_dial *dial);
struct hws_io *tcp_dial_on_timer(struct tcp_dial *dial);

#endif
