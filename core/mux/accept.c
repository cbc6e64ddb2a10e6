/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams that the peer opens, on their way to the application: they wait for an accept, or an accept for them.
 */
#include "core/mux/mux.h"

struct mux_stream *mux_admit_peer(struct mux *mux, uint32_t id, struct mux_native *native, struct op_list *ended) {
  struct op *op = mux->accepts.first;
  int status = HWS_OK;
  struct mux_stream *stream = op ? op->result : mux_stream_new(mux, false, &status);
  if (!stream) return NULL;
  stream->id = id;
  status = table_add(mux, stream);
  if (status != HWS_OK) {
    stream->id = 0;
    if (!op) mux_stream_discard(stream);
    return NULL;
  }
  stream->native = native;
  stream->on_wire = true;
  mux_stream_know(stream);
  mux_count(mux, SESSION_STREAMS_ACCEPTED, 1);
  stream->cost = (uint32_t)sizeof *stream + (native ? native->head_len : 0);
  hold_add(&mux->holder, stream->cost);
  if (op) {
    stream->accepted = true;
    mux_take_awaited(&mux->accepts, op);
    op_end(op, HWS_OK, ended);
    object_unpin(&stream->stream.object);
  } else {
    stream->next_inbound = NULL;
    stream->prev_inbound = mux->inbound_last;
    *(mux->inbound_last ? &mux->inbound_last->next_inbound : &mux->inbound) = stream;
    mux->inbound_last = stream;
    mux->inbound_count++;
  }
  /* At once, not at the application's accept: a plain opener may give up without it. A native one needs it only for
   * the credit that it brings (wire.md). */
  if (!mux->native || flow_extra(stream)) schedule_control(stream, WANT_ACK);
  return stream;
}

static struct mux_stream *take_inbound(struct mux *mux) {
  struct mux_stream *stream = mux->inbound;
  mux_forget_inbound(stream);
  stream->accepted = true;
  return stream;
}

int session_accept(struct session *session, struct scope *life, const struct request *request, hws_handle *handle) {
  struct mux *mux = (struct mux *)session;
  struct op_list ended = {0};
  int status = HWS_OK;
  lock_take(&mux->lock);
  if (!mux->inbound && (mux->leaving || mux->state == SESSION_DRAINING || mux->state == SESSION_ENDED))
    return mux_refuse(mux, request, HWS_KIND_ACCEPT, mux_going(mux));
  bool there = mux->inbound; /* then none waits: it would have been its */
  if (!there && (request->flags & HWS_TRY)) status = HWS_E_AGAIN;
  struct op *op = NULL;
  if (status == HWS_OK && !(there && request->out))
    op = op_new(request, session->object.runtime, &session->object, HWS_KIND_ACCEPT, mux_revoke, &status);
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
    mux_await(&mux->accepts, op, stream, request, &ended);
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
