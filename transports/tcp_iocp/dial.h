/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialling: the look-up of the name, then its addresses in turn, until one answers.
 */
#ifndef HAWSER_TCP_IOCP_DIAL_H
#define HAWSER_TCP_IOCP_DIAL_H

#include "transports/tcp/look.h"
#include "transports/tcp/sockaddr.h"
#include "transports/tcp_iocp/settings.h"
#include "transports/tcp_iocp/stream.h"

enum tcp_dial_state {
  TCP_DIAL_IDLE,      /* not begun, or ended */
  TCP_DIAL_LOOKING,   /* the host looks the name up */
  TCP_DIAL_CONNECTING /* to places.list[at]: the packet is out */
};

/* Under the read direction. */
struct tcp_dial {
  struct packet_stream stream; /* whose socket is the one that is being connected */
  struct hws_host_endpoint *endpoint;
  struct tcp_address address;
  struct tcp_settings settings;
  struct hws_packet packet;
  struct hws_io *pending;
  enum tcp_dial_state state;
  bool cancelled;
  bool over; /* this attempt has had its time */
  struct places places;
  uint32_t at;
  /* what those that were tried came to */
  int32_t status;
  int error;
  char why[320];
  size_t why_length;
};

/* Parse and check. 0, or a negative hws_io_status with one line in `why`. */
int32_t tcp_dial_init(struct tcp_dial *dial, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                      const char *text, char *why, size_t why_size);

/* As submit and cancel of hws_vtable. Ended with HWS_IO_OK: the stream is connected and bound to the port, and whoever
 * dialled takes it over. */
int32_t tcp_dial_submit(struct tcp_dial *dial, struct hws_io *io);
int32_t tcp_dial_cancel(struct tcp_dial *dial, struct hws_io *io);

/* From on_packet, on_post and on_timer. They return the io, if it has ended. */
struct hws_io *tcp_dial_on_packet(struct tcp_dial *dial, int os_error);
struct hws_io *tcp_dial_on_post(struct tcp_dial *dial);
void tcp_dial_on_timer(struct tcp_dial *dial);

#endif
