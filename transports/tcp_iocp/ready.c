/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected socket under the host's watch; socket_side.h says what is known of each side.
 *
 * What a notification of an error or a hang-up means is asked of the socket: by the receive that would have been made
 * anyway, so that what had arrived is served first.
 */
#include "transports/tcp_iocp/ready.h"

#include <string.h>

#include "transports/tcp_iocp/stream.h"

enum { SEND_MAX = 256 << 10, RECV_MAX = 1 << 30 };

void ready_init(struct ready *ready, const struct hws_host *host, SOCKET socket) {
  memset(ready, 0, sizeof *ready);
  ready->host = host;
  ready->socket = socket;
}

int32_t ready_watch(struct ready *ready, struct hws_host_endpoint *endpoint) {
  u_long on = 1;
  if (ioctlsocket(ready->socket, (long)FIONBIO, &on) != 0) return winsock_status(WSAGetLastError());
  int32_t status = ready->host->watch(endpoint, (int64_t)ready->socket);
  if (status == HWS_IO_OK) ready->endpoint = endpoint;
  return status;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* Whether a call would not block; asked only by ios without bytes. A failure to say counts as ready. Wine tells of a
 * reset once, whoever asks: from the receive that follows, it would look like an end. */
static bool is_ready(struct ready *ready, short events) {
  WSAPOLLFD item = {.fd = ready->socket, .events = events};
  int found = WSAPoll(&item, 1, 0);
  if (found > 0 && (item.revents & POLLERR)) atomic_store(&ready->error_told, true);
  return found != 0;
}

/* Of a call that failed. False: it would have blocked. */
static bool end_failed(struct ready *ready, enum hws_direction direction, struct hws_io *io, int error) {
  if (error == WSAEWOULDBLOCK) return socket_side_blocked(&ready->sides[direction]);
  return stream_end_failed(&ready->broken, io, error);
}

static uint64_t bytes_of(const WSABUF *pieces, DWORD count) {
  uint64_t bytes = 0;
  for (DWORD i = 0; i < count; i++) bytes += pieces[i].len;
  return bytes;
}

static bool try_read(struct ready *ready, struct hws_io *io) {
  struct socket_side *side = &ready->sides[HWS_READ];
  WSABUF pieces[STREAM_PIECES];
  DWORD bytes = 0;
  DWORD flags = 0;
  if (packet_stream_room(io) == 0)
    return is_ready(ready, POLLRDNORM) ? packet_end(io, HWS_IO_OK, 0, 0) : socket_side_blocked(side);
  DWORD count = stream_pieces(io, pieces, RECV_MAX);
  if (WSARecv(ready->socket, pieces, count, &bytes, &flags, NULL, NULL) != 0)
    return end_failed(ready, HWS_READ, io, WSAGetLastError());
  if (bytes == 0 && atomic_load(&ready->error_told)) return stream_end_failed(&ready->broken, io, WSAECONNRESET);
  int broken = atomic_load(&ready->broken);
  if (bytes == 0 && broken) return packet_end(io, winsock_status(broken), broken, 0);
  if (bytes > 0 && bytes < bytes_of(pieces, count)) socket_side_short(side);
  return packet_end(io, HWS_IO_OK, 0, bytes);
}

static bool try_write(struct ready *ready, struct hws_io *io) {
  WSABUF pieces[STREAM_PIECES];
  DWORD bytes = 0;
  int broken = atomic_load(&ready->broken);
  if (broken) return packet_end(io, winsock_status(broken), broken, 0);
  if (packet_stream_room(io) == 0)
    return is_ready(ready, POLLWRNORM) ? packet_end(io, HWS_IO_OK, 0, 0)
                                       : socket_side_blocked(&ready->sides[HWS_WRITE]);
  DWORD count = stream_pieces(io, pieces, SEND_MAX);
  if (WSASend(ready->socket, pieces, count, &bytes, 0, NULL, NULL) != 0)
    return end_failed(ready, HWS_WRITE, io, WSAGetLastError());
  atomic_fetch_add_explicit(&ready->written, bytes, memory_order_relaxed);
  return packet_end(io, HWS_IO_OK, 0, bytes);
}

static bool try_io(struct ready *ready, struct hws_io *io) {
  return io->kind == HWS_IO_READ ? try_read(ready, io) : try_write(ready, io);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int32_t ready_submit(struct ready *ready, struct hws_io *io) {
  if (io->kind == HWS_IO_SHUTDOWN) return stream_shut_down(ready->socket, io);
  if (!ready->endpoint || (io->kind != HWS_IO_READ && io->kind != HWS_IO_WRITE))
    return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  enum hws_direction direction = io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE;
  struct socket_side *side = &ready->sides[direction];
  if (side->readiness == SOCKET_TRY && try_io(ready, io)) return 1;
  return socket_side_leave(side, io, ready->host, ready->endpoint, direction);
}

int32_t ready_cancel(struct ready *ready, struct hws_io *io) {
  struct socket_side *side = &ready->sides[io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE];
  return socket_side_take(side, io) ? packet_end(io, HWS_IO_CANCELED, 0, 0) : 0;
}

void ready_on_ready(struct ready *ready, uint32_t told) {
  enum hws_direction direction = (told & 1u) == HWS_READ ? HWS_READ : HWS_WRITE;
  struct socket_side *side = &ready->sides[direction];
  struct hws_io *io = side->pending;
  socket_side_ready(side, ready->host, told);
  if (!io) return;
  if (try_io(ready, io)) {
    side->pending = NULL;
    ready->host->complete(ready->endpoint, io);
  } else {
    ready->host->rearm(ready->endpoint, direction);
  }
}
