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

/* Bind the socket to the endpoint's port. 0, or a negative hws_io_status. */
int32_t stream_bind(struct packet_stream *stream, struct hws_host_endpoint *endpoint);

/* Close the socket, if there is one. abort: what was not sent is discarded, and the peer is told of a reset. */
void stream_close(struct packet_stream *stream, bool abort);

#endif
