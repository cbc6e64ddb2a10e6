/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving the bytes of a raw connection.
 *
 * A transfer is claimed under the connection's lock (`reading`, `writing`), submitted with the lock dropped, and its
 * result applied under the lock again: a system call never holds up the other direction. Whoever claims goes on until
 * nothing is left to do or the transfer pends; then its done goes on.
 */
#include "core/conn.h"

#include <stdio.h>

/* ---- reading ---- */

static uint32_t map_vec(const struct op *op, struct hws_iov *iov) {
  uint32_t count = 0;
  uint64_t offset = op->vec_offset;
  for (uint32_t i = op->vec_at; i < op->vec_count && count < CONN_PIECES; i++, offset = 0) {
    if (op->vec[i].len == offset) continue;
    iov[count++] = (struct hws_iov){.ptr = (uint8_t *)op->vec[i].ptr + offset, .len = op->vec[i].len - offset};
  }
  return count;
}

static bool may_revoke(const struct conn *conn) {
  return conn->endpoint.plugin->manifest->capabilities & HWS_CAP_REVOKE;
}

/* Claim the next read, if one is wanted. Lock held. */
static bool claim_read(struct conn *conn, struct op_list *ended) {
  struct op *op = conn->stream.recvs.first;
  if (conn->reading || conn->failed || !op || conn->stream.in != IN_OPEN || !conn->stream.ready) return false;
  if (conn->stream.closing) return false;
  bool direct = op->event.kind == HWS_KIND_RECV && (may_revoke(conn) || !op->total);
  uint32_t count = 0;
  if (direct) {
    count = map_vec(op, conn->read_iov);
  } else {
    if (!conn->buffer) conn->buffer = buffer_chunk(conn->stream.object.runtime);
    if (!conn->buffer) {
      op_list_remove(&conn->stream.recvs, op);
      op_end(op, HWS_E_NOMEM, ended);
      return false;
    }
    conn->read_iov[count++] = (struct hws_iov){.ptr = conn->buffer->data, .len = conn->buffer->size};
  }
  conn->reader = direct ? op : NULL;
  conn->reading = true;
  transfer_prepare(&conn->endpoint.transfers[HWS_READ], HWS_IO_READ, conn->read_iov, count);
  return true;
}

static void read_failed(struct conn *conn, const struct transfer *transfer, struct op_list *ended) {
  struct cause *cause = endpoint_cause(&conn->endpoint, transfer, "read");
  conn->failed = true;
  stream_end(&conn->stream, cause, false, ended);
  cause_unref(cause);
}

static void reader_got(struct conn *conn, struct op *op, uint64_t bytes, struct op_list *ended) {
  op_list_remove(&conn->stream.recvs, op);
  op->event.bytes = bytes;
  conn->stream.taken++;
  op_end(op, HWS_OK, ended);
}

static void buffer_got(struct conn *conn, uint64_t bytes, struct op_list *ended) {
  struct buffer *buffer = conn->buffer;
  conn->buffer = NULL;
  if (!stream_feed(&conn->stream, buffer, buffer->data, (uint32_t)bytes, false, ended))
    stream_end(&conn->stream, cause_plain(HWS_E_NOMEM), true, ended);
  buffer_unref(buffer);
}

/* The stream ended while the op's memory was in use. */
static void end_orphan(struct conn *conn, struct op *op, struct op_list *ended) {
  bool probe = op->event.kind == HWS_KIND_RECV && !op->total; /* at an end, readiness is an answer */
  if (probe)
    op_end(op, HWS_OK, ended);
  else
    op_fail(op, conn->stream.cause ? conn->stream.cause : cause_plain(HWS_E_CLOSED), ended);
}

/* Lock held; the transfer is idle again. */
static void read_result(struct conn *conn, struct op_list *ended) {
  const struct transfer *transfer = &conn->endpoint.transfers[HWS_READ];
  const struct hws_io *io = &transfer->io;
  struct op *op = conn->reader;
  conn->reading = false;
  conn->reader = NULL;
  bool ok = io->status == HWS_IO_OK || (io->status == HWS_IO_CANCELED && io->bytes);
  if (op && !op->listed) {
    end_orphan(conn, op, ended);
  } else if (ok && op && (io->bytes || io->vec_count == 0)) {
    reader_got(conn, op, io->bytes, ended);
  } else if (ok && io->bytes) {
    buffer_got(conn, io->bytes, ended);
  } else if (ok) {
    stream_eof(&conn->stream, ended);
  } else if (io->status != HWS_IO_CANCELED) {
    read_failed(conn, transfer, ended);
  } else if (op && op->cancel) {
    op_list_remove(&conn->stream.recvs, op);
    op_end(op, op->cancel, ended);
  }
}

/* ---- writing ---- */

static bool claim_write(struct conn *conn) {
  struct op *op = conn->stream.sends.first;
  struct transfer *transfer = &conn->endpoint.transfers[HWS_WRITE];
  if (conn->writing || !op || conn->stream.out >= OUT_SHUT || !conn->stream.ready) return false;
  conn->writing = true;
  conn->writer = op;
  if (op->event.kind == HWS_KIND_SHUTDOWN)
    transfer_prepare(transfer, HWS_IO_SHUTDOWN, NULL, 0);
  else
    transfer_prepare(transfer, HWS_IO_WRITE, conn->write_iov, map_vec(op, conn->write_iov));
  return true;
}

static void advance(struct op *op, uint64_t bytes) {
  op->event.bytes += bytes;
  while (bytes) {
    uint64_t left = op->vec[op->vec_at].len - op->vec_offset;
    uint64_t part = bytes < left ? bytes : left;
    bytes -= part;
    op->vec_offset += part;
    if (part < left) break;
    op->vec_at++;
    op->vec_offset = 0;
  }
}

static void writer_ended(struct conn *conn, struct op *op, int status, struct op_list *ended) {
  op_list_remove(&conn->stream.sends, op);
  if (status == HWS_OK && op->event.kind == HWS_KIND_SHUTDOWN) stream_shut(&conn->stream, ended);
  op_end(op, status, ended);
}

static void write_result(struct conn *conn, struct op_list *ended) {
  const struct transfer *transfer = &conn->endpoint.transfers[HWS_WRITE];
  const struct hws_io *io = &transfer->io;
  struct op *op = conn->writer;
  bool is_send = op->event.kind == HWS_KIND_SEND;
  conn->writing = false;
  conn->writer = NULL;
  if (is_send) advance(op, io->bytes);
  bool done = io->status == HWS_IO_OK && (!is_send || op->event.bytes == op->total);
  if (!op->listed) {
    end_orphan(conn, op, ended);
  } else if (done) {
    writer_ended(conn, op, HWS_OK, ended);
  } else if (io->status != HWS_IO_OK && io->status != HWS_IO_CANCELED) {
    /* MUX-19: what can still be read is. */
    struct cause *cause = endpoint_cause(&conn->endpoint, transfer, "write");
    stream_end_out(&conn->stream, cause, ended);
    cause_unref(cause);
  } else if (op->cancel) {
    writer_ended(conn, op, op->cancel, ended);
  }
}

/* ---- the pump ---- */

/* One step with the lock held; drops it around the plugin. False: nothing to do. */
static bool pump_once(struct conn *conn, struct op_list *ended) {
  bool write = claim_write(conn);
  if (!write && !claim_read(conn, ended)) return false;
  lock_drop(&conn->lock);
  bool over = endpoint_submit(&conn->endpoint.transfers[write ? HWS_WRITE : HWS_READ]);
  lock_take(&conn->lock);
  if (over && write)
    write_result(conn, ended);
  else if (over)
    read_result(conn, ended);
  return true;
}

static bool must_revoke(const struct op *op) {
  return op && (op->cancel || !op->listed);
}

void conn_pump(struct conn *conn) {
  struct op_list ended = {0};
  lock_take(&conn->lock);
  while (pump_once(conn, &ended)) continue;
  bool revoke_read = must_revoke(conn->reader);
  bool revoke_write = must_revoke(conn->writer);
  bool close = conn->aborting || (conn->stream.closing && !conn->writing && !conn->stream.sends.first);
  close = close && !conn->gone;
  bool abort = conn->aborting;
  lock_drop(&conn->lock);
  op_deliver(&ended);
  /* Should another op's transfer be hit instead, it is simply begun anew. */
  if (revoke_read) endpoint_cancel(&conn->endpoint.transfers[HWS_READ]);
  if (revoke_write) endpoint_cancel(&conn->endpoint.transfers[HWS_WRITE]);
  if (close) endpoint_close(&conn->endpoint, abort);
  if ((close || revoke_read || revoke_write) && conn->endpoint.loop && conn->endpoint.loop->caller_driven)
    loop_nudge(conn->endpoint.loop);
}

void conn_read_done(struct transfer *transfer) {
  struct conn *conn = (struct conn *)transfer->endpoint->owner;
  struct op_list ended = {0};
  lock_take(&conn->lock);
  if (conn->dialing)
    conn_connected(conn, &ended);
  else
    read_result(conn, &ended);
  lock_drop(&conn->lock);
  op_deliver(&ended);
  conn_pump(conn);
}

void conn_write_done(struct transfer *transfer) {
  struct conn *conn = (struct conn *)transfer->endpoint->owner;
  struct op_list ended = {0};
  lock_take(&conn->lock);
  write_result(conn, &ended);
  lock_drop(&conn->lock);
  op_deliver(&ended);
  conn_pump(conn);
}

/* ---- the class ---- */

static bool conn_messages(const struct stream *stream) {
  (void)stream;
  return false;
}

static bool conn_take_end(struct stream *stream) {
  (void)stream;
  return false;
}

/* A raw connection copies nothing: the system does. */
static uint64_t conn_take(struct stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total,
                          bool partial) {
  (void)stream, (void)vec, (void)count, (void)total, (void)partial;
  return 0;
}

static bool conn_writable(struct stream *stream) {
  (void)stream;
  return false; /* the transport has to be asked */
}

/* Everything is begun by the kick that follows. */
static void conn_put_off(struct stream *stream) {
  (void)stream;
}

static bool conn_unsend(struct stream *stream, struct op *op, int status) {
  if (((struct conn *)stream)->writer != op) return true;
  op->cancel = status;
  return false;
}

static bool conn_unwant(struct stream *stream, struct op *op, int status) {
  if (((struct conn *)stream)->reader != op) return true;
  op->cancel = status;
  return false;
}

static void conn_consumed(struct stream *stream, uint64_t bytes) {
  (void)stream, (void)bytes; /* the system's buffers are the window */
}

static void conn_hold(struct stream *stream) {
  struct conn *conn = (struct conn *)stream;
  if (conn->reader) op_list_remove(&stream->recvs, conn->reader);
  if (conn->writer) op_list_remove(&stream->sends, conn->writer);
}

static void conn_abort(struct stream *stream) {
  ((struct conn *)stream)->aborting = true;
}

static bool conn_stop(struct stream *stream, bool sending, struct cause *cause) {
  (void)stream, (void)sending, (void)cause;
  return false;
}

static int conn_metadata(struct stream *stream, uint32_t index, struct hws_pair *pair) {
  (void)stream, (void)index, (void)pair;
  return HWS_E_INVAL;
}

static void conn_close(struct stream *stream, struct op_list *ended) {
  struct conn *conn = (struct conn *)stream;
  if (conn->connecting) {
    op_fail(conn->connecting, cause_plain(HWS_E_CLOSED), ended);
    conn->connecting = NULL;
    conn->aborting = true;
  }
  if (conn->gone) stream_closed(stream, ended);
}

static void conn_kick(struct stream *stream, enum stream_kick kick) {
  (void)kick; /* the system gathers nothing for us */
  conn_pump((struct conn *)stream);
}

static int conn_text(struct stream *stream, uint32_t which, char *text, uint32_t size) {
  struct conn *conn = (struct conn *)stream;
  const char *answer = "";
  lock_take(&conn->lock);
  bool connected = conn->local != NULL;
  lock_drop(&conn->lock);
  if (which == HWS_TEXT_TRANSPORT && conn->endpoint.plugin) answer = conn->endpoint.plugin->manifest->name;
  if (which == HWS_TEXT_LOCAL && connected) answer = conn->local;
  if (which == HWS_TEXT_REMOTE && connected) answer = conn->remote;
  return snprintf(text, size, "%s", answer);
}

static int conn_peer(struct stream *stream, struct hws_peer *peer) {
  struct conn *conn = (struct conn *)stream;
  lock_take(&conn->lock);
  struct hws_peer_id id = conn->peer;
  lock_drop(&conn->lock);
  if (!id.flags) return HWS_E_UNSUPPORTED;
  peer->flags = id.flags;
  peer->uid = id.uid;
  peer->gid = id.gid;
  peer->pid = id.pid;
  return HWS_OK;
}

const struct stream_class conn_class = {
    .object = {.type = OBJECT_STREAM, .free = conn_free},
    .messages = conn_messages,
    .take = conn_take,
    .take_end = conn_take_end,
    .writable = conn_writable,
    .push = conn_put_off,
    .unsend = conn_unsend,
    .want = conn_put_off,
    .unwant = conn_unwant,
    .consumed = conn_consumed,
    .hold = conn_hold,
    .abort = conn_abort,
    .stop = conn_stop,
    .close = conn_close,
    .kick = conn_kick,
    .text = conn_text,
    .metadata = conn_metadata,
    .peer = conn_peer,
};
