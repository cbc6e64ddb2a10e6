/* SPDX-License-Identifier: Apache-2.0
 *
 * Going away in order (MUX-15): nothing new is begun by either side, what runs finishes, and a native peer learns which
 * of its opens were not seen.
 */
#include "core/mux/mux.h"

void drain_check(struct mux *mux, struct op_list *ended) {
  if (mux->streams) return;
  for (struct op *op; (op = mux->drains.first);) {
    op_list_remove(&mux->drains, op);
    op_end(op, HWS_OK, ended);
  }
}

/* Lock held. */
static void leave(struct mux *mux, struct op_list *ended) {
  if (mux->leaving) return;
  mux->leaving = true;
  if (mux->native) mux->drain_wanted = true;
  mux_admit(mux, ended); /* those that wait for room learn that there will be none */
  struct cause *going = mux_going(mux);
  for (struct op *op; !mux->inbound && (op = mux->accepts.first);) {
    struct mux_stream *stream = mux_take_awaited(&mux->accepts, op);
    stream_end(&stream->stream, going, true, ended);
    op_fail(op, going, ended);
    object_unpin(&stream->stream.object);
  }
  cause_unref(going);
}

int session_shutdown(struct session *session, const struct request *request) {
  struct mux *mux = (struct mux *)session;
  struct op_list ended = {0};
  struct hws_event event = {.object = session->object.handle, .kind = HWS_KIND_SHUTDOWN};
  int status = request_judge(request, &event);
  if (status != HWS_OK) return request_answer(request, &session->object, &event);
  lock_take(&mux->lock);
  bool goes_on = mux->state == SESSION_RUNNING || mux->state == SESSION_DEAF;
  struct op *op = NULL;
  if (goes_on && mux->streams && (request->flags & HWS_TRY))
    status = HWS_E_AGAIN; /* before it has any effect */
  else
    op = op_new(request, session->object.runtime, &session->object, HWS_KIND_SHUTDOWN, mux_revoke, &status);
  if (!op) {
    lock_drop(&mux->lock);
    return status;
  }
  if (goes_on) leave(mux, &ended);
  if (!goes_on) {
    /* rare: closed since its handle was looked up */
    op_fail(op, mux->cause ? mux->cause : cause_plain(HWS_E_CLOSED), &ended);
  } else {
    op_list_append(&mux->drains, op);
    status = op_arm(op, request);
    if (status == HWS_OK) drain_check(mux, &ended);
    if (status != HWS_OK) {
      op_list_remove(&mux->drains, op);
      op_end_early(op, status, &ended);
    }
  }
  mux_leave(mux, &ended);
  writer_kick(mux, KICK_NOW);
  return op_submitted(op, request);
}

const char *drain_heard(struct mux *mux, uint32_t last_stream, struct op_list *ended) {
  const char *error = receive_farewell(mux);
  if (error) return error;
  struct cause *cause = cause_remote(HWS_E_REFUSED, HWS_CODE_SHUTTING_DOWN, "the peer goes away and has not seen it");
  for (struct mux_stream *stream = mux->all, *next; stream; stream = next) {
    next = stream->next;
    if (!stream->opener || (stream->on_wire && stream->id <= last_stream)) continue;
    stream->dead = true;
    stream->on_wire = false;
    stream_end(&stream->stream, cause, true, ended);
    mux_stream_drop(stream, ended);
  }
  cause_unref(cause);
  mux_admit(mux, ended);
  return NULL;
}
