/* SPDX-License-Identifier: Apache-2.0
 *
 * How a session ends, and who learns what.
 *
 * The first cause is kept, and every op of every stream reports it (MUX-8). Whoever ends the session ends its streams,
 * in one go under the lock (MUX-9); nobody is waited for, so any thread may do it at any time (MUX-11). docs/ends.md
 * has the table of all causes.
 */
#include <stddef.h>

#include "core/mux/mux.h"

static struct mux *self(struct session *session) {
  return (struct mux *)session;
}

/* MUX-21: the opener learns that the service went, the handler that its caller did. */
static struct cause *for_acceptors(struct cause *cause) {
  if (cause->status != HWS_E_CLOSED && cause->status != HWS_E_IO && cause->status != HWS_E_RESET)
    return cause_ref(cause);
  struct cause *gone = cause_make(HWS_E_CANCELED, cause->os_error, cause->code, "the peer is gone: %s",
                                  cause->refs ? cause->text : status_text(cause->status));
  bool remote = (cause->flags & HWS_EVENT_REMOTE) || cause->status == HWS_E_IO; /* out of reach is as good as gone */
  return remote ? cause_by_peer(gone) : gone;
}

/* A hang-up is one in whichever way it was noticed: by an end, an error of a read, or one of a write. */
struct cause *mux_carrier_cause(struct mux *mux, bool writing, int status) {
  static const char text[] = "the peer closed the connection";
  if (status == HWS_E_EOF) return cause_remote(HWS_E_CLOSED, 0, text);
  struct cause *cause = stream_cause(mux->under, writing, status);
  bool gone = cause->status == HWS_E_CANCELED && (cause->flags & HWS_EVENT_REMOTE); /* below, as its acceptor says it */
  if (cause->status != HWS_E_RESET && !gone) return cause;
  struct cause *closed = cause_by_peer(cause_make(HWS_E_CLOSED, cause->os_error, cause->code, "%s: %s", text,
                                                  cause->refs ? cause->text : status_text(cause->status)));
  cause_unref(cause);
  return closed;
}

static void fail_all(struct op_list *list, const struct cause *cause, struct op_list *ended) {
  for (struct op *op; (op = list->first);) {
    struct mux_stream *stream = op->result;
    op_list_remove(list, op);
    op_fail(op, cause, ended);
    if (!stream) continue;
    stream_made(&stream->stream);
    stream_end(&stream->stream, (struct cause *)(uintptr_t)cause, true, ended);
    object_unpin(&stream->stream.object);
  }
}

void mux_attend(struct mux *mux) {
  atomic_store_explicit(&mux->attention, true, memory_order_release);
}

/* Nothing is on the wire that a frame would tear apart. */
static bool is_between_frames(const struct mux *mux) {
  const struct piece *next = &mux->pieces[mux->batch_first];
  return atomic_load(&mux->writer) != WRITER_OUT && (!mux->batch_count || (next->starts_frame && !next->done));
}

/* A last word stands behind it (docs/wire.md): the peer learns whom it does not understand. */
static bool is_preface_unsaid(const struct mux *mux) {
  return (mux->hello & HELLO_PREFACE) || (mux->batch_count && mux->pieces[mux->batch_first].data == mux->own_preface);
}

/* What the carrier has not taken by now is lost. A close that was to wait for it says so; one who ends a running
 * session by another word has not asked. */
static void count_lost(struct mux *mux, enum end_kind kind) {
  bool asked = kind == END_REMOTE || mux->state == SESSION_DRAINING;
  /* What stands in the batch is lost only if it is dropped from there: it may just have been written. */
  if (!mux->deaf) mux->lost = mux->copied - batch_copied(mux);
  mux->lost_told = asked;
  for (struct mux_stream *stream = mux->all; stream; stream = stream->next)
    if (!asked && !stream->stream.closing) stream->stream.forsaken = true;
}

void mux_cut_short(struct mux *mux, struct cause *cause) {
  cause_unref(mux->cut_short);
  mux->cut_short = cause_ref(cause);
}

void mux_end(struct mux *mux, struct cause *cause, enum end_kind kind, struct op_list *ended) {
  bool was_local = mux->state == SESSION_DRAINING;
  if (mux->state == SESSION_ENDED) {
    if (kind == END_LOCAL) mux_discard_inbound(mux);
    return;
  }
  if (mux->deaf) cause = mux->deaf;
  count_lost(mux, kind);
  mux->state = SESSION_ENDED;
  mux->cause = cause_ref(cause);
  bool local = kind == END_LOCAL || was_local;
  if (!mux->cause_serving) mux->cause_serving = local ? cause_ref(cause) : for_acceptors(cause);
  alive_stop(mux);
  if (!was_local) alive_unlimit(mux); /* else it limits the close of the carrier too */
  fail_all(&mux->opens, mux->cause, ended);
  fail_all(&mux->accepts, mux->cause, ended);
  fail_all(&mux->watches, mux->cause, ended);
  fail_all(&mux->drains, mux->cause, ended);
  for (struct mux_stream *stream; (stream = mux->all);) {
    stream_end(&stream->stream, stream->opener ? mux->cause : mux->cause_serving, kind == END_LOCAL, ended);
    stream->dead = true;
    mux_stream_drop(stream, ended);
  }
  if (kind == END_LOCAL || was_local) mux_discard_inbound(mux);
  bool unsaid = is_preface_unsaid(mux);
  schedule_drop_all(mux);
  receive_drop_body(mux);
  if (mux->deaf || !is_between_frames(mux)) mux->last_word = 0;
  if (mux->last_word && unsaid) mux->hello = HELLO_PREFACE;
  if (atomic_load(&mux->writer) != WRITER_OUT)
    batch_drop_all(mux, ended);
  else
    mux->revoke = true;
  mux->close_under = mux->parting == PART_NONE;
  mux->abort_under = !was_local;
  mux_attend(mux);
}

void mux_deafen(struct mux_stream *stream, struct op_list *ended) {
  const struct mux *mux = stream->mux;
  stream_end_out(&stream->stream, stream->opener ? mux->deaf : mux->cause_serving, ended);
}

void mux_write_failed(struct mux *mux, struct cause *cause, struct op_list *ended) {
  if (mux->state == SESSION_ENDED) return;
  if (mux->state == SESSION_DRAINING) { /* nobody will receive what could still be read */
    mux_end(mux, cause, END_REMOTE, ended);
    return;
  }
  mux->lost = mux->copied;
  if (mux->lost) mux_cut_short(mux, cause);
  mux->state = SESSION_DEAF;
  mux->deaf = cause_ref(cause);
  guard_forget(mux); /* full of answers, it would keep the reader from what can still be read */
  mux->cause_serving = for_acceptors(cause);
  for (struct mux_stream *stream = mux->all; stream; stream = stream->next) mux_deafen(stream, ended);
  mux_admit(mux, ended);
  alive_deaf(mux);
}

/* ---- closing ---- */

static bool is_owed(const struct stream *stream) {
  return stream->closing ? stream->out == OUT_ENDING && !((const struct mux_stream *)stream)->dead : stream->carries;
}

/* Is anything of what was taken still to be sent? Asked at each read and write of a draining session, where no stream
 * comes to owe anything any more: so those that were looked at are not looked at again. */
static bool owes(struct mux *mux) {
  if (mux->copied) return true;
  while (mux->debtors && !is_owed(&mux->debtors->stream)) mux->debtors = mux->debtors->next;
  return mux->debtors;
}

bool mux_drain_next(struct mux *mux, struct op_list *ended) {
  if (mux->state != SESSION_DRAINING || (!mux->goaway_cut && owes(mux))) return false;
  if (mux->goaway_cut || mux->negotiation == NEGOTIATE_SNIFF) { /* that one says nothing, nor a go-away */
    struct cause *cause = cause_make(HWS_E_CLOSED, 0, 0, "the session was closed");
    part_want(mux);
    mux_end(mux, cause, END_LOCAL, ended);
    cause_unref(cause);
    return false;
  }
  mux->goaway_cut = true;
  batch_add_header(mux, NULL, &(struct frame){.type = FRAME_GOAWAY});
  return true;
}

/* What the user has not closed itself ends now; what it sent still goes out. */
static void drain(struct mux *mux, struct op_list *ended) {
  struct cause *cause = cause_make(HWS_E_CLOSED, 0, 0, "the session was closed");
  mux->state = SESSION_DRAINING;
  lock_take(mux->under->lock);
  mux->under->carries = true;
  lock_drop(mux->under->lock);
  for (struct mux_stream *stream = mux->all, *next; stream; stream = next) {
    next = stream->next;
    if (stream->stream.closing || stream->stream.carries) continue;
    uint64_t unread = stream->stream.in == IN_OPEN ? stream_drop_input(&stream->stream) : 0;
    stream_end(&stream->stream, cause, true, ended);
    if (unread) flow_consumed(stream, unread);
  }
  fail_all(&mux->opens, cause, ended);
  fail_all(&mux->accepts, cause, ended);
  fail_all(&mux->drains, cause, ended);
  mux->debtors = mux->all;
  cause_unref(cause);
}

/* From when on what could be written at once has been. */
static void limit_drain(struct mux *mux) {
  lock_take(&mux->lock);
  if (!mux->under_closed) alive_limit(mux, mux->settings[SET_DRAIN]);
  lock_drop(&mux->lock);
}

static void revoke_close(struct op *op) {
  struct mux *mux = (struct mux *)op->on;
  int status = op_asked(op);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  if (mux->closer == op) {
    struct cause *cause = cause_make(status, 0, 0, "the close was not waited for");
    mux->closer = NULL;
    mux_end(mux, cause, END_LOCAL, &ended);
    mux->abort_under = true;
    part_cut(mux, cause);
    op->event.data = mux->lost;
    op_end_early(op, status, &ended);
    cause_unref(cause);
  }
  mux_leave(mux, &ended);
}

/* Its carrier is closed. */
static void end_closer(struct mux *mux, struct op *op, struct op_list *ended) {
  const struct cause *why = mux->cut_short;
  if (!why && mux->lost && mux->lost_told) why = mux->cause;
  op->event.data = mux->lost;
  if (mux->forsaken || !why)
    op_end(op, HWS_OK, ended);
  else
    op_fail(op, why, ended);
}

int session_close(struct session *session, const struct request *request) {
  struct mux *mux = self(session);
  struct op_list ended = {0};
  int status = HWS_OK;
  struct op *op = NULL;
  bool drains = false;
  if (request->queue || request->out)
    op = op_new(request, session->object.runtime, &session->object, HWS_KIND_CLOSE, revoke_close, &status);
  lock_take(&mux->lock);
  status = op_begin_close(op, request, &ended);
  mux->forsaken = request->flags & HWS_ABORT;
  if (op && status == HWS_OK && mux->under_closed)
    end_closer(mux, op, &ended);
  else if (status == HWS_OK)
    mux->closer = op;
  if ((request->flags & HWS_ABORT) || status != HWS_OK || mux->state == SESSION_DEAF) {
    struct cause *cause = cause_make(HWS_E_CLOSED, 0, HWS_CODE_CANCELED, "the session was closed");
    mux_end(mux, cause, END_LOCAL, &ended);
    mux->abort_under = true;
    if (op && status != HWS_OK) op->event.data = mux->lost; /* nobody has seen it yet */
    cause_unref(cause);
  } else if (mux->state == SESSION_RUNNING) {
    drain(mux, &ended);
    drains = true;
  } else {
    mux_discard_inbound(mux);
  }
  mux_leave(mux, &ended);
  writer_kick(mux, KICK_NOW);
  if (drains) limit_drain(mux);
  int result = op ? op_submitted(op, request) : 0;
  object_unpin(&session->object); /* the handle's */
  return result;
}

bool session_is_over(struct session *session) {
  struct mux *mux = self(session);
  lock_take(&mux->lock);
  bool over = mux->under_closed;
  lock_drop(&mux->lock);
  return over;
}

void session_end(struct session *session, struct cause *cause) {
  struct mux *mux = self(session);
  struct op_list ended = {0};
  lock_take(&mux->lock);
  mux_end(mux, cause, END_LOCAL, &ended);
  mux->abort_under = true;
  part_cut(mux, cause);
  mux_leave(mux, &ended);
  cause_unref(cause);
}

/* ---- the carrier's close ---- */

static void under_closed(struct mux *mux) {
  struct op_list ended = {0};
  lock_take(&mux->lock);
  mux->under_closed = true;
  alive_unlimit(mux);
  struct op *op = mux->closer;
  mux->closer = NULL;
  if (op) end_closer(mux, op, &ended);
  lock_drop(&mux->lock);
  op_deliver(&ended);
  object_unpin(&mux->session.object); /* close_under's */
}

static void close_done(struct task *task) {
  struct mux *mux = (struct mux *)((char *)task - offsetof(struct mux, close_op.task));
  struct stream *under = mux->under;
  under_closed(mux);
  object_unpin(&under->object); /* op_deliver's */
}

void mux_end_init(struct mux *mux) {
  op_init_inside(&mux->close_op, mux->session.object.runtime, &mux->under->object, HWS_KIND_CLOSE, stream_revoke,
                 close_done);
}

static void close_under(struct mux *mux, bool abort) {
  object_pin(&mux->session.object);
  if (stream_close_inside(mux->under, &mux->close_op, abort)) under_closed(mux);
}

/* Of its own, as it is rare: most calls pay nothing for it. */
__attribute__((noinline)) static void leave_busy(struct mux *mux, struct op_list *ended) {
  bool revoke = false;
  bool close = false;
  bool resume = false;
  bool abort = false;
  bool unread = false;
  bool part = false;
  if (atomic_load_explicit(&mux->attention, memory_order_relaxed)) {
    revoke = mux->revoke && !mux->revoking && atomic_load(&mux->writer) == WRITER_OUT;
    if (revoke) mux->revoking = true;
    unread = mux->unread;
    close = mux->close_under;
    part = mux->parting == PART_WANTED;
    if (part) mux->parting = PART_LISTENING;
    abort = mux->abort_under;
    mux->close_under = false;
    atomic_store_explicit(&mux->attention, false, memory_order_relaxed);
  }
  if (mux->paused && !guard_is_full(mux)) {
    mux->paused = false;
    resume = true;
  }
  if (close && mux->last_word && writer_say_last(mux, mux->last_word, ended)) {
    abort = false;
    alive_limit(mux, mux->settings[SET_DRAIN]);
  }
  lock_drop(&mux->lock);
  op_deliver(ended);
  if (revoke) stream_revoke_inside(&mux->write_op, HWS_E_CANCELED);
  if (unread) stream_revoke_inside(&mux->read_op, DIRECT_TAKEN_BACK);
  if (part && !part_begin(mux)) close = true;
  if (close) close_under(mux, abort);
  if (resume) reader_resume(mux);
}

void mux_leave(struct mux *mux, struct op_list *ended) {
  if (atomic_load_explicit(&mux->attention, memory_order_relaxed) || mux->paused) {
    leave_busy(mux, ended);
    return;
  }
  lock_drop(&mux->lock);
  op_deliver(ended);
}
