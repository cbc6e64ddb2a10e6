/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected socket.
 *
 * A send is cut to SEND_MAX, so that a cancel never waits for more than that. The system does not promise how many
 * bytes of a cancelled send went out, of memory or of a file, so what is written after one fails: the host cancels one
 * only when it ends the connection.
 */
#include "transports/tcp_iocp/stream.h"

#include <string.h>

#include "transports/tcp_iocp/transmit.h"

enum { PIECES = 64, SEND_MAX = 1 << 20, RECV_MAX = 1 << 30, UNREAD_MAX = 64 << 20 };

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

int32_t stream_bind(struct stream *stream, struct hws_host_endpoint *endpoint) {
  int32_t status = stream->host->bind_port(endpoint, (int64_t)stream->socket);
  if (status != HWS_IO_OK) return status;
  stream->endpoint = endpoint;
  stream->skips = winsock_skip_packets(stream->socket);
  return HWS_IO_OK;
}

/* ---- how ios end ------------------------------------------------------------------------------------------------- */

/* The system tells of a reset once only, and what it says after it may look like an end. */
static int latch(struct stream *stream, int error) {
  int none = 0;
  return atomic_compare_exchange_strong(&stream->broken, &none, error) ? error : none;
}

static bool ends_connection(int error) {
  int32_t status = winsock_status(error);
  return status == HWS_IO_RESET || status == HWS_IO_FAILED;
}

static uint64_t room_of(const struct hws_io *io) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < io->vec_count; i++) room += io->vec[i].len;
  return room;
}

static int32_t end_failed(struct stream *stream, struct hws_io *io, int error, uint64_t bytes) {
  if (ends_connection(error)) error = latch(stream, error);
  return stream_end(io, winsock_status(error), error, bytes);
}

/* A file's call has moved nothing, and did not fail: the file has lost what it had, or the connection was reset, which
 * Wine does not tell here. Whoever reads the file and writes finds out. */
static int32_t end_file(struct hws_io *io, uint64_t bytes) {
  return stream_end(io, bytes ? HWS_IO_OK : HWS_IO_UNSUPPORTED, 0, bytes);
}

/* A call has ended with that many bytes and that error. */
static int32_t end_call(struct stream *stream, struct hws_io *io, bool cancelled, int error, uint64_t bytes) {
  if (io->kind != HWS_IO_READ && cancelled && error) {
    (void)latch(stream, WSAECONNABORTED);
    return stream_end(io, HWS_IO_CANCELED, 0, bytes);
  }
  /* Somebody else may have closed or cancelled; that is no cancel of ours. */
  if (error == WSA_OPERATION_ABORTED && !cancelled) error = WSAECONNABORTED;
  /* Wine tells so of a reset that meets a send which waits. */
  if (!error && io->kind == HWS_IO_WRITE && bytes == 0) error = WSAECONNRESET;
  if (error) return end_failed(stream, io, error, bytes);
  if (io->kind == HWS_IO_SENDFILE) return end_file(io, bytes);
  int broken = atomic_load(&stream->broken);
  bool ended = io->kind == HWS_IO_READ && bytes == 0 && room_of(io) > 0;
  if (ended && broken) return stream_end(io, winsock_status(broken), broken, 0);
  return stream_end(io, HWS_IO_OK, 0, bytes);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* At least one piece, maybe of no bytes. Returns how many. */
static DWORD fill_pieces(const struct hws_io *io, WSABUF *pieces, uint64_t most) {
  DWORD count = 0;
  pieces[0] = (WSABUF){0, NULL};
  for (uint32_t i = 0; i < io->vec_count && count < PIECES && most > 0; i++) {
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
  if (error && error != WSA_IO_PENDING) return end_failed(stream, io, error, 0);
  half->io = io;
  return 0;
}

static int32_t submit_read(struct stream *stream, struct hws_io *io) {
  struct stream_half *half = &stream->halves[HWS_READ];
  WSABUF pieces[PIECES];
  DWORD count = fill_pieces(io, pieces, RECV_MAX);
  DWORD bytes = 0;
  DWORD flags = 0;
  half->cancelled = false;
  OVERLAPPED *overlapped = winsock_prepare(&half->packet, stream->endpoint, HWS_READ);
  int failed = WSARecv(stream->socket, pieces, count, &bytes, &flags, overlapped, NULL);
  return begun(stream, half, io, failed, bytes);
}

static int32_t submit_write(struct stream *stream, struct hws_io *io) {
  struct stream_half *half = &stream->halves[HWS_WRITE];
  WSABUF pieces[PIECES];
  int broken = atomic_load(&stream->broken);
  if (broken) return stream_end(io, winsock_status(broken), broken, 0);
  if (room_of(io) == 0) return stream_end(io, HWS_IO_OK, 0, 0); /* the system takes a send at any time */
  DWORD count = fill_pieces(io, pieces, SEND_MAX);
  DWORD bytes = 0;
  half->cancelled = false;
  OVERLAPPED *overlapped = winsock_prepare(&half->packet, stream->endpoint, HWS_WRITE);
  int failed = WSASend(stream->socket, pieces, count, &bytes, 0, overlapped, NULL);
  return begun(stream, half, io, failed, bytes);
}

/* A call that has failed before it began leaves the connection whole: the host has other ways to send the file. Later
 * nobody knows how much of it went, and the connection is over. */
static int32_t submit_file(struct stream *stream, struct hws_io *io) {
  struct stream_half *half = &stream->halves[HWS_WRITE];
  int error = 0;
  int broken = atomic_load(&stream->broken);
  if (broken) return stream_end(io, winsock_status(broken), broken, 0);
  int64_t bytes = transmit_bytes(io, &error);
  if (bytes < 0) return stream_end(io, HWS_IO_UNSUPPORTED, error, 0);
  if (bytes == 0) return stream_end(io, HWS_IO_OK, 0, 0); /* to the system it would mean all of the file */
  half->cancelled = false;
  OVERLAPPED *overlapped = winsock_prepare(&half->packet, stream->endpoint, HWS_WRITE);
  error = transmit_begin(stream->socket, io, bytes, overlapped);
  if (error && error != WSA_IO_PENDING) {
    if (transmit_broke(error)) return end_failed(stream, io, error, 0);
    return stream_end(io, HWS_IO_UNSUPPORTED, error, 0);
  }
  if (!error && stream->skips) return end_call(stream, io, false, 0, overlapped->InternalHigh);
  half->io = io;
  return 0;
}

static int32_t submit_shutdown(struct stream *stream, struct hws_io *io) {
  int error = shutdown(stream->socket, SD_SEND) == 0 ? 0 : WSAGetLastError();
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
    case HWS_IO_SENDFILE:
      return submit_file(stream, io);
    case HWS_IO_SHUTDOWN:
      return submit_shutdown(stream, io);
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

void stream_close(struct stream *stream, bool abort) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (stream->socket == INVALID_SOCKET) return;
  if (abort)
    (void)setsockopt(stream->socket, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof at_once);
  else
    (void)shutdown(stream->socket, SD_SEND);
  if (!abort) drop_unread(stream->socket);
  (void)closesocket(stream->socket);
  stream->socket = INVALID_SOCKET;
}
