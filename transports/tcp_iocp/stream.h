/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected socket, by Winsock's overlapped calls.
 */
#ifndef HAWSER_TCP_IOCP_STREAM_H
#define HAWSER_TCP_IOCP_STREAM_H

#include "transports/tcp_iocp/winsock.h"
/* after winsock2.h */
#include "transports/packet_stream_iocp.h"

static inline SOCKET stream_socket(const struct packet_stream *stream) {
  return (SOCKET)stream->handle; /* INVALID_SOCKET is INVALID_HANDLE_VALUE */
}

void stream_init(struct packet_stream *stream, const struct hws_host *host, SOCKET socket);

/* Take over a stream that has no call out, with its socket. */
void stream_move(struct packet_stream *stream, struct packet_stream *from);

/* Bind the socket to the endpoint's port. 0, or a negative hws_io_status. */
int32_t stream_bind(struct packet_stream *stream, struct hws_host_endpoint *endpoint);

/* Close a socket, if there is one. abort: what was not sent is discarded, and the peer is told of a reset. */
void stream_close(SOCKET socket, bool abort);

/* ---- what calls without a packet share ---- */

enum { STREAM_PIECES = 64 /* of one call */ };

/* The pieces of a call that moves at most so many bytes: at least one, maybe of none. */
DWORD stream_pieces(const struct hws_io *io, WSABUF *pieces, uint64_t most);

/* End an io whose call failed. The first error that ended the connection is kept in *broken, and told from then on. */
int32_t stream_end_failed(atomic_int *broken, struct hws_io *io, int error);

/* HWS_IO_SHUTDOWN, at once. */
int32_t stream_shut_down(SOCKET socket, struct hws_io *io);

#endif
