/* SPDX-License-Identifier: Apache-2.0
 *
 * The ops of a stream, as a user or the core itself submits them.
 *
 * All have one shape: under the lock, what can be answered at once is; else an op is made, put in its list and armed;
 * then, with the lock dropped, the class is kicked, and an op that ended meanwhile is still answered at once.
 */
#include "core/refused.h"
#include "core/runtime.h"
#include "core/stream.h"

/* ---- revoking ---- */

static struct op_list *list_of(struct stream *stream, const struct op *op) {
  switch (op->event.kind) {
  case HWS_KIND_SEND:
  case HWS_KIND_SENDFILE:
  case HWS_KIND_SHUTDOWN:
    return &stream->sends;
  case HWS_KIND_RECV:
  case HWS_KIND_ACQUIRE:
    return &stream->recvs;
  default:
    return &stream->watches;
  }
}

static void revoke_locked(struct stream *stream, struct op *op, int status, struct op_list *ended) {
  struct op_list *list = list_of(stream, op);
  if (list == &stream->sends && !stream->class->unsend(stream, op, status)) return;
  if (list == &stream->recvs && !stream->class->unwant(stream, op, status)) return;
  if (!op->listed) return; /* it is on its way here, or its memory is in use and its end decided */
  op_list_remove(list, op);
  if (op->event.kind == HWS_KIND_SHUTDOWN) stream->out = OUT_OPEN;
  op_end_early(op, status, ended);
  if (op->source) stream->class->push(stream); /* what stands behind it no longer waits for a file */
}

/* A close that is not to wait any longer aborts what it waited for. */
static void revoke_close(struct stream *stream, struct op *op, int status, struct op_list *ended) {
  struct cause *cause = cause_make(status, 0, status == HWS_E_DEADLINE ? HWS_CODE_DEADLINE : HWS_CODE_CANCELED,
                                   "the close was not waited for");
  stream->closer = NULL;
  stream_end(stream, cause, true, ended);
  stream->class->abort(stream);
  op->event.data = stream_give_up(stream);
  op_end_early(op, status, ended);
  cause_unref(cause);
}

void stream_revoke(struct op *op) {
  struct stream *stream = (struct stream *)op->on;
  struct op_list ended = {0};
  lock_take(stream->lock);
  if (stream->closer == op)
    revoke_close(stream, op, op_asked(op), &ended);
  else if (op->event.kind != HWS_KIND_CLOSE && atomic_load(&op->state) != OP_ENDED)
    revoke_locked(stream, op, op_asked(op), &ended);
  lock_drop(stream->lock);
  op_deliver(&ended);
  stream->class->kick(stream, KICK_NOW);
}

/* ---- answering and leaving ---- */

/* CAN-3: it is over before it began. */
static int answer_early(struct stream *stream, const struct request *request, enum hws_kind kind, int verdict) {
  struct hws_event event = {
      .object = stream->object.handle, .kind = (uint16_t)kind, .status = verdict, .flags = HWS_EVENT_OP};
  return request_answer(request, &stream->object, &event);
}

/* Nobody can use it yet, or nobody any more who has its handle. */
static int unusable(const struct stream *stream) {
  if (stream->ready) return refused_say(HWS_E_HANDLE, "a session has taken the stream");
  return refused_say(HWS_E_BUSY, "the stream is not connected yet");
}

static int answer(struct stream *stream, const struct request *request, enum hws_kind kind, const struct cause *cause,
                  uint64_t bytes) {
  struct hws_event event = {.object = stream->object.handle, .kind = (uint16_t)kind, .bytes = bytes};
  if (cause) {
    event.status = cause->status;
    event.code = cause->code;
    event.flags = cause->flags;
  }
  return request_answer(request, &stream->object, &event);
}

/* Lock held; drops it, and has the class do what it put off. */
static void drop_and_kick(struct stream *stream, enum stream_kick kick) {
  bool due = stream->class->due(stream, kick);
  lock_drop(stream->lock);
  if (due) stream->class->kick(stream, kick);
}

/* Put an armed op where it pends; ends it there when its scope or deadline says so. Lock held. */
static void enlist(struct op_list *list, struct op *op, const struct request *request) {
  struct op_list none = {0}; /* an op in submission stays with its submitter */
  op_list_append(list, op);
  int status = op_arm(op, request);
  if (status == HWS_OK) return;
  op_list_remove(list, op);
  op_end_early(op, status, &none);
}

static struct op *make(struct stream *stream, const struct request *request, enum hws_kind kind, int *status) {
  return op_new(request, stream->object.runtime, &stream->object, kind, stream_revoke, status);
}

/* ---- send ---- */

/* Of a call that had the stream before it was closed: what became of the close is the close's own to tell. */
static const struct cause *send_cause(const struct stream *stream) {
  return stream->closing ? cause_plain(HWS_E_CLOSED) : stream_out_cause(stream);
}

static uint64_t total_of(const struct hws_vec *vec, uint32_t count) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; i++) total += vec[i].len;
  return total;
}

static enum stream_kick kick_of(const struct request *request) {
  return request->flags & HWS_MORE ? KICK_LATER : KICK_NOW;
}

static int send_slow(struct stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total,
                     const struct request *request) {
  int status = HWS_OK;
  struct op *op = make(stream, request, HWS_KIND_SEND, &status);
  if (op && (status = op_set_vec(op, vec, count, total)) != HWS_OK) op_discard(op);
  if (!op || status != HWS_OK) {
    lock_drop(stream->lock);
    return status;
  }
  op->eom = request->flags & HWS_EOM;
  op->more = (request->flags & HWS_MORE) && !op->eom;
  enlist(&stream->sends, op, request);
  stream->class->push(stream);
  drop_and_kick(stream, kick_of(request));
  return op_submitted(op, request);
}

/* What can be answered at once: bytes that are copied, a message's end, or that there is room. */
static bool take(struct stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total, uint32_t flags,
                 uint64_t *taken) {
  if (!total) return flags & HWS_EOM ? stream->class->take_end(stream) : stream->class->writable(stream);
  if ((flags & HWS_EOM) && !stream->class->may_end(stream)) return false;
  *taken = stream->class->take(stream, vec, count, total, flags & HWS_TRY);
  if (*taken == total && (flags & HWS_EOM)) stream->class->take_end(stream);
  return *taken;
}

/* True: locked, and something can be sent. False: not locked, and *result is the answer. */
static bool may_send(struct stream *stream, enum hws_kind kind, const struct request *request, int *result) {
  int verdict = request_verdict(request);
  if (verdict != HWS_OK) {
    *result = answer_early(stream, request, kind, verdict);
    return false;
  }
  lock_take(stream->lock);
  const struct cause *cause = send_cause(stream);
  bool refused = true;
  if (!stream->usable) {
    *result = unusable(stream);
  } else if (cause) {
    struct cause *kept = cause_ref((struct cause *)(uintptr_t)cause);
    lock_drop(stream->lock);
    *result = answer(stream, request, kind, kept, 0);
    cause_unref(kept);
    return false;
  } else if ((request->flags & HWS_EOM) && !stream->class->messages(stream)) {
    *result = refused_say(HWS_E_UNSUPPORTED, "HWS_EOM: the stream keeps no messages"); /* MUX-23 */
  } else {
    refused = false;
  }
  if (refused) lock_drop(stream->lock);
  return !refused;
}

/* Never at once, as a disk may have to be waited for. */
int stream_sendfile(struct stream *stream, const struct file_part *part, const struct request *request) {
  int status = HWS_OK;
  if (!may_send(stream, HWS_KIND_SENDFILE, request, &status)) return status;
  bool direct = stream->class->sends_files && stream->class->sends_files(stream);
  struct op *op = request->flags & HWS_TRY ? NULL : make(stream, request, HWS_KIND_SENDFILE, &status);
  if (op && (status = source_attach(op, part, direct)) != HWS_OK) op_discard(op);
  if (!op || status != HWS_OK) {
    lock_drop(stream->lock);
    return status != HWS_OK ? status : HWS_E_AGAIN;
  }
  op->eom = request->flags & HWS_EOM;
  op->more = (request->flags & HWS_MORE) && !op->eom;
  enlist(&stream->sends, op, request);
  source_start(op);
  lock_drop(stream->lock);
  return op_submitted(op, request);
}

int stream_send(struct stream *stream, const struct hws_vec *vec, uint32_t count, const struct request *request) {
  uint64_t total = total_of(vec, count);
  int result = HWS_OK;
  if (!may_send(stream, HWS_KIND_SEND, request, &result)) return result;
  uint64_t taken = 0;
  bool first = !stream->sends.first && request->out;
  if (first && take(stream, vec, count, total, request->flags, &taken)) {
    drop_and_kick(stream, kick_of(request));
    return answer(stream, request, HWS_KIND_SEND, NULL, taken);
  }
  return send_slow(stream, vec, count, total, request);
}

/* ---- recv and acquire ---- */

/* Lock held: what is there, or why there will be nothing. True: *event is the answer. */
static bool recv_now(struct stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total,
                     struct hws_event *event) {
  if (stream->closing) { /* also when one that the close ended still stands in the list */
    event->status = HWS_E_CLOSED;
    return true;
  }
  if (stream->recvs.first) return false;
  bool empty = !stream_has_input(stream);
  const struct cause *cause = empty ? stream_in_cause(stream) : NULL;
  if (event->kind == HWS_KIND_RECV && !total) return !empty || cause;
  if (cause) {
    event->status = cause->status;
    event->code = cause->code;
    event->flags = cause->flags;
    return true;
  }
  if (empty) return false;
  if (event->kind == HWS_KIND_ACQUIRE) {
    event->status = lease_make(stream, event);
    return true;
  }
  stream_read(stream, vec, count, event);
  return true;
}

/* The op path: also for what is there already, when the event has to go to a queue. Lock held; drops it. */
static int recv_slow(struct stream *stream, enum hws_kind kind, const struct hws_vec *vec, uint32_t count,
                     uint64_t total, const struct request *request) {
  int status = HWS_OK;
  struct op *op = make(stream, request, kind, &status);
  if (status == HWS_OK && (status = op_set_vec(op, vec, count, total)) != HWS_OK) op_discard(op);
  if (status != HWS_OK) {
    lock_drop(stream->lock);
    return status;
  }
  struct op_list none = {0};
  if (recv_now(stream, op->vec, count, total, &op->event)) {
    op_end(op, op->event.status, &none);
  } else {
    enlist(&stream->recvs, op, request);
    stream->class->want(stream);
  }
  drop_and_kick(stream, KICK_CONTROL);
  return op_submitted(op, request);
}

static int recv_any(struct stream *stream, enum hws_kind kind, const struct hws_vec *vec, uint32_t count,
                    const struct request *request) {
  struct hws_event event = {.object = stream->object.handle, .kind = (uint16_t)kind};
  uint64_t total = total_of(vec, count);
  int verdict = request_verdict(request);
  if (verdict != HWS_OK) return answer_early(stream, request, kind, verdict);
  lock_take(stream->lock);
  if (!stream->usable && (stream->ready || stream->in == IN_OPEN)) {
    verdict = unusable(stream);
    lock_drop(stream->lock);
    return verdict;
  }
  if (request->out && recv_now(stream, vec, count, total, &event)) {
    drop_and_kick(stream, KICK_CONTROL);
    return request_answer(request, &stream->object, &event);
  }
  if ((request->flags & HWS_TRY) && stream->class->buffered) {
    lock_drop(stream->lock);
    return HWS_E_AGAIN;
  }
  return recv_slow(stream, kind, vec, count, total, request);
}

int stream_recv(struct stream *stream, const struct hws_vec *vec, uint32_t count, const struct request *request) {
  return recv_any(stream, HWS_KIND_RECV, vec, count, request);
}

int stream_acquire(struct stream *stream, const struct request *request) {
  return recv_any(stream, HWS_KIND_ACQUIRE, NULL, 0, request);
}

/* ---- shutdown, watch ---- */

int stream_shutdown(struct stream *stream, const struct request *request) {
  int status = request_verdict(request);
  if (status != HWS_OK) return answer_early(stream, request, HWS_KIND_SHUTDOWN, status);
  lock_take(stream->lock);
  if (!stream->usable) {
    status = unusable(stream);
    lock_drop(stream->lock);
    return status;
  }
  struct op *op = make(stream, request, HWS_KIND_SHUTDOWN, &status);
  if (!op) {
    lock_drop(stream->lock);
    return status;
  }
  const struct cause *cause = send_cause(stream);
  struct op_list none = {0};
  if (cause) {
    op_fail(op, cause, &none);
  } else {
    enlist(&stream->sends, op, request);
    if (op->listed) {
      stream->out = OUT_ENDING;
      stream->class->push(stream);
    }
  }
  drop_and_kick(stream, KICK_NOW);
  return op_submitted(op, request);
}

int stream_watch(struct stream *stream, const struct request *request) {
  int status = request_verdict(request);
  if (status != HWS_OK) return answer_early(stream, request, HWS_KIND_WATCH, status);
  lock_take(stream->lock);
  bool taken = stream->ready && !stream->usable;
  if (taken) status = unusable(stream);
  struct op *op = taken ? NULL : make(stream, request, HWS_KIND_WATCH, &status);
  struct op_list none = {0};
  if (op && !stream_is_over(stream))
    enlist(&stream->watches, op, request);
  else if (op && stream->cause)
    op_fail(op, stream->cause, &none);
  else if (op)
    op_end(op, HWS_OK, &none);
  lock_drop(stream->lock);
  return op ? op_submitted(op, request) : status;
}
