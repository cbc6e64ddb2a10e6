/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a raw connection.
 *
 * Where the plugin can revoke, it is given the memory of the send itself, and a cancel takes that back with an exact
 * count. Everywhere else it is given a chunk of the library's into which the send was copied, piece by piece. Such a
 * copy cannot be taken back: a cancel ends the send at once with all that was copied as its count, and the rest of the
 * copy goes out before anything else does. The same holds for a file that such a plugin sends by itself: a part of it
 * stands for the copy, from the moment on at which the plugin has begun with it.
 */
#include "core/conn.h"

#include <string.h>

enum { COPY_MAX = 64 * 1024, FILE_MAX = 256 * 1024 }; /* at once: what a cancel cannot take back */

uint32_t conn_map_vec(const struct op *op, struct hws_iov *iov) {
  uint32_t count = 0;
  uint64_t offset = op->vec_offset;
  for (uint32_t i = op->vec_at; i < op->vec_count && count < CONN_PIECES; i++, offset = 0) {
    if (op->vec[i].len == offset) continue;
    iov[count++] = (struct hws_iov){.ptr = (uint8_t *)op->vec[i].ptr + offset, .len = op->vec[i].len - offset};
  }
  return count;
}

/* Move the cursor; copy what it passes, if there is somewhere to. */
static void pass(struct op *op, uint64_t bytes, uint8_t *to) {
  while (bytes) {
    uint64_t left = op->vec[op->vec_at].len - op->vec_offset;
    uint64_t part = bytes < left ? bytes : left;
    if (to && part) memcpy(to, (const uint8_t *)op->vec[op->vec_at].ptr + op->vec_offset, part);
    if (to) to += part;
    bytes -= part;
    op->vec_offset += part;
    if (part < left) break;
    op->vec_at++;
    op->vec_offset = 0;
  }
}

uint64_t conn_unwritten(const struct conn *conn) {
  return conn->stream.out < OUT_SHUT ? conn->copy_end - conn->copy_at : 0;
}

uint64_t conn_owed(const struct conn *conn) {
  return conn->copy_counted ? conn->copy_end - conn->copy_at : 0;
}

void conn_lose_copy(struct conn *conn) {
  uint64_t lost = conn_owed(conn);
  conn->copy_counted = false;
  conn->stream.lost += lost;
  if (lost) conn->broken = true;
}

void conn_drop_copy(struct conn *conn) {
  conn_lose_copy(conn);
  if (conn->copy) buffer_unref(conn->copy);
  source_unref(conn->copy_source);
  conn->copy = NULL;
  conn->copy_source = NULL;
  conn->copier = NULL;
  conn->copy_at = conn->copy_end = 0;
}

/* ---- claiming ---- */

static bool is_direct_file(const struct op *op) {
  return op->source && source_is_direct(op);
}

/* A file whose bytes have still to come: its source kicks us. */
static bool lacks_bytes(const struct op *op) {
  return op->source && !source_is_ready(op);
}

/* The first part of what the op has left, which stays in its file. */
static bool fill_file(struct conn *conn, struct op *op) {
  conn->copy_file = source_rest(op);
  conn->copy_source = source_ref(op->source);
  conn->copier = op;
  conn->copy_at = 0;
  conn->copy_end = conn->copy_file.length > FILE_MAX ? FILE_MAX : (uint32_t)conn->copy_file.length;
  return true;
}

/* The first piece of what the op has left. Lock held. */
static bool fill_copy(struct conn *conn, struct op *op, struct op_list *ended) {
  if (is_direct_file(op)) return fill_file(conn, op);
  uint64_t left = op_ready(op) - op->event.bytes;
  if (left && !conn->copy) conn->copy = buffer_chunk(conn->stream.object.runtime);
  if (left && !conn->copy) {
    op_list_remove(&conn->stream.sends, op);
    op_end(op, HWS_E_NOMEM, ended);
    return false;
  }
  conn->copier = op;
  conn->copy_at = 0;
  conn->copy_end = left > COPY_MAX ? COPY_MAX : (uint32_t)left;
  conn->copy_more = op->more || op->event.bytes + conn->copy_end < op->total;
  pass(op, conn->copy_end, left ? conn->copy->data : NULL);
  return true;
}

/* Of what is about to be written; `more`: its last byte, if it has any, does not end a message. */
static void flag_messages(const struct conn *conn, struct hws_io *io, const struct op *op, bool more) {
  if (!conn->messages) return;
  if (io->vec_count)
    io->flags = more ? HWS_IO_MORE : 0;
  else
    io->flags = op && op->eom ? HWS_IO_EOM : 0;
}

static void prepare_copy(struct conn *conn) {
  uint32_t left = conn->copy_end - conn->copy_at;
  struct transfer *transfer = &conn->top->transfers[HWS_WRITE];
  conn->writing = true;
  if (conn->copy_source) {
    const struct file_part *file = &conn->copy_file;
    struct file_part part = {.file = file->file, .offset = file->offset + conn->copy_at, .length = left};
    transfer_prepare_file(transfer, &part);
    return;
  }
  if (left) conn->write_iov[0] = (struct hws_iov){.ptr = conn->copy->data + conn->copy_at, .len = left};
  transfer_prepare(transfer, HWS_IO_WRITE, conn->write_iov, left ? 1 : 0);
  flag_messages(conn, &transfer->io, conn->copier, conn->copy_more);
}

static bool is_to_copy(const struct conn *conn, const struct op *op) {
  return op_is_send(op) && !conn_may_revoke(conn) && !lacks_bytes(op);
}

static bool is_rest(const struct op *op, const struct hws_io *io) {
  uint64_t bytes = op->event.bytes;
  for (uint32_t i = 0; i < io->vec_count; i++) bytes += io->vec[i].len;
  return bytes == op->total;
}

static void prepare_direct(struct transfer *transfer, struct conn *conn, const struct op *op) {
  if (op->event.kind == HWS_KIND_SHUTDOWN) {
    transfer_prepare(transfer, HWS_IO_SHUTDOWN, NULL, 0);
  } else if (is_direct_file(op)) {
    struct file_part rest = source_rest(op);
    transfer_prepare_file(transfer, &rest);
  } else {
    transfer_prepare(transfer, HWS_IO_WRITE, conn->write_iov, conn_map_vec(op, conn->write_iov));
    flag_messages(conn, &transfer->io, op, conn->messages && (op->more || !is_rest(op, &transfer->io)));
  }
}

bool conn_claim_write(struct conn *conn, struct op_list *ended) {
  struct op *op = conn->stream.sends.first;
  if (!op && conn->copy_at >= conn->copy_end && !conn->stream.closing) return false; /* mostly */
  if (conn->writing || conn->stream.out >= OUT_SHUT || !conn->stream.ready || conn->leave == LEAVE_DONE) return false;
  if (conn->copy_at < conn->copy_end) {
    prepare_copy(conn);
    return true;
  }
  for (; op && is_to_copy(conn, op); op = conn->stream.sends.first) {
    if (!fill_copy(conn, op, ended)) continue; /* the next may need no memory */
    prepare_copy(conn);
    return true;
  }
  if (!op && conn_wants_end(conn)) {
    conn->writing = true;
    transfer_prepare(&conn->top->transfers[HWS_WRITE], HWS_IO_SHUTDOWN, NULL, 0);
    return true;
  }
  if (!op || lacks_bytes(op)) return false;
  conn->writing = true;
  conn->writer = op;
  prepare_direct(&conn->top->transfers[HWS_WRITE], conn, op);
  return true;
}

/* ---- results ---- */

static void writer_ended(struct conn *conn, struct op *op, int status, struct op_list *ended) {
  op_list_remove(&conn->stream.sends, op);
  if (status == HWS_OK && op->event.kind == HWS_KIND_SHUTDOWN) stream_shut(&conn->stream, ended);
  op_end(op, status, ended);
}

/* As it was asked to. */
static void writer_ended_early(struct conn *conn, struct op *op, struct op_list *ended) {
  op_list_remove(&conn->stream.sends, op);
  op_end_early(op, op->cancel, ended);
}

/* MUX-19: what can still be read is. */
static void write_failed(struct conn *conn, struct op_list *ended) {
  struct cause *cause = endpoint_cause(conn->top, &conn->top->transfers[HWS_WRITE], "write");
  stream_end_out(&conn->stream, cause, ended);
  cause_unref(cause);
}

static bool has_failed(int32_t status) {
  return status != HWS_IO_OK && status != HWS_IO_CANCELED;
}

/* What came of a part of a file: whether the transport can have no more of it, though the connection is whole. */
static bool file_is_over(const struct hws_io *io) {
  return io->kind == HWS_IO_SENDFILE && (io->status == HWS_IO_UNSUPPORTED || (io->status == HWS_IO_OK && !io->bytes));
}

/* Then the op goes on in another way, or ends with what it had. */
static void give_file_up(struct op *op, const struct hws_io *io) {
  if (io->status == HWS_IO_UNSUPPORTED)
    source_indirect(op);
  else
    source_short(op);
}

/* It was said that these bytes were sent, and they are not to be had any more. */
static void break_promise(struct conn *conn, struct op_list *ended) {
  struct cause *cause = cause_make(HWS_E_IO, 0, 0, "the file of a send that was cancelled ended before its time");
  stream_end_out(&conn->stream, cause, ended);
  cause_unref(cause);
}

static void copy_result(struct conn *conn, const struct hws_io *io, struct op_list *ended) {
  struct op *op = conn->copier;
  bool over = file_is_over(io);
  bool failed = !over && has_failed(io->status);
  conn->copy_at += (uint32_t)io->bytes;
  if (op) op->event.bytes += io->bytes;
  if (op && over) give_file_up(op, io);
  if (op && op->source) source_written(op);
  bool done = op && io->status == HWS_IO_OK && op->event.bytes == op->total;
  bool taken_back = op && op->cancel;
  if (conn->copy_at == conn->copy_end || failed || over || taken_back || conn->stream.out >= OUT_SHUT)
    conn_drop_copy(conn);
  if (op && !op->listed)
    conn_end_orphan(conn, op, ended);
  else if (failed)
    write_failed(conn, ended);
  else if (over && !op)
    break_promise(conn, ended);
  else if (done)
    writer_ended(conn, op, op->outcome, ended);
  else if (taken_back)
    writer_ended_early(conn, op, ended);
}

/* Bytes of the op were taken; its status, of which a file that the transport cannot send is no failure. */
static int32_t took(struct op *op, const struct hws_io *io) {
  if (op_is_send(op)) op->event.bytes += io->bytes;
  if (file_is_over(io)) {
    give_file_up(op, io);
    return HWS_IO_OK;
  }
  if (io->kind == HWS_IO_SENDFILE) return io->status;
  if (op_is_send(op)) pass(op, io->bytes, NULL);
  if (op->source) source_written(op);
  return io->status;
}

/* A transport without half-close: the direction stays as it was. */
static bool is_refused_end(const struct op *op, const struct hws_io *io) {
  return op->event.kind == HWS_KIND_SHUTDOWN && io->status == HWS_IO_UNSUPPORTED;
}

static void refuse_end(struct conn *conn, struct op *op, struct op_list *ended) {
  if (conn->stream.out == OUT_ENDING && !conn->stream.closing) conn->stream.out = OUT_OPEN;
  writer_ended(conn, op, HWS_E_UNSUPPORTED, ended);
}

static void direct_result(struct conn *conn, struct op *op, const struct hws_io *io, struct op_list *ended) {
  int32_t status = took(op, io);
  bool done = status == HWS_IO_OK && (!op_is_send(op) || op->event.bytes == op->total);
  if (!op->listed)
    conn_end_orphan(conn, op, ended);
  else if (done)
    writer_ended(conn, op, op->outcome, ended);
  else if (has_failed(status) && is_refused_end(op, io))
    refuse_end(conn, op, ended);
  else if (has_failed(status))
    write_failed(conn, ended);
  else if (op->cancel)
    writer_ended_early(conn, op, ended);
}

void conn_write_result(struct conn *conn, struct op_list *ended) {
  const struct hws_io *io = &conn->top->transfers[HWS_WRITE].io;
  struct op *op = conn->writer;
  conn->writing = false;
  conn->writer = NULL;
  if (conn->stream.closing && io->bytes) conn_moved(conn);
  if (op)
    direct_result(conn, op, io, ended);
  else if (io->kind == HWS_IO_SHUTDOWN)
    conn_end_said(conn, io->status, ended);
  else
    copy_result(conn, io, ended);
}

/* A file is out of which nobody knows whether the plugin has begun with it. */
static bool is_unsettled(const struct conn *conn) {
  return conn->copier && conn->copy_source && conn->writing && !transfer_is_begun(&conn->top->transfers[HWS_WRITE]);
}

/* What is on its way stays on its way, and counts. */
static void leave_copy(struct conn *conn) {
  if (!conn->copier) return;
  conn->copier->event.bytes += conn->copy_end - conn->copy_at;
  conn->copier = NULL;
  conn->copy_counted = true;
}

void conn_hold_out(struct stream *stream) {
  struct conn *conn = (struct conn *)stream;
  if (conn->writer) op_list_remove(&stream->sends, conn->writer);
  if (is_unsettled(conn))
    op_list_remove(&stream->sends, conn->copier); /* ends when that is known */
  else if (conn->copy_source && !conn->writing)
    conn_drop_copy(conn); /* none of it was handed down */
  else
    leave_copy(conn); /* its memory is not in use */
}

bool conn_must_settle(const struct conn *conn) {
  return conn->copier && (conn->copier->cancel || !conn->copier->listed);
}

bool conn_settle_file(struct conn *conn, struct op_list *ended) {
  struct op *op = conn->copier;
  if (!conn_must_settle(conn) || !conn->writing) return false;
  if (is_unsettled(conn)) return true;
  leave_copy(conn);
  if (op->listed)
    writer_ended_early(conn, op, ended);
  else
    conn_end_orphan(conn, op, ended);
  return false;
}

bool conn_unsend(struct stream *stream, struct op *op, int status) {
  struct conn *conn = (struct conn *)stream;
  if (conn->copier == op && is_unsettled(conn)) {
    op->cancel = status; /* by the kick that follows, or by what comes of the io */
    return false;
  }
  if (conn->copier == op) {
    leave_copy(conn);
    return true;
  }
  if (conn->writer != op) return true;
  op->cancel = status;
  return false;
}
