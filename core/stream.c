/* SPDX-License-Identifier: Apache-2.0
 *
 * The states of a stream, and how its ends reach the ops that wait for them.
 */
#include "core/stream.h"

#include <stdlib.h>

#include "core/runtime.h"

int stream_init(struct stream *stream, const struct stream_class *class, struct runtime *runtime, struct lock *lock) {
  stream->class = class;
  stream->lock = lock;
  return object_init(&stream->object, &class->object, runtime);
}

void stream_fini(struct stream *stream) {
  if (stream->life) life_detach(stream->life);
  free(stream->life);
  stream_drop_input(stream);
  free(stream->marks);
  cause_unref(stream->cause);
  cause_unref(stream->cause_in);
  cause_unref(stream->cause_out);
  object_retire(&stream->object);
}

void stream_made(struct stream *stream) {
  struct op *maker = stream->maker;
  stream->maker = NULL;
  if (maker) object_unpin(&maker->object);
}

bool stream_is_over(const struct stream *stream) {
  return stream->in != IN_OPEN && stream->out >= OUT_SHUT;
}

/* ---- causes ---- */

const struct cause *stream_in_cause(const struct stream *stream) {
  if (stream->in == IN_OPEN) return NULL;
  return stream->cause_in ? stream->cause_in : cause_plain_remote(HWS_E_EOF);
}

const struct cause *stream_out_cause(const struct stream *stream) {
  if (stream->out == OUT_OPEN && !stream->closing) return NULL;
  return stream->cause_out ? stream->cause_out : cause_plain(HWS_E_CLOSED);
}

/* The first cause is that of a direction which was stopped before, if one was. */
const struct cause *stream_last_cause(const struct stream *stream) {
  if (!stream->cause_out) return stream->cause_in;
  return stream->cause_in && stream->cause_in != stream->cause ? stream->cause_in : stream->cause_out;
}

/* Each direction keeps what ended it, and the stream what was first. */
static void keep_cause(struct stream *stream, struct cause **direction, struct cause *cause) {
  if (!stream->cause) stream->cause = cause_ref(cause);
  *direction = cause_ref(cause);
}

static void fail_all(struct op_list *list, const struct cause *cause, struct op_list *ended) {
  for (struct op *op; (op = list->first);) {
    op_list_remove(list, op);
    op_fail(op, cause, ended);
  }
}

/* Both ends or a cause: watchers learn. */
static void tell_watchers(struct stream *stream, struct op_list *ended) {
  if (!stream_is_over(stream)) return;
  for (struct op *op; (op = stream->watches.first);) {
    op_list_remove(&stream->watches, op);
    if (stream->cause)
      op_fail(op, stream->cause, ended);
    else
      op_end(op, HWS_OK, ended);
  }
}

/* ---- ends ---- */

/* At an end, readiness is an answer, and the others learn why. */
static void end_recvs(struct stream *stream, const struct cause *cause, struct op_list *ended) {
  for (struct op *op; (op = stream->recvs.first);) {
    op_list_remove(&stream->recvs, op);
    if (op->event.kind == HWS_KIND_RECV && !op->total)
      op_end(op, HWS_OK, ended);
    else
      op_fail(op, cause, ended);
  }
}

void stream_eof(struct stream *stream, struct op_list *ended) {
  if (stream->in != IN_OPEN) return;
  stream->in = IN_EOF;
  end_recvs(stream, cause_plain_remote(HWS_E_EOF), ended);
  tell_watchers(stream, ended);
}

void stream_shut(struct stream *stream, struct op_list *ended) {
  if (stream->out >= OUT_SHUT) return;
  stream->out = OUT_SHUT;
  tell_watchers(stream, ended);
}

static void void_input(struct stream *stream, struct cause *cause, struct op_list *ended) {
  stream->class->hold_in(stream);
  stream->in = IN_ENDED;
  stream->discarded = true;
  keep_cause(stream, &stream->cause_in, cause);
  stream_drop_input(stream);
  end_recvs(stream, cause, ended);
  tell_watchers(stream, ended);
}

void stream_end_in(struct stream *stream, struct cause *cause, struct op_list *ended) {
  if (stream->in == IN_OPEN) void_input(stream, cause, ended);
}

void stream_void(struct stream *stream, struct cause *cause, struct op_list *ended) {
  if (stream->in == IN_EOF && stream_has_input(stream)) void_input(stream, cause, ended);
}

void stream_end_out(struct stream *stream, struct cause *cause, struct op_list *ended) {
  if (stream->out >= OUT_SHUT) return;
  stream->class->hold_out(stream);
  stream->out = OUT_ENDED;
  keep_cause(stream, &stream->cause_out, cause);
  fail_all(&stream->sends, cause, ended);
  tell_watchers(stream, ended);
}

/* A direction that had ended stays as it was, with its answer and what it has left: what came before the end was
 * complete. */
void stream_end(struct stream *stream, struct cause *cause, bool discard, struct op_list *ended) {
  bool in = stream->in == IN_OPEN;
  bool out = stream->out < OUT_SHUT;
  if (in) stream->class->hold_in(stream);
  if (out) stream->class->hold_out(stream);
  if (in) keep_cause(stream, &stream->cause_in, cause);
  if (out) keep_cause(stream, &stream->cause_out, cause);
  if (in) stream->in = IN_ENDED;
  if (out) stream->out = OUT_ENDED;
  if (in && discard) {
    stream->discarded = true;
    stream_drop_input(stream);
  }
  if (in) end_recvs(stream, cause, ended);
  if (out) fail_all(&stream->sends, cause, ended);
  if (in || out) tell_watchers(stream, ended);
}

uint64_t stream_give_up(struct stream *stream) {
  if (stream->class->lose) stream->class->lose(stream);
  return stream->lost;
}

void stream_closed(struct stream *stream, struct op_list *ended) {
  struct op *op = stream->closer;
  stream->closed = true;
  stream->closer = NULL;
  fail_all(&stream->watches, cause_plain(HWS_E_CLOSED), ended);
  if (!op) return;
  op->event.data = stream->lost;
  if (op->outcome)
    op_end(op, op->outcome, ended);
  else if (!stream->lost || stream->forsaken)
    op_end(op, HWS_OK, ended);
  else
    op_fail(op, stream_out_cause(stream), ended);
}
