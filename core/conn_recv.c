/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a raw connection.
 *
 * Where the plugin can revoke, bytes go straight into the memory of the recv that waits. Everywhere else, and for
 * leases, they go into a chunk of the library's: then no op is bound to the transfer, and each can end at any time.
 *
 * A chunk would be held for as long as nothing comes. Where the endpoint is lean, readiness is waited for first, and
 * one is taken only for what is there.
 */
#include "core/conn.h"

#include <string.h>

/* Bytes, or readiness, straight to an op. */
static bool is_direct(const struct conn *conn, const struct op *op) {
  return op->event.kind == HWS_KIND_RECV && conn_may_revoke(conn);
}

static bool is_probe(const struct op *op) {
  return op->event.kind == HWS_KIND_RECV && !op->total;
}

/* Wait without memory? */
static bool is_patient(const struct conn *conn) {
  return conn->top->lean && !conn->readable;
}

/* What comes to a connection that closes is for nobody. */
static bool claim_drop(struct conn *conn) {
  if (!conn_drops_input(conn)) return false;
  if (!conn->buffer) conn->buffer = buffer_chunk(conn->stream.object.runtime);
  if (!conn->buffer) return false;
  conn->read_iov[0] = (struct hws_iov){.ptr = conn->buffer->data, .len = conn->buffer->size};
  conn->reading = true;
  transfer_prepare(&conn->top->transfers[HWS_READ], HWS_IO_READ, conn->read_iov, 1);
  return true;
}

bool conn_claim_read(struct conn *conn, struct op_list *ended) {
  struct op *op = conn->stream.recvs.first;
  if (conn->reading || conn->failed || conn->stream.in != IN_OPEN || !conn->stream.ready) return false;
  if (conn->stream.closing) return claim_drop(conn);
  if (!op) return false;
  bool direct = is_direct(conn, op);
  uint32_t count = 0;
  if (direct) {
    count = conn_map_vec(op, conn->read_iov);
  } else if (!is_probe(op) && !is_patient(conn)) {
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
  transfer_prepare(&conn->top->transfers[HWS_READ], HWS_IO_READ, conn->read_iov, count);
  return true;
}

static void read_failed(struct conn *conn, const struct transfer *transfer, struct op_list *ended) {
  struct cause *cause = endpoint_cause(conn->top, transfer, "read");
  conn->failed = true;
  stream_end(&conn->stream, cause, false, ended);
  cause_unref(cause);
}

/* The last of those bytes ended a message. */
static bool ends_message(const struct conn *conn, const struct hws_io *io) {
  return conn->messages && io->bytes && (io->flags_done & HWS_IO_EOM);
}

static void reader_got(struct conn *conn, struct op *op, const struct hws_io *io, struct op_list *ended) {
  op_list_remove(&conn->stream.recvs, op);
  op->event.bytes = io->bytes;
  if (ends_message(conn, io)) op->event.flags |= HWS_EVENT_EOM;
  conn->stream.taken++;
  op_end(op, HWS_OK, ended);
}

static void copy_in(const struct op *op, uint8_t *to, uint64_t bytes) {
  for (uint32_t i = 0; bytes; i++) {
    uint64_t part = op->vec[i].len < bytes ? op->vec[i].len : bytes;
    if (part) memcpy(to, op->vec[i].ptr, part);
    to += part;
    bytes -= part;
  }
}

static void buffer_got(struct conn *conn, const struct hws_io *io, struct op_list *ended) {
  struct buffer *buffer = conn->buffer;
  conn->buffer = NULL;
  conn->readable = io->bytes == buffer->size;
  if (conn->stream.closing) conn->dropped += io->bytes;
  if (conn->stream.closing) conn_moved(conn);
  if (!stream_feed(&conn->stream, buffer, buffer->data, (uint32_t)io->bytes, ends_message(conn, io), ended))
    stream_end(&conn->stream, cause_plain(HWS_E_NOMEM), true, ended);
  buffer_unref(buffer);
}

/* Readable: whoever asked may have gone, and another be first. */
static void probe_got(struct conn *conn, struct op_list *ended) {
  struct op *op = conn->stream.recvs.first;
  conn->readable = true;
  if (!op || !is_probe(op)) return;
  op_list_remove(&conn->stream.recvs, op);
  op_end(op, HWS_OK, ended);
}

/* Behind what came back from a lease meanwhile. */
static bool feed_behind(struct conn *conn, const struct op *op, const struct hws_io *io, struct op_list *ended) {
  struct buffer *buffer = buffer_sized(conn->stream.object.runtime, (uint32_t)io->bytes);
  if (!buffer) return false;
  copy_in(op, buffer->data, io->bytes);
  bool fed = stream_feed(&conn->stream, buffer, buffer->data, (uint32_t)io->bytes, ends_message(conn, io), ended);
  buffer_unref(buffer);
  return fed;
}

/* Its memory is back, and what was read there is not what it gets. */
static void reader_recalled(struct conn *conn, struct op *op, const struct transfer *transfer, struct op_list *ended) {
  const struct hws_io *io = &transfer->io;
  bool canceled = io->status == HWS_IO_CANCELED;
  bool failed = io->status != HWS_IO_OK && !canceled;
  if (op->cancel) op_list_remove(&conn->stream.recvs, op);
  bool lost = io->bytes && !failed && !feed_behind(conn, op, io, ended);
  if (op->cancel) op_end_early(op, op->cancel, ended);
  stream_serve(&conn->stream, ended);
  if (lost)
    stream_end(&conn->stream, cause_plain(HWS_E_NOMEM), true, ended);
  else if (failed)
    read_failed(conn, transfer, ended);
  else if (!canceled && !io->bytes && io->vec_count)
    stream_eof(&conn->stream, ended);
}

void conn_read_result(struct conn *conn, struct op_list *ended) {
  const struct transfer *transfer = &conn->top->transfers[HWS_READ];
  const struct hws_io *io = &transfer->io;
  struct op *op = conn->reader;
  conn->reading = false;
  conn->reader = NULL;
  bool ok = io->status == HWS_IO_OK || (io->status == HWS_IO_CANCELED && io->bytes);
  if (op && !op->listed) {
    conn_end_orphan(conn, op, ended);
  } else if (op && stream_has_input(&conn->stream)) {
    reader_recalled(conn, op, transfer, ended);
  } else if (ok && op && (io->bytes || io->vec_count == 0)) {
    reader_got(conn, op, io, ended);
  } else if (ok && io->bytes) {
    buffer_got(conn, io, ended);
  } else if (ok && io->vec_count == 0) {
    probe_got(conn, ended);
  } else if (ok) {
    stream_eof(&conn->stream, ended);
  } else if (io->status != HWS_IO_CANCELED) {
    read_failed(conn, transfer, ended);
  } else if (op && op->cancel) {
    op_list_remove(&conn->stream.recvs, op);
    op_end_early(op, op->cancel, ended);
  }
}

bool conn_unwant(struct stream *stream, struct op *op, int status) {
  if (((struct conn *)stream)->reader != op) return true;
  op->cancel = status;
  return false;
}
