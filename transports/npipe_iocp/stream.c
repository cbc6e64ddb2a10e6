/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected pipe, or its messages.
 *
 * The system writes and reads one piece of memory at a time. So small pieces are gathered into one for a write, and
 * filled from one that was read. Where there is no memory for that, it is the first piece alone.
 *
 * A message is what one call writes. An empty one ends the direction, which is how a pipe of messages is half closed by
 * existing software; so none is sent otherwise.
 */
#include "transports/npipe_iocp/stream.h"

#include <string.h>

enum { PIECE_MAX = PIPE_BUFFER_BYTES, READ_MAX = 1 << 30 };

static struct pipe_stream *stream_of(struct packet_stream *base) {
  return (struct pipe_stream *)base;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static const struct hws_iov *first_piece(const struct hws_io *io) {
  static const struct hws_iov none = {.ptr = NULL, .len = 0};
  for (uint32_t i = 0; i < io->vec_count; i++)
    if (io->vec[i].len > 0) return &io->vec[i];
  return &none;
}

static DWORD least(uint64_t bytes, uint64_t most) {
  return (DWORD)(bytes < most ? bytes : most);
}

/* One that ends at once with more of its message to come sends no packet either; its count stands in the OVERLAPPED. */
static int read_failed(const OVERLAPPED *overlapped, DWORD *bytes) {
  int error = (int)GetLastError();
  if (error == ERROR_MORE_DATA) *bytes = (DWORD)overlapped->InternalHigh;
  return error;
}

/* One piece is enough of a first one that is all there is, or large. */
static bool suffices(const struct hws_iov *first, const struct hws_io *io) {
  return first->len >= PIECE_MAX || first->len == packet_stream_room(io);
}

/* Where a read goes: the first piece, or a buffer for several. */
static struct hws_iov read_into(struct pipe_stream *stream, const struct hws_io *io) {
  const struct hws_iov *first = first_piece(io);
  bool alone = suffices(first, io);
  if (!alone && !stream->scatter) stream->scatter = stream->base.host->alloc(PIECE_MAX);
  stream->scattered = !alone && stream->scatter;
  if (!stream->scattered) return *first;
  return (struct hws_iov){.ptr = stream->scatter, .len = least(packet_stream_room(io), PIECE_MAX)};
}

static void fill_pieces(struct pipe_stream *stream, const struct hws_io *io, uint64_t bytes) {
  const char *from = stream->scatter;
  for (uint32_t i = 0; i < io->vec_count && bytes > 0; i++) {
    uint64_t part = io->vec[i].len < bytes ? io->vec[i].len : bytes;
    if (part > 0) memcpy(io->vec[i].ptr, from, part);
    from += part;
    bytes -= part;
  }
}

static int call_read(struct packet_stream *base, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  if (stream_of(base)->ended) return 0;
  struct hws_iov piece = read_into(stream_of(base), io);
  if (ReadFile(base->handle, piece.ptr, least(piece.len, READ_MAX), bytes, overlapped))
    return packet_stream_ended(base);
  return read_failed(overlapped, bytes);
}

/* What is written in one call: the first piece, or several that were gathered. */
static struct hws_iov gathered(struct pipe_stream *stream, const struct hws_io *io) {
  const struct hws_iov *first = first_piece(io);
  bool alone = suffices(first, io);
  if (!alone && !stream->gather) stream->gather = stream->base.host->alloc(PIECE_MAX);
  if (alone || !stream->gather) return *first;
  struct hws_iov all = {.ptr = stream->gather, .len = 0};
  for (uint32_t i = 0; i < io->vec_count && all.len < PIECE_MAX; i++) {
    size_t part = least(io->vec[i].len, PIECE_MAX - all.len);
    if (part > 0) memcpy(stream->gather + all.len, io->vec[i].ptr, part);
    all.len += part;
  }
  return all;
}

static int write_now(const struct packet_stream *base, const void *bytes, DWORD length, OVERLAPPED *overlapped,
                     DWORD *done) {
  return WriteFile(base->handle, bytes, length, done, overlapped) ? packet_stream_ended(base) : (int)GetLastError();
}

/* 0, or as an error of the system. */
static int keep_part(struct pipe_stream *stream, const struct hws_io *io) {
  int32_t status = message_append(&stream->message, stream->base.host, io);
  if (status == HWS_IO_OK) return 0;
  return status == HWS_IO_LIMIT ? ERROR_FILE_TOO_LARGE : ERROR_NOT_ENOUGH_MEMORY;
}

/* All of the io and what was kept of its message before, in one call. */
static int write_message(struct pipe_stream *stream, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  uint64_t room = packet_stream_room(io);
  bool more = io->flags & HWS_IO_MORE;
  if (!more && stream->message.length == 0) {
    if (room == 0) return 0; /* an empty message is an end */
    struct hws_iov piece = gathered(stream, io);
    if (piece.len == room && room <= MESSAGE_MAX)
      return write_now(&stream->base, piece.ptr, (DWORD)room, overlapped, bytes);
  }
  int error = keep_part(stream, io);
  *bytes = error ? 0 : (DWORD)room;
  if (error || more) return error;
  stream->whole = true;
  return write_now(&stream->base, stream->message.bytes, (DWORD)stream->message.length, overlapped, bytes);
}

static int call_write(struct packet_stream *base, const struct hws_io *io, OVERLAPPED *overlapped, DWORD *bytes) {
  struct pipe_stream *stream = stream_of(base);
  if (stream->shut) return ERROR_NO_DATA;
  if (stream->messages) return write_message(stream, io, overlapped, bytes);
  struct hws_iov piece = gathered(stream, io);
  return write_now(base, piece.ptr, least(piece.len, PIECE_MAX), overlapped, bytes);
}

/* A part of a message that never became whole is dropped: nobody shall take it for one. */
static int call_shutdown(struct packet_stream *base, OVERLAPPED *overlapped, DWORD *bytes) {
  struct pipe_stream *stream = stream_of(base);
  if (!stream->messages) return ERROR_NOT_SUPPORTED;
  if (stream->shut) return 0;
  stream->shut = true;
  message_drop(&stream->message, base->host);
  return write_now(base, "", 0, overlapped, bytes);
}

static int error_of(struct packet_stream *base, struct hws_packet *packet, int os_error) {
  (void)base, (void)packet;
  return os_error;
}

/* A read that got nothing: an empty message. One without room that had to wait may say so of any message. */
static bool met_end(const struct pipe_stream *stream, const struct hws_io *io) {
  if (packet_stream_room(io) > 0) return true;
  return stream->messages && !pipe_has_bytes(stream->base.handle);
}

static int judge_read(struct pipe_stream *stream, struct hws_io *io, int error, uint64_t *bytes) {
  if (stream->scattered) fill_pieces(stream, io, *bytes);
  stream->scattered = false;
  if (error == ERROR_MORE_DATA) return 0;
  if (error == ERROR_BROKEN_PIPE || (!error && *bytes == 0 && met_end(stream, io))) {
    stream->ended = true;
    *bytes = 0;
    return 0;
  }
  if (!error && *bytes > 0 && stream->messages) io->flags_done = HWS_IO_EOM;
  return error;
}

static int judge_write(struct pipe_stream *stream, const struct hws_io *io, int error, uint64_t *bytes) {
  uint64_t room = packet_stream_room(io);
  if (stream->whole) {
    stream->whole = false;
    stream->message.length = 0;
    *bytes = error ? 0 : room;
  }
  return !error && *bytes == 0 && room > 0 ? ERROR_BROKEN_PIPE : error;
}

static int judge(struct packet_stream *base, struct hws_io *io, int error, uint64_t *bytes) {
  if (io->kind == HWS_IO_READ) return judge_read(stream_of(base), io, error, bytes);
  if (io->kind == HWS_IO_WRITE) return judge_write(stream_of(base), io, error, bytes);
  return error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE ? 0 : error; /* a shutdown; the peer has gone */
}

static const struct packet_stream_calls calls = {.read = call_read,
                                                 .write = call_write,
                                                 .shutdown = call_shutdown,
                                                 .error_of = error_of,
                                                 .judge = judge,
                                                 .status = pipe_status};

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

void pipe_stream_init(struct pipe_stream *stream, const struct hws_host *host, struct pipe_name *name, bool messages) {
  packet_stream_init(&stream->base, &calls, host, INVALID_HANDLE_VALUE);
  stream->name = name;
  stream->messages = messages;
}

void pipe_stream_begin(struct pipe_stream *stream, struct hws_host_endpoint *endpoint) {
  stream->base.endpoint = endpoint;
  stream->base.skips = true;
}

int32_t pipe_stream_bind(struct pipe_stream *stream, struct hws_host_endpoint *endpoint) {
  int32_t status = stream->base.host->bind_port(endpoint, (int64_t)(intptr_t)stream->base.handle);
  if (status == HWS_IO_OK && !packet_skip(stream->base.handle)) status = HWS_IO_FAILED;
  if (status == HWS_IO_OK) pipe_stream_begin(stream, endpoint);
  return status;
}

/* A client's end cannot take back what it wrote: the server reads it before it hears of the end. */
void pipe_stream_close(struct pipe_stream *stream, bool abort) {
  const struct hws_host *host = stream->base.host;
  HANDLE pipe = stream->base.handle;
  bool open = pipe != INVALID_HANDLE_VALUE;
  if (open && abort && stream->server) (void)DisconnectNamedPipe(pipe);
  if (open && stream->server) pipe_name_close(stream->name, pipe);
  if (open && !stream->server) (void)CloseHandle(pipe);
  stream->base.handle = INVALID_HANDLE_VALUE;
  host->release(stream->scatter);
  host->release(stream->gather);
  stream->scatter = stream->gather = NULL;
  message_drop(&stream->message, host);
  pipe_name_unref(stream->name, host);
  stream->name = NULL;
}
