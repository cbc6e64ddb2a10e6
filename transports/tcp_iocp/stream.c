/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected socket.
 *
 * A send is cut to SEND_MAX, so that a cancel never waits for more than that. The system does not promise how many
 * bytes of a cancelled send went out, so what is written after one fails: the host cancels a write only when it ends
 * the connection.
 */
#include "transports/tcp_iocp/stream.h"

#include <string.h>

enum { SEND_MAX = 1 << 20, RECV_MAX = 1 << 30, UNREAD_MAX = 64 << 20 };

int32_t stream_end(struct hws_io *io, int32_t status, int error, uint64_t bytes) {
  io->status = status;
  io->os_error = error;
  io->bytes = bytes;
  io->accepted = NULL;
  io->descriptors_done = 0;
  return 1;
}

void stream_init(struct stream *stream, const struct hws_host *host, SOCKET socket) {
  memset(stream, 0, sizeof *stream);
  stream->host = host;
  stream->socket = socket;
}

void stream_move(struct stream *stream, struct stream *from) {
  stream->endpoint = from->endpoint;
  stream->socket = from->socket;
  stream->skips = from->skips;
  from->socket = INVALID_SOCKET;
}

int32_t stream_bind(struct stream *stream, struct hws_host_endpoint *endpoint) {
  int32_t status = stream->host->bind_port(endpoint, (int64_t)stream->socket);
  if (status != HWS_IO_OK) return status;
  stream->endpoint = endpoint;
  stream->skips = winsock_skip_packets(stream->socket);
  return HWS_IO_OK;
}

/* ---- how ios end ------------------------------------------------------------------------------------------------- */

/* The system tells of a reset once only, and what it says after it may look like an end. */
static int latch(atomic_int *broken, int error) {
  int none = 0;
  return atomic_compare_exchange_strong(broken, &none, error) ? error : none;
}

static bool ends_connection(int error) {
  int32_t status = winsock_status(error);
  return status == HWS_IO_RESET || status == HWS_IO_FAILED;
}

uint64_t stream_room(const struct hws_io *io) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < io->vec_count; i++) room += io->vec[i].len;
  return room;
}

int32_t stream_end_failed(atomic_int *broken, struct hws_io *io, int error, uint64_t bytes) {
  if (ends_connection(error)) error = latch(broken, error);
  return stream_end(io, winsock_status(error), error, bytes);
}

/* A call has ended with that many bytes and that error. */
static int32_t end_call(struct stream *stream, struct hws_io *io, bool cancelled, int error, uint64_t bytes) {
  if (io->kind == HWS_IO_WRITE && cancelled && error) {
    (void)latch(&stream->broken, WSAECONNABORTED);
    return stream_end(io, HWS_IO_CANCELED, 0, bytes);
  }
  /* Somebody else may have closed or cancelled; that is no cancel of ours. */
  if (error == WSA_OPERATION_ABORTED && !cancelled) error = WSAECONNABORTED;
  /* Wine tells so of a reset that meets a send which waits. */
  if (!error && io->kind == HWS_IO_WRITE && bytes == 0) error = WSAECONNRESET;
  if (error) return stream_end_failed(&stream->broken, io, error, bytes);
  int broken = atomic_load(&stream->broken);
  bool ended = io->kind == HWS_IO_READ && bytes == 0 && stream_room(io) > 0;
  if (ended && broken) return stream_end(io, winsock_status(broken), broken, 0);
  return stream_end(io, HWS_IO_OK, 0, bytes);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

DWORD stream_pieces(const struct hws_io *io, WSABUF *pieces, uint64_t most) {
  DWORD count = 0;
  pieces[0] = (WSABUF){0, NULL};
  for (uint32_t i = 0; i < io->vec_count && count < STREAM_PIECES && most > 0; i++) {
    uint64_t length = io->vec[i].len < most ? io->vec[i].len : most;
    if (length == 0) continue;
    pieces[count++] = (WSABUF){(ULONG)length, io->vec[i].ptr};
    most -= length;
  }
  return count > 0 ? count : 1;
}

/* What a call that was just made came to. 1: the io has ended; 0: its packet will come. */
static int32_t begun(struct stream *stream, struct stream_half *half, struct hws_io *io, int failed, DWORD bytes) {
  int error = failed ? WSAGetLastError() : 0;
  if (!error && stream->skips) return end_call(stream, io, false, 0, bytes);
  if (error && error != WSA_IO_PENDING) return stream_end_failed(&stream->broken, io, error, 0);
  half->io = io;
  return 0;
}

static int32_t submit_read(struct stream *stream, struct hws_io *io) {
  struct stream_half *half = &stream->halves[HWS_READ];
  WSABUF pieces[STREAM_PIECES];
  DWORD count = stream_pieces(io, pieces, RECV_MAX);
  DWORD bytes = 0;
  DWORD flags = 0;
  half->cancelled = false;
  OVERLAPPED *overlapped = winsock_prepare(&half->packet, stream->endpoint, HWS_READ);
  int failed = WSARecv(stream->socket, pieces, count, &bytes, &flags, overlapped, NULL);
  return begun(stream, half, io, failed, bytes);
}

static int32_t submit_write(struct stream *stream, struct hws_io *io) {
  struct stream_half *half = &stream->halves[HWS_WRITE];
  WSABUF pieces[STREAM_PIECES];
  int broken = atomic_load(&stream->broken);
  if (broken) return stream_end(io, winsock_status(broken), broken, 0);
  if (stream_room(io) == 0) return stream_end(io, HWS_IO_OK, 0, 0); /* the system takes a send at any time */
  DWORD count = stream_pieces(io, pieces, SEND_MAX);
  DWORD bytes = 0;
  half->cancelled = false;
  OVERLAPPED *overlapped = winsock_prepare(&half->packet, stream->endpoint, HWS_WRITE);
  int failed = WSASend(stream->socket, pieces, count, &bytes, 0, overlapped, NULL);
  return begun(stream, half, io, failed, bytes);
}

int32_t stream_shut_down(SOCKET socket, struct hws_io *io) {
  int error = shutdown(socket, SD_SEND) == 0 ? 0 : WSAGetLastError();
  if (error == WSAENOTCONN || error == WSAESHUTDOWN) error = 0; /* it has ended already */
  return stream_end(io, winsock_status(error), error, 0);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int32_t stream_submit(struct stream *stream, struct hws_io *io) {
  if (stream->endpoint) {
    switch (io->kind) {
    case HWS_IO_READ:
      return submit_read(stream, io);
    case HWS_IO_WRITE:
      return submit_write(stream, io);
    case HWS_IO_SHUTDOWN:
      return stream_shut_down(stream->socket, io);
    default:
      break;
    }
  }
  return stream_end(io, HWS_IO_UNSUPPORTED, 0, 0);
}

int32_t stream_cancel(struct stream *stream, struct hws_io *io) {
  for (int direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct stream_half *half = &stream->halves[direction];
    if (half->io != io) continue;
    half->cancelled = true;
    winsock_cancel(stream->socket, &half->packet);
  }
  return 0;
}

void stream_on_packet(struct stream *stream, struct hws_packet *packet, uint64_t bytes, int os_error) {
  struct stream_half *half = &stream->halves[packet->direction];
  struct hws_io *io = half->io;
  int error = winsock_packet_error(stream->socket, packet, os_error);
  if (packet != &half->packet || !io) return;
  half->io = NULL;
  (void)end_call(stream, io, half->cancelled, error, bytes);
  stream->host->complete(stream->endpoint, io);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* A close with received bytes unread would have the system reset the connection, and with it what we sent and the peer
 * has not read yet. */
static void drop_unread(SOCKET socket) {
  char bytes[16384];
  u_long on = 1;
  if (ioctlsocket(socket, (long)FIONBIO, &on) != 0) return;
  for (int dropped = 0, got = 1; got > 0 && dropped < UNREAD_MAX; dropped += got)
    got = recv(socket, bytes, sizeof bytes, 0);
}

void stream_close(SOCKET *socket, bool abort) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (*socket == INVALID_SOCKET) return;
  if (abort)
    (void)setsockopt(*socket, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof at_once);
  else
    (void)shutdown(*socket, SD_SEND);
  if (!abort) drop_unread(*socket);
  (void)closesocket(*socket);
  *socket = INVALID_SOCKET;
}
