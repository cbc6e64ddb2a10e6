/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected handle.
 *
 * The system does not promise how many bytes of a cancelled write went out, so what is written after one fails: the
 * host cancels a write only when it ends the connection.
 */
#include "transports/packet_stream_iocp.h"

#include <string.h>

void packet_stream_init(struct packet_stream *stream, const struct packet_stream_calls *calls,
                        const struct hws_host *host, HANDLE handle) {
  memset(stream, 0, sizeof *stream);
  stream->calls = calls;
  stream->host = host;
  stream->handle = handle;
}

uint64_t packet_stream_room(const struct hws_io *io) {
  uint64_t room = 0;
  for (uint32_t i = 0; i < io->vec_count; i++) room += io->vec[i].len;
  return room;
}

/* ---- how ios end ------------------------------------------------------------------------------------------------- */

int packet_latch(atomic_int *broken, int error) {
  int none = 0;
  return atomic_compare_exchange_strong(broken, &none, error) ? error : none;
}

bool packet_is_fatal(int32_t status) {
  return status == HWS_IO_RESET || status == HWS_IO_FAILED;
}

static int32_t end_broken(struct packet_stream *stream, struct hws_io *io, int broken) {
  return packet_end(io, stream->calls->status(broken), broken, 0);
}

static int32_t end_failed(struct packet_stream *stream, struct hws_io *io, int error, uint64_t bytes) {
  if (packet_is_fatal(stream->calls->status(error))) error = packet_latch(&stream->broken, error);
  return packet_end(io, stream->calls->status(error), error, bytes);
}

/* A call has ended with that many bytes and that error. */
static int32_t end_call(struct packet_stream *stream, struct hws_io *io, bool cancelled, int error, uint64_t bytes) {
  bool writes = io->kind != HWS_IO_READ;
  error = stream->calls->judge(stream, io, error, &bytes);
  if (writes) atomic_fetch_add_explicit(&stream->written, bytes, memory_order_relaxed);
  if (writes && cancelled && error) {
    (void)packet_latch(&stream->broken, ERROR_CONNECTION_ABORTED);
    return packet_end(io, HWS_IO_CANCELED, 0, bytes);
  }
  /* Somebody else may have closed or cancelled; that is no cancel of ours. */
  if (error == ERROR_OPERATION_ABORTED && !cancelled) error = ERROR_CONNECTION_ABORTED;
  if (error) return end_failed(stream, io, error, bytes);
  int broken = atomic_load(&stream->broken);
  bool ended = !writes && bytes == 0 && packet_stream_room(io) > 0;
  if (ended && broken) return end_broken(stream, io, broken);
  return packet_end(io, HWS_IO_OK, 0, bytes);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int call(struct packet_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  if (io->kind == HWS_IO_READ) return stream->calls->read(stream, io, overlapped, bytes);
  if (io->kind == HWS_IO_WRITE) return stream->calls->write(stream, io, overlapped, bytes);
  if (io->kind == HWS_IO_SENDFILE) return stream->calls->file(stream, io, overlapped, bytes);
  return stream->calls->shutdown(stream, overlapped, bytes);
}

static bool is_ready(const struct hws_io *io) {
  /* The system takes a write at any time. */
  return io->kind == HWS_IO_WRITE && packet_stream_room(io) == 0 && !(io->flags & HWS_IO_EOM);
}

static bool is_known(const struct packet_stream *stream, const struct hws_io *io) {
  if (io->kind == HWS_IO_SENDFILE) return stream->calls->file != NULL;
  return io->kind == HWS_IO_READ || io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN;
}

int32_t packet_stream_submit(struct packet_stream *stream, struct hws_io *io) {
  if (!stream->endpoint || !is_known(stream, io)) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  enum hws_direction direction = io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE;
  struct packet_half *half = &stream->halves[direction];
  bool writes = io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SENDFILE;
  int broken = writes ? atomic_load(&stream->broken) : 0;
  if (broken) return end_broken(stream, io, broken);
  if (is_ready(io)) return packet_end(io, HWS_IO_OK, 0, 0);
  DWORD bytes = 0;
  half->cancelled = false;
  int error = call(stream, io, packet_prepare(&half->packet, stream->endpoint, direction), &bytes);
  if (error != ERROR_IO_PENDING) return end_call(stream, io, false, error, bytes);
  half->io = io;
  return 0;
}

int32_t packet_stream_cancel(struct packet_stream *stream, struct hws_io *io) {
  for (int direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct packet_half *half = &stream->halves[direction];
    if (half->io != io) continue;
    half->cancelled = true;
    packet_cancel(stream->handle, &half->packet);
  }
  return 0;
}

void packet_stream_on_packet(struct packet_stream *stream, struct hws_packet *packet, uint64_t bytes, int os_error) {
  struct packet_half *half = &stream->halves[packet->direction];
  struct hws_io *io = half->io;
  int error = stream->calls->error_of(stream, packet, os_error);
  if (packet != &half->packet || !io) return;
  half->io = NULL;
  (void)end_call(stream, io, half->cancelled, error, bytes);
  stream->host->complete(stream->endpoint, io);
}
