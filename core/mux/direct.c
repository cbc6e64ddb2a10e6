/* SPDX-License-Identifier: Apache-2.0
 *
 * Direct reads: while the body of a large frame comes in and its stream has a recv that waits, the carrier reads
 * straight into that recv's memory, and what lies behind the body into the chunk as ever.
 *
 * Only over carriers that give memory back the moment they are told to (REVOKE). Who ends such a recv only marks it and
 * takes the read back; the end of the read ends the recv, with what had come until then.
 */
#include "core/mux/mux.h"

enum { DIRECT_MIN = 16 * 1024 }; /* below, a copy costs less than what this does */

static struct op *candidate(const struct mux *mux) {
  const struct mux_stream *stream = mux->body;
  struct op *op = stream ? stream->stream.recvs.first : NULL;
  if (!op || mux->parser.body_left < DIRECT_MIN || !mux->under->class->revocable(mux->under)) return NULL;
  if (op->event.kind != HWS_KIND_RECV || op->vec_count != 1 || op->total < DIRECT_MIN) return NULL;
  return stream->stream.leases ? NULL : op; /* one that comes back stands before what the read brings */
}

void direct_begin(struct mux *mux) {
  struct op *op = candidate(mux);
  struct op *read = &mux->read_op;
  if (!op) return;
  mux->direct = op;
  mux->direct_len = op->total < mux->parser.body_left ? (uint32_t)op->total : mux->parser.body_left;
  read->own_vec[1] = read->own_vec[0];
  read->own_vec[0] = (struct hws_vec){.ptr = op->vec[0].ptr, .len = mux->direct_len};
  read->vec_count = 2;
  read->total += mux->direct_len;
}

bool direct_holds(const struct mux_stream *stream, const struct op *op) {
  return stream->mux->direct == op;
}

bool direct_is_of(const struct mux_stream *stream) {
  return stream->mux->direct && stream->mux->direct->on == &stream->stream.object;
}

void direct_take_back(struct mux *mux) {
  mux->unread = true;
  atomic_store_explicit(&mux->attention, true, memory_order_release);
}

/* The recv ends, if it has reason to: it got bytes, or somebody wants it to. Else it waits on. */
static void settle(struct mux_stream *stream, struct op *op, uint32_t bytes, bool eom, struct op_list *ended) {
  const struct cause *cause = stream->stream.cause_in ? stream->stream.cause_in : cause_plain(HWS_E_CLOSED);
  if (!op->listed) {
    op_fail(op, cause, ended);
  } else if (bytes && !stream->stream.closing) {
    op_list_remove(&stream->stream.recvs, op);
    op->event.bytes = bytes;
    if (eom) op->event.flags |= HWS_EVENT_EOM;
    stream->stream.taken++;
    op_end(op, HWS_OK, ended);
  } else if (op->cancel) {
    op_list_remove(&stream->stream.recvs, op);
    op_end_early(op, op->cancel, ended);
  }
}

uint64_t direct_apply(struct mux *mux, uint64_t bytes, const char **error, struct op_list *ended) {
  struct op *op = mux->direct;
  if (!op) return 0;
  struct mux_stream *stream = (struct mux_stream *)op->on;
  uint32_t part = bytes < mux->direct_len ? (uint32_t)bytes : mux->direct_len;
  bool unread = part && stream->stream.closing && !stream->dead;
  mux->direct = NULL;
  mux->parser.body_left -= part;
  bool eom = part && !mux->parser.body_left && (mux->body_flags & FRAME_EOM);
  mux_hold(stream);
  settle(stream, op, part, eom, ended);
  flow_consumed(stream, (uint64_t)part + eom);
  mux_count(mux, SESSION_BYTES_DIRECT, part);
  if (unread && stream->on_wire) mux_stream_refuse_data(stream, ended);
  if (unread) guard_provoked(mux);
  if (part && mux->body) receive_end_part(mux, error, ended);
  mux_stream_closed(stream, ended);
  mux_let_go(stream);
  return part;
}
