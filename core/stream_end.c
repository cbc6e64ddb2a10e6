/* SPDX-License-Identifier: Apache-2.0
 *
 * How a stream is ended from this side: closed, reset, or with its life scope. And the ops of the core itself.
 */
#include <stdlib.h>

#include "core/refused.h"
#include "core/runtime.h"
#include "core/stream.h"

static void fail_listed(struct op_list *list, struct op_list *ended) {
  const struct cause *closed = cause_plain(HWS_E_CLOSED);
  for (struct op *op; (op = list->first);) {
    op_list_remove(list, op);
    op_fail(op, closed, ended);
  }
}

/* Those that the class holds end in a moment, before the close does. */
static void fail_held(struct stream *stream, struct op_list *ended) {
  const struct cause *closed = cause_plain(HWS_E_CLOSED);
  for (struct op *op = stream->recvs.first, *next; op; op = next) {
    next = op->next;
    if (!stream->class->unwant(stream, op, closed->status)) continue;
    op_list_remove(&stream->recvs, op);
    op_fail(op, closed, ended);
  }
  for (struct op *op = stream->sends.first, *next; op; op = next) {
    next = op->next;
    if (!stream->class->unsend(stream, op, closed->status)) continue;
    op_list_remove(&stream->sends, op);
    op_fail(op, closed, ended);
  }
}

/* code: of the reset, if it aborts; 0: it does not. */
static void close_locked(struct stream *stream, uint64_t code, struct op_list *ended) {
  bool abort = code;
  stream->closing = true;
  stream->forsaken = stream->forsaken || abort;
  fail_held(stream, ended);
  fail_listed(&stream->watches, ended);
  uint64_t unread = stream_drop_input(stream);
  stream->unread = unread || stream->leases;
  if (unread) stream->class->consumed(stream, unread);
  if (abort && !stream_is_over(stream)) {
    struct cause *cause = cause_make(HWS_E_CLOSED, 0, code, "closed with HWS_ABORT");
    stream_end(stream, cause, true, ended);
    stream->class->abort(stream);
    cause_unref(cause);
  } else if (stream->out <= OUT_ENDING && stream->ready) {
    stream->out = OUT_ENDING;
    stream->class->push(stream); /* also for a shutdown: what stood before it has gone */
  }
  stream->class->close(stream, ended);
}

/* Nothing has to wait any longer for a stream that is over before it came. Lock held, dropped meanwhile. */
static void unmake(struct stream *stream, struct cause *cause) {
  struct op *maker = stream->maker;
  if (!maker) return;
  stream->maker = NULL;
  stream->unmade = cause;
  lock_drop(stream->lock);
  op_revoke_made(maker, cause->status);
  object_unpin(&maker->object);
  lock_take(stream->lock);
  stream->unmade = NULL;
}

struct cause *stream_unmade(struct stream *stream, int status) {
  lock_take(stream->lock);
  struct cause *cause = stream->unmade && stream->unmade->status == status ? cause_ref(stream->unmade) : NULL;
  lock_drop(stream->lock);
  return cause;
}

static uint64_t code_of_close(const struct request *request, int status) {
  if (status == HWS_E_DEADLINE) return HWS_CODE_DEADLINE;
  return status != HWS_OK || (request->flags & HWS_ABORT) ? HWS_CODE_CANCELED : HWS_CODE_NONE;
}

int stream_close(struct stream *stream, const struct request *request) {
  int status = HWS_OK;
  struct op *op = NULL;
  struct op_list ended = {0};
  if (request->queue || request->out)
    op = op_new(request, stream->object.runtime, &stream->object, HWS_KIND_CLOSE, stream_revoke, &status);
  lock_take(stream->lock);
  unmake(stream, cause_plain(HWS_E_CLOSED));
  status = op_begin_close(op, request, &ended);
  if (status == HWS_OK) stream->closer = op;
  close_locked(stream, code_of_close(request, status), &ended);
  if (op && status != HWS_OK) op->event.data = stream_give_up(stream); /* nobody has seen it yet */
  lock_drop(stream->lock);
  op_deliver(&ended);
  stream->class->kick(stream, KICK_NOW);
  int result = op ? op_submitted(op, request) : 0;
  object_unpin(&stream->object); /* the handle's */
  return result;
}

bool stream_is_done(struct stream *stream) {
  lock_take(stream->lock);
  bool done = stream->class->over(stream);
  lock_drop(stream->lock);
  return done;
}

void stream_reset(struct stream *stream, struct cause *cause) {
  struct op_list ended = {0};
  lock_take(stream->lock);
  unmake(stream, cause);
  if (!stream_is_over(stream)) {
    if (!stream->closing) stream->forsaken = true;
    stream_end(stream, cause, true, &ended);
    stream->class->abort(stream);
  }
  lock_drop(stream->lock);
  op_deliver(&ended);
  stream->class->kick(stream, KICK_NOW);
  cause_unref(cause);
}

int stream_stop(struct stream *stream, uint32_t directions, struct cause *cause) {
  struct op_list ended = {0};
  int status = HWS_E_UNSUPPORTED;
  if (directions == (HWS_STOP_RECV | HWS_STOP_SEND)) {
    stream_reset(stream, cause);
    return HWS_OK;
  }
  lock_take(stream->lock);
  bool sending = directions == HWS_STOP_SEND;
  bool over = sending ? stream->out >= OUT_SHUT : stream->in != IN_OPEN;
  if (!stream->ready) {
    status = refused_say(HWS_E_BUSY, "the stream is not connected yet");
  } else if (over || stream->class->stop(stream, sending, cause)) {
    status = HWS_OK;
    if (sending && !over) stream->forsaken = true;
    if (sending && !over) stream_end_out(stream, cause, &ended);
    if (!sending && !over) stream_end_in(stream, cause, &ended);
  }
  lock_drop(stream->lock);
  op_deliver(&ended);
  if (status == HWS_OK) stream->class->kick(stream, KICK_NOW);
  cause_unref(cause);
  if (status == HWS_E_UNSUPPORTED) refused_say(status, "only streams of native sessions can end one direction");
  return status;
}

static void life_over(struct object *object, struct cause *cause) {
  stream_reset((struct stream *)object, cause_ref(cause));
}

void stream_live(struct stream *stream, struct scope *scope) {
  if (!scope) return;
  stream->life = calloc(1, sizeof *stream->life);
  if (!stream->life)
    stream_reset(stream, cause_plain(HWS_E_NOMEM));
  else if (life_attach(stream->life, scope, &stream->object, life_over) != HWS_OK)
    stream_reset(stream, cause_ref(scope->cause));
}

/* ---- ops of the core itself ---- */

__attribute__((noinline)) static bool refuse_inside(struct op *op, const struct cause *cause) {
  struct op_list none = {0};
  op_fail(op, cause ? cause : cause_plain(op_asked(op)), &none);
  return true;
}

static inline bool submit_inside(struct op_list *list, struct op *op, const struct cause *cause) {
  if (cause || op_asked(op)) return refuse_inside(op, cause);
  op_list_append(list, op);
  return false;
}

bool stream_send_inside(struct stream *stream, struct op *op) {
  lock_take(stream->lock);
  if (!submit_inside(&stream->sends, op, stream_out_cause(stream))) stream->class->push(stream);
  lock_drop(stream->lock);
  stream->class->kick(stream, KICK_NOW);
  return op_leave(op);
}

bool stream_shutdown_inside(struct stream *stream, struct op *op) {
  lock_take(stream->lock);
  if (!submit_inside(&stream->sends, op, stream_out_cause(stream))) {
    stream->out = OUT_ENDING;
    stream->class->push(stream);
  }
  lock_drop(stream->lock);
  stream->class->kick(stream, KICK_NOW);
  return op_leave(op);
}

bool stream_recv_inside(struct stream *stream, struct op *op) {
  lock_take(stream->lock);
  struct op_list ended = {0};
  const struct cause *cause = stream->closing ? cause_plain(HWS_E_CLOSED) : NULL;
  if (!cause && !stream_has_input(stream)) cause = stream_in_cause(stream);
  if (!submit_inside(&stream->recvs, op, cause)) {
    if (stream_has_input(stream))
      stream_serve(stream, &ended);
    else
      stream->class->want(stream);
  }
  lock_drop(stream->lock);
  stream->class->kick(stream, KICK_NOW);
  return op_leave(op);
}

void stream_revoke_inside(struct op *op, int status) {
  op_ask(op, status);
  stream_revoke(op);
}

bool stream_close_inside(struct stream *stream, struct op *op, bool abort) {
  struct op_list ended = {0};
  lock_take(stream->lock);
  stream->closer = op;
  close_locked(stream, abort ? HWS_CODE_CANCELED : HWS_CODE_NONE, &ended);
  lock_drop(stream->lock);
  op_deliver(&ended);
  stream->class->kick(stream, KICK_NOW);
  object_unpin(&stream->object);
  return op_leave(op);
}

void stream_hurry(struct stream *stream) {
  struct op_list ended = {0};
  lock_take(stream->lock);
  stream->hurried = true;
  /* rare: the close of the carrier is about to be called */
  if (stream->closing && !stream->closed) stream->class->close(stream, &ended);
  lock_drop(stream->lock);
  op_deliver(&ended);
  stream->class->kick(stream, KICK_NOW);
}

bool stream_is_sendable(struct stream *stream) {
  lock_take(stream->lock);
  bool open = stream->out == OUT_OPEN;
  lock_drop(stream->lock);
  return open;
}

struct cause *stream_cause(struct stream *stream, bool sending, int status) {
  lock_take(stream->lock);
  struct cause *kept = sending ? stream->cause_out : stream->cause_in;
  struct cause *cause = cause_ref(kept ? kept : cause_plain(status));
  lock_drop(stream->lock);
  return cause;
}
