/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialling: at a pipe of which all instances are taken, until one is free (PIP-4).
 */
#ifndef HAWSER_NPIPE_IOCP_DIAL_H
#define HAWSER_NPIPE_IOCP_DIAL_H

#include "transports/npipe_iocp/busy.h"
#include "transports/npipe_iocp/stream.h"

/* Under the read direction. */
struct npipe_dial {
  struct pipe_stream *stream;
  struct hws_host_endpoint *endpoint;
  struct hws_io *pending; /* all instances were taken */
  struct busy busy;       /* its packet may outlive the io */
  uint64_t pause_ns;      /* between tries, where the system does not tell */
};

void npipe_dial_init(struct npipe_dial *dial, struct hws_host_endpoint *endpoint, struct pipe_stream *stream);

/* As submit and cancel of hws_vtable. Ended with HWS_IO_OK: the stream is connected and bound to the port. */
int32_t npipe_dial_submit(struct npipe_dial *dial, struct hws_io *io);
int32_t npipe_dial_cancel(struct npipe_dial *dial, struct hws_io *io);

/* From on_packet and on_timer. They return the io, if it has ended. */
struct hws_io *npipe_dial_on_packet(struct npipe_dial *dial);
struct hws_io *npipe_dial_on_timer(struct npipe_dial *dial);

/* As retire. After the last packet: close. */
int32_t npipe_dial_retire(struct npipe_dial *dial);
void npipe_dial_close(struct npipe_dial *dial);

#endif
