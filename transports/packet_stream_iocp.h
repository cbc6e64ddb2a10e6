/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected handle, by overlapped calls on the host's port. One call at most is out in each direction,
 * and it is that of the direction's io: an io ends with its call, never before (WIN-4).
 *
 * What the calls are, and what their errors mean, is the transport's.
 */
#ifndef HAWSER_TRANSPORTS_PACKET_STREAM_IOCP_H
#define HAWSER_TRANSPORTS_PACKET_STREAM_IOCP_H

#include <stdatomic.h>

#include "transports/packet_iocp.h"

struct packet_stream;

struct packet_stream_calls {
  /* Call the system for the io. 0: it has ended, with *bytes, and no packet comes of it; ERROR_IO_PENDING: one will; or
   * another error of the system's. */
  int (*read)(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes);
  int (*write)(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes);
  int (*shutdown)(struct packet_stream *stream, OVERLAPPED *overlapped, DWORD *bytes);
  int (*file)(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped,
              DWORD *bytes); /* or NULL */

  /* What an error that a packet brought is called by this kind of handle. */
  int (*error_of)(struct packet_stream *stream, struct hws_packet *packet, int os_error);

  /* The io's call has ended so; the error that counts, and in *bytes how many. May set io->flags_done. */
  int (*judge)(struct packet_stream *stream, struct hws_io *io, int error, uint64_t *bytes);

  /* An error as a hws_io_status. */
  int32_t (*status)(int error);
};

/* Under its direction. */
struct packet_half {
  struct hws_packet packet;
  struct hws_io *io; /* its call is out; NULL: none */
  bool cancelled;
};

struct packet_stream {
  const struct packet_stream_calls *calls;
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint; /* NULL: not bound to a port yet */
  HANDLE handle;                      /* INVALID_HANDLE_VALUE: none */
  bool skips;                         /* calls that end at once send no packet */
  struct packet_half halves[2];       /* by direction */
  atomic_int broken;                  /* the first error that ended the connection; 0: none */
  _Atomic(uint64_t) written;          /* bytes that the system has taken */
};

/* What a call comes to that the system says has ended well. */
static inline int packet_stream_ended(const struct packet_stream *stream) {
  return stream->skips ? 0 : ERROR_IO_PENDING;
}

void packet_stream_init(struct packet_stream *stream, const struct packet_stream_calls *calls,
                        const struct hws_host *host, HANDLE handle);

/* The system tells of the end of a connection once only, and what it says after it may look like an end: the first such
 * error is kept, and counts. Returns it. */
int packet_latch(atomic_int *broken, int error);

/* Does an error that is called so end the connection? */
bool packet_is_fatal(int32_t status);

/* How many bytes the vectors of an io have together. */
uint64_t packet_stream_room(const struct hws_io *io);

/* As the slots of hws_vtable, for reads, writes, shutdowns, and files where there is a call for them. */
int32_t packet_stream_submit(struct packet_stream *stream, struct hws_io *io);
int32_t packet_stream_cancel(struct packet_stream *stream, struct hws_io *io);

/* The packet of a call has come back; completes its io. */
void packet_stream_on_packet(struct packet_stream *stream, struct hws_packet *packet, uint64_t bytes, int os_error);

#endif
