/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting a session, and opening and accepting its streams.
 */
#include <stdlib.h>

#include "core/mux/mux.h"

enum { ERROR_MAX = 256 };

static struct mux *self(struct session *session) {
  return (struct mux *)session;
}

/* ---- start ---- */

static void mux_free(struct object *object) {
  struct mux *mux = (struct mux *)object;
  struct stream *under = mux->under;
  member_remove(object->runtime, &mux->member);
  life_detach(&mux->life);
  reader_free(mux);
  cause_unref(mux->cause);
  cause_unref(mux->cause_serving);
  cause_unref(mux->deaf);
  free(mux->table);
  object_retire(object);
  free(mux);
  object_unpin(&under->object);
}

static const struct object_class mux_class = {.type = OBJECT_SESSION, .free = mux_free};

static void session_over(struct object *object) {
  session_end((struct session *)object, cause_make(HWS_E_CLOSED, 0, HWS_CODE_SHUTTING_DOWN, "the runtime was closed"));
}

static void life_over(struct object *object, struct cause *cause) {
  session_end((struct session *)object, cause_ref(cause));
}

static int check_config(struct runtime *runtime, const struct hws_session_config *config, uint64_t *values) {
  char error[ERROR_MAX];
  if (config->flags || config->mode > HWS_MODE_NATIVE || config->role > HWS_ROLE_SERVER) return HWS_E_INVAL;
  if (config->mode > HWS_MODE_YAMUX)
    return runtime_refuse(runtime, cause_make(HWS_E_UNSUPPORTED, 0, 0, "only plain yamux is spoken yet"));
  int status = mux_settings(config->settings, values, error, sizeof error);
  return status == HWS_OK ? HWS_OK : runtime_refuse(runtime, cause_make(status, 0, 0, "session: %s", error));
}

/* Take the stream from its user: nobody may have an op on it. Its handle is stale then, and its pin ours. */
static int consume(struct stream *under) {
  lock_take(under->lock);
  int status = HWS_OK;
  if (under->recvs.first || under->sends.first || under->watches.first || under->leases || !under->ready)
    status = HWS_E_BUSY;
  else if (under->depth >= NEST_MAX)
    status = HWS_E_LIMIT;
  else if (under->in != IN_OPEN || under->out != OUT_OPEN)
    status = under->cause ? under->cause->status : HWS_E_CLOSED;
  else if (!object_close(&under->object))
    status = HWS_E_HANDLE;
  lock_drop(under->lock);
  return status;
}

static int mux_new(struct stream *under, const struct hws_session_config *config, struct mux **out) {
  struct runtime *runtime = under->object.runtime;
  struct mux *mux = calloc(1, sizeof *mux);
  if (!mux) return HWS_E_NOMEM;
  int status = check_config(runtime, config, mux->settings);
  if (status == HWS_OK) status = object_init(&mux->session.object, &mux_class, runtime);
  if (status != HWS_OK) {
    free(mux);
    return status;
  }
  bool dialled = under->dialled;
  mux->client = config->role == HWS_ROLE_DEFAULT ? dialled : config->role == HWS_ROLE_CLIENT;
  mux->next_id = mux->client ? 1 : 2;
  mux->under = under;
  mux->depth = (uint8_t)(under->depth + 1);
  object_pin(&under->object);
  guard_init(mux);
  reader_init(mux);
  writer_init(mux);
  mux_end_init(mux);
  *out = mux;
  return HWS_OK;
}

int session_start(struct stream *under, const struct hws_session_config *config, struct scope *life,
                  struct session **out) {
  struct mux *mux = NULL;
  int status = mux_new(under, config, &mux);
  if (status != HWS_OK) return status;
  status = member_add(under->object.runtime, &mux->member, &mux->session.object, session_over);
  if (status == HWS_OK) status = consume(under);
  if (status != HWS_OK) {
    object_close(&mux->session.object);
    object_unpin(&mux->session.object);
    return status;
  }
  *out = &mux->session;
  alive_start(mux);
  reader_start(mux);
  if (life && life_attach(&mux->life, life, &mux->session.object, life_over) != HWS_OK)
    session_end(&mux->session, cause_ref(life->cause));
  return HWS_OK;
}

/* ---- open ---- */

static bool has_room(const struct mux *mux) {
  return mux->unacked < UNACKED_MAX && mux->streams < STREAMS_PLAIN_MAX;
}

/* Why nothing can be opened; NULL: it can. */
static struct cause *no_open(const struct mux *mux) {
  if (mux->state == SESSION_RUNNING && mux->peer_away) return cause_plain(HWS_E_CLOSED);
  if (mux->state == SESSION_RUNNING) return mux->next_id > UINT32_MAX ? cause_plain(HWS_E_LIMIT) : NULL;
  return mux->cause ? mux->cause : mux->deaf ? mux->deaf : cause_plain(HWS_E_CLOSED);
}

/* The open stands in the schedule, with as much of its first payload as is taken. */
static uint64_t begin(struct mux_stream *stream, const struct hws_vec *payload, uint32_t count) {
  mux_stream_know(stream);
  mux_count(stream->mux, SESSION_STREAMS_OPENED, 1);
  uint64_t taken = count ? flow_take(stream, payload, count, 0, true) : 0;
  schedule_control(stream, WANT_SYN);
  return taken;
}

/* Off the list; the stream is made, or never will be. Its pin goes to the caller. */
static struct mux_stream *take_awaited(struct op_list *list, struct op *op) {
  struct mux_stream *stream = op->result;
  op_list_remove(list, op);
  stream_made(&stream->stream);
  return stream;
}

void mux_admit(struct mux *mux, struct op_list *ended) {
  struct cause *cause = no_open(mux);
  for (struct op *op; (op = mux->opens.first) && (cause || has_room(mux));) {
    struct mux_stream *stream = take_awaited(&mux->opens, op);
    if (cause) {
      stream_end(&stream->stream, cause, true, ended);
      op_fail(op, cause, ended);
    } else {
      op->event.bytes = begin(stream, op->vec, op->vec_count);
      op_end(op, HWS_OK, ended);
    }
    object_unpin(&stream->stream.object);
  }
}

/* Opens, accepts and watches. */
static void revoke(struct op *op, int status) {
  struct mux *mux = (struct mux *)op->on;
  struct op_list ended = {0};
  struct op_list *list = op->event.kind == HWS_KIND_OPEN     ? &mux->opens
                         : op->event.kind == HWS_KIND_ACCEPT ? &mux->accepts
                                                             : &mux->watches;
  lock_take(&mux->lock);
  if (atomic_load(&op->state) != OP_ENDED && op->listed) {
    struct mux_stream *stream = op->result ? take_awaited(list, op) : NULL;
    op_list_remove(list, op);
    op_end(op, status, &ended);
    if (stream) {
      stream_end(&stream->stream, cause_plain(status), true, &ended);
      object_unpin(&stream->stream.object);
    }
  }
  mux_leave(mux, &ended);
}

/* An op that makes a stream and has to wait. Pins the stream. Lock held. */
static void await(struct op_list *list, struct op *op, struct mux_stream *stream, const struct request *request,
                  struct op_list *ended) {
  op->result = stream;
  op->event.object = stream->stream.object.handle;
  op_list_append(list, op);
  int status = op_arm(op, request);
  if (status != HWS_OK) {
    op_list_remove(list, op);
    op_end(op, status, ended);
    stream_end(&stream->stream, cause_plain(status), true, ended);
  } else {
    object_pin(&stream->stream.object);
    object_pin(&op->object);
    stream->stream.maker = op;
  }
}

static void discard_stream(struct mux_stream *stream) {
  object_close(&stream->stream.object);
  object_unpin(&stream->stream.object);
}

/* Lock held; dropped. */
static int fail(struct mux *mux, const struct request *request, enum hws_kind kind, const struct cause *cause) {
  struct hws_event event = {
      .kind = (uint16_t)kind, .status = cause->status, .code = cause->code, .flags = cause->flags};
  lock_drop(&mux->lock);
  return request_answer(request, &mux->session.object, &event);
}

int session_open(struct session *session, const struct hws_open_config *config, struct scope *life,
                 const struct request *request, hws_handle *handle) {
  struct mux *mux = self(session);
  struct op_list ended = {0};
  int status = HWS_OK;
  lock_take(&mux->lock);
  const struct cause *cause = no_open(mux);
  if (cause) return fail(mux, request, HWS_KIND_OPEN, cause);
  bool at_once = has_room(mux) && !mux->opens.first;
  if (!at_once && (request->flags & HWS_TRY)) status = HWS_E_AGAIN;
  struct mux_stream *stream = status == HWS_OK ? mux_stream_new(mux, true, &status) : NULL;
  struct op *op = NULL;
  if (status == HWS_OK && !(at_once && request->out)) {
    op = op_new(request, session->object.runtime, &session->object, HWS_KIND_OPEN, revoke, &status);
    if (status == HWS_OK) {
      status = op_set_vec(op, config->payload, config->payload_count, 0);
      if (status != HWS_OK) op_discard(op);
    }
    if (status != HWS_OK) discard_stream(stream);
  }
  if (status != HWS_OK) {
    lock_drop(&mux->lock);
    return status;
  }
  *handle = stream->stream.object.handle;
  struct hws_event event = {.object = *handle, .kind = HWS_KIND_OPEN};
  if (at_once) {
    event.bytes = begin(stream, config->payload, config->payload_count);
    if (op) {
      op->event.bytes = event.bytes;
      op->event.object = *handle;
      op_end(op, HWS_OK, &ended);
    }
  } else {
    await(&mux->opens, op, stream, request, &ended);
  }
  object_pin(&stream->stream.object);
  mux_leave(mux, &ended);
  stream_live(&stream->stream, life);
  object_unpin(&stream->stream.object);
  if (at_once) writer_kick(mux, request->flags & HWS_MORE ? KICK_LATER : KICK_NOW);
  return op ? op_submitted(op, request) : request_answer(request, &session->object, &event);
}

/* ---- accept ---- */

struct mux_stream *mux_admit_peer(struct mux *mux, uint32_t id, struct op_list *ended) {
  struct op *op = mux->accepts.first;
  int status = HWS_OK;
  struct mux_stream *stream = op ? op->result : mux_stream_new(mux, false, &status);
  if (!stream) return NULL;
  stream->id = id;
  status = table_add(mux, stream);
  if (status != HWS_OK) {
    stream->id = 0;
    if (!op) discard_stream(stream);
    return NULL;
  }
  stream->on_wire = true;
  mux_stream_know(stream);
  mux_count(mux, SESSION_STREAMS_ACCEPTED, 1);
  if (op) {
    stream->accepted = true;
    take_awaited(&mux->accepts, op);
    op_end(op, HWS_OK, ended);
    object_unpin(&stream->stream.object);
  } else {
    stream->next_inbound = NULL;
    *(mux->inbound_last ? &mux->inbound_last->next_inbound : &mux->inbound) = stream;
    mux->inbound_last = stream;
    mux->inbound_count++;
  }
  /* At once, not at the application's accept: an opener may give up without it (wire.md). */
  schedule_control(stream, WANT_ACK);
  return stream;
}

static struct mux_stream *take_inbound(struct mux *mux) {
  struct mux_stream *stream = mux->accepts.first ? NULL : mux->inbound;
  if (!stream) return NULL;
  mux->inbound = stream->next_inbound;
  if (!mux->inbound) mux->inbound_last = NULL;
  mux->inbound_count--;
  stream->accepted = true;
  stream->next_inbound = NULL;
  return stream;
}

int session_accept(struct session *session, struct scope *life, const struct request *request, hws_handle *handle) {
  struct mux *mux = self(session);
  struct op_list ended = {0};
  int status = HWS_OK;
  lock_take(&mux->lock);
  if (!mux->inbound && (mux->state == SESSION_DRAINING || mux->state == SESSION_ENDED))
    return fail(mux, request, HWS_KIND_ACCEPT, mux->cause ? mux->cause : cause_plain(HWS_E_CLOSED));
  bool there = mux->inbound && !mux->accepts.first;
  if (!there && (request->flags & HWS_TRY)) status = HWS_E_AGAIN;
  struct op *op = NULL;
  if (status == HWS_OK && !(there && request->out))
    op = op_new(request, session->object.runtime, &session->object, HWS_KIND_ACCEPT, revoke, &status);
  struct mux_stream *stream = NULL;
  if (status == HWS_OK) stream = there ? take_inbound(mux) : mux_stream_new(mux, false, &status);
  if (status != HWS_OK) {
    if (op) op_discard(op);
    lock_drop(&mux->lock);
    return status;
  }
  *handle = stream->stream.object.handle;
  struct hws_event event = {.object = *handle, .kind = HWS_KIND_ACCEPT};
  if (!there) {
    stream->accepted = true;
    await(&mux->accepts, op, stream, request, &ended);
  } else if (op) {
    op->event.object = *handle;
    op_end(op, HWS_OK, &ended);
  }
  object_pin(&stream->stream.object);
  mux_leave(mux, &ended);
  stream_live(&stream->stream, life);
  object_unpin(&stream->stream.object);
  return op ? op_submitted(op, request) : request_answer(request, &session->object, &event);
}

/* ---- watch, questions ---- */

int session_watch(struct session *session, const struct request *request) {
  struct mux *mux = self(session);
  struct op_list none = {0};
  int status = HWS_OK;
  if (request_watch_is_over(request, &session->object, &status)) return status;
  lock_take(&mux->lock);
  struct op *op = op_new(request, session->object.runtime, &session->object, HWS_KIND_WATCH, revoke, &status);
  if (op && mux->state == SESSION_ENDED) {
    op_fail(op, mux->cause, &none);
  } else if (op) {
    op_list_append(&mux->watches, op);
    status = op_arm(op, request);
    if (status != HWS_OK) {
      op_list_remove(&mux->watches, op);
      op_end(op, status, &none);
    }
  }
  lock_drop(&mux->lock);
  return op ? op_submitted(op, request) : status;
}

void session_detail(struct session *session, struct hws_detail *detail) {
  struct mux *mux = self(session);
  lock_take(&mux->lock);
  cause_tell(mux->cause ? mux->cause : mux->deaf, detail);
  lock_drop(&mux->lock);
}

int session_text(struct session *session, uint32_t which, char *text, uint32_t size) {
  struct stream *under = self(session)->under;
  return under->class->text(under, which, text, size);
}

uint64_t session_count_of(const struct session *session, enum session_counter counter) {
  return atomic_load_explicit(&((const struct mux *)session)->counters[counter], memory_order_relaxed);
}
