/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening streams: at once where there is room and the wire is decided, else when there is.
 */
#include <assert.h>
#include <string.h>

#include "core/mux/mux.h"
#include "core/refused.h"
#include "core/text.h"

static bool has_room(const struct mux *mux) {
  if (!negotiate_is_decided(mux)) return false;
  if (mux->native) return mux->opened < mux->peer.streams_max;
  return mux->unacked < UNACKED_MAX && mux->streams < STREAMS_PLAIN_MAX;
}

struct cause *mux_going(const struct mux *mux) {
  if (mux->cause) return cause_ref(mux->cause);
  if (mux->leaving) return cause_make(HWS_E_CLOSED, 0, 0, "the session is going away: it was shut down here");
  return cause_make(HWS_E_CLOSED, 0, 0, "the session was closed");
}

struct cause *mux_no_open(const struct mux *mux) {
  if (mux->state != SESSION_RUNNING) return mux->deaf && !mux->cause ? cause_ref(mux->deaf) : mux_going(mux);
  if (mux->leaving) return mux_going(mux);
  if (mux->peer_away)
    return cause_by_peer(cause_make(HWS_E_CLOSED, 0, 0, "the peer is going away and takes no new streams"));
  if (mux->takes_none) return cause_ref(mux->takes_none);
  if (mux->next_id > UINT32_MAX) return cause_make(HWS_E_LIMIT, 0, 0, "the session has used all ids of streams");
  return NULL;
}

static struct cause *not_plain(void) {
  return cause_make(HWS_E_UNSUPPORTED, 0, 0, "the session speaks plain yamux: no names, metadata or messages");
}

/* MUX-23: what only native carries. */
static bool asks_for_native(const struct mux_stream *stream, uint32_t flags) {
  return (stream->native && stream->native->head) || (flags & HWS_EOM);
}

/* The open stands in the schedule, with as much of its first payload as is taken. */
static uint64_t begin(struct mux_stream *stream, const struct hws_vec *payload, uint32_t count, bool eom) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; i++) total += payload[i].len;
  mux_stream_know(stream);
  mux_count(stream->mux, SESSION_STREAMS_OPENED, 1);
  uint64_t taken = count ? flow_take(stream, payload, count, 0, true) : 0;
  if (eom && taken == total) flow_take_end(stream);
  schedule_control(stream, WANT_SYN);
  return taken;
}

/* ---- those that wait ---- */

struct mux_stream *mux_take_awaited(struct op_list *list, struct op *op) {
  struct mux_stream *stream = op->result;
  op_list_remove(list, op);
  stream_made(&stream->stream);
  return stream;
}

void mux_await(struct op_list *list, struct op *op, struct mux_stream *stream, const struct request *request,
               struct op_list *ended) {
  op->result = stream;
  op->event.object = stream->stream.object.handle;
  op_list_append(list, op);
  int status = op_arm(op, request);
  if (status != HWS_OK) {
    op_list_remove(list, op);
    op_end_early(op, status, ended);
    stream_end(&stream->stream, cause_plain(status), true, ended);
  } else {
    object_pin(&stream->stream.object);
    object_pin(&op->object);
    stream->stream.maker = op;
    op_makes(op, &stream->stream.object);
  }
}

static void admit_one(struct mux *mux, struct op *op, struct cause *cause, struct op_list *ended) {
  struct mux_stream *stream = mux_take_awaited(&mux->opens, op);
  struct cause *plain = !cause && !mux->native && asks_for_native(stream, op->eom ? HWS_EOM : 0) ? not_plain() : NULL;
  if (plain) cause = plain;
  if (cause) {
    stream_end(&stream->stream, cause, true, ended);
    op_fail(op, cause, ended);
  } else {
    op->event.bytes = begin(stream, op->vec, op->vec_count, op->eom);
    op_end(op, HWS_OK, ended);
  }
  cause_unref(plain);
  object_unpin(&stream->stream.object);
}

void mux_admit(struct mux *mux, struct op_list *ended) {
  if (!mux->opens.first) return;
  struct cause *cause = mux_no_open(mux);
  while (mux->opens.first && (cause || has_room(mux))) admit_one(mux, mux->opens.first, cause, ended);
  cause_unref(cause);
}

static struct op_list *list_of(struct mux *mux, const struct op *op) {
  switch (op->event.kind) {
  case HWS_KIND_OPEN:
    return &mux->opens;
  case HWS_KIND_ACCEPT:
    return &mux->accepts;
  case HWS_KIND_SHUTDOWN:
    return &mux->drains;
  default:
    return &mux->watches;
  }
}

void mux_revoke(struct op *op) {
  struct mux *mux = (struct mux *)op->on;
  struct op_list ended = {0};
  struct op_list *list = list_of(mux, op);
  int status = op_asked(op);
  lock_take(&mux->lock);
  if (atomic_load(&op->state) != OP_ENDED && op->listed) {
    struct mux_stream *stream = op->result ? mux_take_awaited(list, op) : NULL;
    struct cause *unmade = stream ? stream->stream.unmade : NULL;
    op_list_remove(list, op);
    op_end_unmade(op, status, unmade, &ended);
    if (stream) {
      bool by_stream = unmade && unmade->status == status;
      stream_end(&stream->stream, by_stream ? unmade : cause_plain(status), true, &ended);
      object_unpin(&stream->stream.object);
    }
  }
  mux_leave(mux, &ended);
}

/* ---- the call ---- */

void mux_stream_discard(struct mux_stream *stream) {
  object_close(&stream->stream.object);
  object_unpin(&stream->stream.object);
}

int mux_refuse(struct mux *mux, const struct request *request, enum hws_kind kind, struct cause *cause) {
  struct hws_event event = {
      .kind = (uint16_t)kind, .status = cause->status, .code = cause->code, .flags = cause->flags};
  cause_unref(mux->met);
  mux->met = cause;
  lock_drop(&mux->lock);
  return request_answer(request, &mux->session.object, &event);
}

/* Name and metadata as they stand in the frame. */
static int set_head(struct mux_stream *stream, const struct hws_open_config *config) {
  struct runtime *runtime = stream->stream.object.runtime;
  if (!config->name && !config->metadata_count) return HWS_OK;
  size_t name_len = config->name ? strnlen(config->name, OPEN_HEAD_MAX + 1) : 0;
  uint32_t size = open_head_size(config->name, name_len, config->metadata, config->metadata_count);
  if (!size && (name_len || config->metadata_count))
    return refused_say(HWS_E_INVAL, "open: name and metadata must fit %u bytes, in at most %u pairs with keys",
                       (unsigned)OPEN_HEAD_MAX, (unsigned)OPEN_PAIRS_MAX);
  if (!text_is_clean(config->name ? config->name : "", name_len))
    return refused_say(HWS_E_INVAL, "open: the name must be UTF-8 without control characters");
  if (!size) return HWS_OK;
  struct mux_native *native = mux_stream_native(stream);
  if (native) native->head = buffer_sized(runtime, size);
  if (!native || !native->head) return HWS_E_NOMEM;
  native->head_len = size;
  native->name_len = (uint32_t)name_len;
  open_encode_head(native->head->data, config->name, name_len, config->metadata, config->metadata_count);
  return HWS_OK;
}

/* The stream and, where it has to wait or to answer by a queue, the op. Lock held. */
static int make(struct mux *mux, const struct hws_open_config *config, const struct request *request, bool at_once,
                struct mux_stream **out_stream, struct op **out_op) {
  int status = HWS_OK;
  struct op *op = NULL;
  struct mux_stream *stream = mux_stream_new(mux, true, &status);
  if (!stream) return status;
  status = set_head(stream, config);
  if (status == HWS_OK && !mux->native && negotiate_is_decided(mux) && asks_for_native(stream, request->flags))
    status = refused_set(not_plain());
  if (status == HWS_OK && (request->flags & HWS_EOM) && !flow_may_end(stream)) status = HWS_E_NOMEM;
  if (status == HWS_OK && !(at_once && request->out)) {
    op = op_new(request, mux->session.object.runtime, &mux->session.object, HWS_KIND_OPEN, mux_revoke, &status);
    if (op && (status = op_set_vec(op, config->payload, config->payload_count, 0)) != HWS_OK) op_discard(op);
    if (op && status == HWS_OK) op->eom = request->flags & HWS_EOM;
  }
  if (status != HWS_OK) mux_stream_discard(stream);
  *out_stream = stream;
  *out_op = op;
  return status;
}

int session_open(struct session *session, const struct hws_open_config *config, struct scope *life,
                 const struct request *request, hws_handle *handle) {
  struct mux *mux = (struct mux *)session;
  struct op_list ended = {0};
  struct mux_stream *stream = NULL;
  struct op *op = NULL;
  lock_take(&mux->lock);
  struct cause *cause = mux_no_open(mux);
  if (cause) return mux_refuse(mux, request, HWS_KIND_OPEN, cause);
  bool at_once = has_room(mux) && !mux->opens.first;
  int status = HWS_E_AGAIN;
  if (at_once || !(request->flags & HWS_TRY)) status = make(mux, config, request, at_once, &stream, &op);
  if (status != HWS_OK) {
    lock_drop(&mux->lock);
    return status;
  }
  assert(stream);
  *handle = stream->stream.object.handle;
  struct hws_event event = {.object = *handle, .kind = HWS_KIND_OPEN};
  if (at_once) {
    event.bytes = begin(stream, config->payload, config->payload_count, request->flags & HWS_EOM);
    if (op) {
      op->event.bytes = event.bytes;
      op->event.object = *handle;
      op_end(op, HWS_OK, &ended);
    }
  } else {
    mux_await(&mux->opens, op, stream, request, &ended);
  }
  object_pin(&stream->stream.object);
  mux_leave(mux, &ended);
  stream_live(&stream->stream, life);
  object_unpin(&stream->stream.object);
  if (at_once) writer_kick(mux, request->flags & HWS_MORE ? KICK_LATER : KICK_NOW);
  return op ? op_submitted(op, request) : request_answer(request, &session->object, &event);
}
