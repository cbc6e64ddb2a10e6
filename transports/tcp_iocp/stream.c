/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected socket. A send is cut to SEND_MAX, so that a cancel never waits for more than that.
 */
#include "transports/tcp_iocp/stream.h"

#include "transports/tcp_iocp/transmit.h"

enum { SEND_MAX = 1 << 20, RECV_MAX = 1 << 30, UNREAD_MAX = 64 << 20 };

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

static int call_read(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  WSABUF pieces[STREAM_PIECES];
  DWORD count = stream_pieces(io, pieces, RECV_MAX);
  DWORD flags = 0;
  int failed = WSARecv(stream_socket(stream), pieces, count, bytes, &flags, overlapped, NULL);
  return failed ? WSAGetLastError() : packet_stream_ended(stream);
}

static int call_write(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  WSABUF pieces[STREAM_PIECES];
  DWORD count = stream_pieces(io, pieces, SEND_MAX);
  int failed = WSASend(stream_socket(stream), pieces, count, bytes, 0, overlapped, NULL);
  return failed ? WSAGetLastError() : packet_stream_ended(stream);
}

static int shut_down(SOCKET socket) {
  int error = shutdown(socket, SD_SEND) == 0 ? 0 : WSAGetLastError();
  return error == WSAENOTCONN || error == WSAESHUTDOWN ? 0 : error; /* it has ended already */
}

static int call_shutdown(struct packet_stream *stream, OVERLAPPED *overlapped, DWORD *bytes) {
  (void)overlapped, (void)bytes;
  return shut_down(stream_socket(stream));
}

int32_t stream_shut_down(SOCKET socket, struct hws_io *io) {
  int error = shut_down(socket);
  return packet_end(io, winsock_status(error), error, 0);
}

int32_t stream_end_failed(atomic_int *broken, struct hws_io *io, int error) {
  if (packet_is_fatal(winsock_status(error))) error = packet_latch(broken, error);
  return packet_end(io, winsock_status(error), error, 0);
}

static int error_of(struct packet_stream *stream, struct hws_packet *packet, int os_error) {
  return winsock_packet_error(stream_socket(stream), packet, os_error);
}

/* What does not begin leaves the connection whole: the host has other ways to send the file. Later nobody knows how
 * much of it went. */
static int call_file(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  int error = 0;
  int64_t size = transmit_bytes(io, &error);
  if (size < 0) return ERROR_NOT_SUPPORTED;
  if (size == 0) return ERROR_HANDLE_EOF;
  error = transmit_begin(stream_socket(stream), io, size, overlapped);
  if (error && error != WSA_IO_PENDING) return transmit_broke(error) ? error : ERROR_NOT_SUPPORTED;
  if (!error) *bytes = (DWORD)overlapped->InternalHigh;
  return error ? error : packet_stream_ended(stream);
}

/* A file's call has moved nothing, and did not fail: the file has lost what it had, or the connection was reset, which
 * Wine does not tell here. Whoever reads the file and writes finds out. */
static int judge_file(int error, uint64_t bytes) {
  if (error == ERROR_HANDLE_EOF) return 0; /* by call_file: the file has ended */
  return error || bytes ? error : ERROR_NOT_SUPPORTED;
}

/* A write of nothing: so Wine tells of a reset that meets a send which waits. */
static int judge(struct packet_stream *stream, struct hws_io *io, int error, uint64_t *bytes) {
  (void)stream;
  if (io->kind == HWS_IO_SENDFILE) return judge_file(error, *bytes);
  return !error && io->kind == HWS_IO_WRITE && *bytes == 0 ? WSAECONNRESET : error;
}

static const struct packet_stream_calls calls = {.read = call_read,
                                                 .write = call_write,
                                                 .shutdown = call_shutdown,
                                                 .file = call_file,
                                                 .error_of = error_of,
                                                 .judge = judge,
                                                 .status = winsock_status};

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

void stream_init(struct packet_stream *stream, const struct hws_host *host, SOCKET socket) {
  packet_stream_init(stream, &calls, host, (HANDLE)socket);
}

void stream_move(struct packet_stream *stream, struct packet_stream *from) {
  stream->endpoint = from->endpoint;
  stream->handle = from->handle;
  stream->skips = from->skips;
  from->handle = INVALID_HANDLE_VALUE;
}

int32_t stream_bind(struct packet_stream *stream, struct hws_host_endpoint *endpoint) {
  int32_t status = stream->host->bind_port(endpoint, (int64_t)stream_socket(stream));
  if (status != HWS_IO_OK) return status;
  stream->endpoint = endpoint;
  stream->skips = winsock_skip_packets(stream_socket(stream));
  return HWS_IO_OK;
}

/* A close with received bytes unread would have the system reset the connection, and with it what we sent and the peer
 * has not read yet. */
static void drop_unread(SOCKET socket) {
  char bytes[16384];
  u_long on = 1;
  if (ioctlsocket(socket, (long)FIONBIO, &on) != 0) return;
  for (int dropped = 0, got = 1; got > 0 && dropped < UNREAD_MAX; dropped += got)
    got = recv(socket, bytes, sizeof bytes, 0);
}

void stream_close(SOCKET socket, bool abort) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (socket == INVALID_SOCKET) return;
  if (abort)
    (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof at_once);
  else
    (void)shutdown(socket, SD_SEND);
  if (!abort) drop_unread(socket);
  (void)closesocket(socket);
}
