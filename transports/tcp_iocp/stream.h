/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected socket, by overlapped calls on the host's port. One call at most is out in each direction,
 * and it is that of the direction's io: an io ends with its call, never before (WIN-4).
 */
#ifndef HAWSER_TCP_IOCP_STREAM_H
#define HAWSER_TCP_IOCP_STREAM_H

#include <stdatomic.h>

#include "transports/tcp_iocp/winsock.h"

/* Under its direction. */
struct stream_half {
  struct hws_packet packet;
  struct hws_io *io; /* its call is out; NULL: none */
  bool cancelled;
};

struct stream {
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint; /* NULL: not bound to a port yet */
  SOCKET socket;                      /* INVALID_SOCKET: none */
  bool skips;                         /* calls that end at once send no packet */
  struct stream_half halves[2];       /* by direction */
  atomic_int broken;                  /* the first error that ended the connection, as Winsock has it; 0: none */
};

/* The results of an io, filled in whole. Always 1, for submit. */
int32_t stream_end(struct hws_io *io, int32_t status, int error, uint64_t bytes);

/* That of a call that failed. The first error that ended the connection is kept in *broken, and told from then on. */
int32_t stream_end_failed(atomic_int *broken, struct hws_io *io, int error, uint64_t bytes);

enum { STREAM_PIECES = 64 /* of one call */ };

/* The bytes that an io has room for; the pieces of a call that moves at most so many: at least one, maybe of none. */
uint64_t stream_room(const struct hws_io *io);
DWORD stream_pieces(const struct hws_io *io, WSABUF *pieces, uint64_t most);

/* HWS_IO_SHUTDOWN, at once. */
int32_t stream_shut_down(SOCKET socket, struct hws_io *io);

void stream_init(struct stream *stream, const struct hws_host *host, SOCKET socket);

/* Take over a stream that has no call out, with its socket. */
void stream_move(struct stream *stream, struct stream *from);

/* Bind the socket to the endpoint's port. 0, or a negative hws_io_status. */
int32_t stream_bind(struct stream *stream, struct hws_host_endpoint *endpoint);

/* As the slots of hws_vtable, for reads, writes and shutdowns. */
int32_t stream_submit(struct stream *stream, struct hws_io *io);
int32_t stream_cancel(struct stream *stream, struct hws_io *io);

/* The packet of a read or a write has come back; completes its io. */
void stream_on_packet(struct stream *stream, struct hws_packet *packet, uint64_t bytes, int os_error);

/* Close a socket, if there is one. abort: what was not sent is discarded, and the peer is told of a reset. */
void stream_close(SOCKET *socket, bool abort);

#endif
