/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving the bytes of a raw connection: who moves them, and when. How they are read stands in conn_recv.c, how they are
 * written in conn_send.c.
 *
 * A transfer is claimed under the connection's lock (`reading`, `writing`), submitted with the lock dropped, and its
 * result applied under the lock again: a system call never holds up the other direction. Whoever claims goes on until
 * nothing is left to do or the transfer pends; then its done goes on.
 */
#include "core/conn.h"

#include <stdio.h>

/* ---- the pump ---- */

bool conn_may_revoke(const struct conn *conn) {
  return conn->top->plugin->manifest->capabilities & HWS_CAP_REVOKE;
}

void conn_end_orphan(struct conn *conn, struct op *op, struct op_list *ended) {
  bool probe = op->event.kind == HWS_KIND_RECV && !op->total; /* at an end, readiness is an answer */
  bool receives = op->event.kind == HWS_KIND_RECV || op->event.kind == HWS_KIND_ACQUIRE;
  const struct cause *cause = receives ? conn->stream.cause_in : conn->stream.cause_out;
  if (probe)
    op_end(op, HWS_OK, ended);
  else
    op_fail(op, cause ? cause : cause_plain(HWS_E_CLOSED), ended);
}

/* One step with the lock held; drops it around the plugin. False: nothing to do. */
static bool pump_once(struct conn *conn, struct op_list *ended) {
  bool write = conn_claim_write(conn, ended);
  if (!write && !conn_claim_read(conn, ended)) return false;
  lock_drop(&conn->lock);
  bool over = endpoint_submit(&conn->top->transfers[write ? HWS_WRITE : HWS_READ]);
  lock_take(&conn->lock);
  if (over && write)
    conn_write_result(conn, ended);
  else if (over)
    conn_read_result(conn, ended);
  return true;
}

static bool must_revoke(const struct op *op) {
  return op && (op->cancel || !op->listed);
}

/* Bytes came back from a lease while a recv lends its memory: they come before what is read there. */
static bool is_recalled(const struct conn *conn) {
  return conn->reader && stream_has_input(&conn->stream);
}

/* Is its endpoint to go now? */
static bool is_leaving(const struct conn *conn) {
  if (conn->gone) return false;
  if (conn->aborting || conn->leave == LEAVE_DONE) return true;
  return conn->over && !conn->stream.closing && conn_is_flushed(conn);
}

/* Nothing but bytes: no end of the connection is under way, and nobody wants memory back. */
static bool is_calm(const struct conn *conn) {
  if (conn->stream.closing | conn->aborting | conn->over) return false;
  if (conn_must_settle(conn)) return false;
  return !must_revoke(conn->writer) && !must_revoke(conn->reader) && !is_recalled(conn);
}

/* What a send was told was taken and never went out would be missed by nobody if the peer saw a proper end. A session
 * has ends of its own, and its peer is to get what the system has. */
static bool breaks_promise(const struct conn *conn) {
  return conn->broken && !conn->stream.hurried;
}

/* The pump's end where there is more to do. Lock held; drops it. */
__attribute__((noinline)) static void pump_leave(struct conn *conn, struct op_list *ended) {
  bool revoke_read = must_revoke(conn->reader) || is_recalled(conn);
  bool revoke_write = must_revoke(conn->writer);
  bool take_back = conn_settle_file(conn, ended);
  bool close = is_leaving(conn);
  bool abort = conn->aborting || breaks_promise(conn);
  lock_drop(&conn->lock);
  op_deliver(ended);
  /* Should another op's transfer be hit instead, it is simply begun anew. */
  if (revoke_read) endpoint_cancel(&conn->top->transfers[HWS_READ]);
  if (revoke_write) endpoint_cancel(&conn->top->transfers[HWS_WRITE]);
  if (take_back) endpoint_take_back(&conn->top->transfers[HWS_WRITE]);
  if (close) endpoint_close(conn->top, abort);
  struct loop *loop = &conn->stream.object.runtime->loop; /* also before there is an endpoint */
  if ((close || revoke_read || revoke_write || take_back) && loop->caller_driven) loop_nudge(loop);
}

void conn_pump(struct conn *conn) {
  struct op_list ended = {0};
  lock_take(&conn->lock);
  do
    while (pump_once(conn, &ended)) continue;
  while (conn->stream.closing && conn_leave_step(conn));
  if (is_calm(conn)) {
    lock_drop(&conn->lock);
    op_deliver(&ended);
  } else {
    pump_leave(conn, &ended);
  }
}

void conn_read_done(struct transfer *transfer) {
  struct conn *conn = (struct conn *)transfer->endpoint->owner;
  struct op_list ended = {0};
  lock_take(&conn->lock);
  if (conn->dialing)
    conn_connected(conn, &ended);
  else
    conn_read_result(conn, &ended);
  lock_drop(&conn->lock);
  op_deliver(&ended);
  conn_pump(conn);
}

void conn_write_done(struct transfer *transfer) {
  struct conn *conn = (struct conn *)transfer->endpoint->owner;
  struct op_list ended = {0};
  lock_take(&conn->lock);
  conn_write_result(conn, &ended);
  lock_drop(&conn->lock);
  op_deliver(&ended);
  conn_pump(conn);
}

/* ---- the class ---- */

static bool conn_revocable(const struct stream *stream) {
  return conn_may_revoke((const struct conn *)stream);
}

static bool conn_messages(const struct stream *stream) {
  return ((const struct conn *)stream)->messages;
}

static bool conn_ends_none(struct stream *stream) {
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

static bool conn_sends_files(struct stream *stream) {
  const struct conn *conn = (struct conn *)stream;
  return !conn->filters && (conn->endpoint.plugin->manifest->capabilities & HWS_CAP_SENDFILE);
}

/* By the kick that follows. */
static bool conn_recall(struct stream *stream) {
  return ((const struct conn *)stream)->reader != NULL;
}

static void conn_consumed(struct stream *stream, uint64_t bytes) {
  (void)stream, (void)bytes; /* the system's buffers are the window */
}

static void conn_hold_in(struct stream *stream) {
  struct conn *conn = (struct conn *)stream;
  if (conn->reader) op_list_remove(&stream->recvs, conn->reader);
}

static void conn_abort(struct stream *stream) {
  ((struct conn *)stream)->aborting = true;
}

static void conn_lose(struct stream *stream) {
  conn_lose_copy((struct conn *)stream);
}

static bool conn_stop(struct stream *stream, bool sending, struct cause *cause) {
  (void)stream, (void)sending, (void)cause;
  return false;
}

static int conn_metadata(struct stream *stream, uint32_t index, struct hws_pair *pair) {
  (void)stream, (void)index, (void)pair;
  return HWS_E_INVAL;
}

static bool conn_is_over(const struct stream *stream) {
  return ((const struct conn *)stream)->gone && stream_is_over(stream);
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

static bool conn_due(const struct stream *stream, enum stream_kick kick) {
  (void)stream, (void)kick;
  return true;
}

static void conn_kick(struct stream *stream, enum stream_kick kick) {
  (void)kick; /* the system gathers nothing for us */
  conn_pump((struct conn *)stream);
}

static int conn_text(struct stream *stream, uint32_t which, char *text, uint32_t size) {
  struct conn *conn = (struct conn *)stream;
  const char *answer = "";
  if (which == HWS_TEXT_NAME || which == HWS_TEXT_MODE) return HWS_E_UNSUPPORTED;
  lock_take(&conn->lock);
  bool connected = conn->local != NULL;
  lock_drop(&conn->lock);
  if (which == HWS_TEXT_TRANSPORT && conn->endpoint.plugin) answer = conn->endpoint.plugin->manifest->name;
  if (which == HWS_TEXT_LOCAL && connected) answer = conn->local;
  if (which == HWS_TEXT_REMOTE && connected) answer = conn->remote;
  return snprintf(text, size, "%s", answer);
}

/* Filters hold nothing back for long: what they said was written has been written below. */
static void conn_way(struct stream *stream, struct stream_way *way) {
  struct conn *conn = (struct conn *)stream;
  struct endpoint *endpoint = &conn->endpoint;
  unsigned state = atomic_load(&endpoint->state);
  uint64_t untaken = 0;
  way->taken = way->sent;
  way->kept = 0;
  way->blocked = false;
  if ((state != ENDPOINT_OPEN && state != ENDPOINT_CLOSING) || !endpoint->plugin->vtable.query) return;
  if (endpoint->plugin->vtable.query(endpoint->ep, HWS_QUERY_UNTAKEN, &untaken, sizeof untaken) < 0) return;
  way->taken -= untaken < way->taken ? untaken : way->taken;
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
  peer->session = id.session;
  return HWS_OK;
}

const struct stream_class conn_class = {
    .object = {.type = OBJECT_STREAM, .free = conn_free},
    .revocable = conn_revocable,
    .messages = conn_messages,
    .take = conn_take,
    .may_end = conn_ends_none,
    .take_end = conn_ends_none,
    .writable = conn_writable,
    .push = conn_put_off,
    .unsend = conn_unsend,
    .sends_files = conn_sends_files,
    .want = conn_put_off,
    .unwant = conn_unwant,
    .recall = conn_recall,
    .consumed = conn_consumed,
    .hold_in = conn_hold_in,
    .hold_out = conn_hold_out,
    .lose = conn_lose,
    .abort = conn_abort,
    .stop = conn_stop,
    .over = conn_is_over,
    .close = conn_close,
    .due = conn_due,
    .kick = conn_kick,
    .text = conn_text,
    .way = conn_way,
    .metadata = conn_metadata,
    .peer = conn_peer,
};
