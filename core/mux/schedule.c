/* SPDX-License-Identifier: Apache-2.0
 *
 * Who writes next, and how it is cut into frames.
 *
 * Two classes. Control goes first: pongs, pings and replies of the session, then streams that have something to say
 * besides data. Data follows: streams in turn, each up to one frame of 64 KiB, which is the quantum. A stream stands at
 * most once in each list. A reset takes what the stream has not sent with it, so an open that was never sent vanishes
 * and is never sent after its reset; ids are given when the open is cut, and so go out in order.
 */
#include <assert.h>
#include <string.h>

#include "core/mux/mux.h"

enum { SMALL_BODY = 1024 };

/* ---- the two lists ---- */

void schedule_control(struct mux_stream *stream, unsigned want) {
  struct mux *mux = stream->mux;
  stream->wants |= (uint8_t)want;
  if (stream->in_control) return;
  stream->in_control = true;
  stream->next_control = NULL;
  mux_hold(stream);
  *(mux->control_last ? &mux->control_last->next_control : &mux->control) = stream;
  mux->control_last = stream;
}

static struct mux_stream *pop_control(struct mux *mux) {
  struct mux_stream *stream = mux->control;
  if (!stream) return NULL;
  mux->control = stream->next_control;
  if (!mux->control) mux->control_last = NULL;
  stream->in_control = false;
  return stream;
}

/* The first op with bytes that no frame has yet. */
static struct op *next_send(const struct mux_stream *stream) {
  struct op *op = stream->stream.sends.first;
  while (op && op->event.kind == HWS_KIND_SEND && op->planned == op->total) op = op->next;
  return op;
}

static bool has_data(const struct mux_stream *stream) {
  const struct op *op = next_send(stream);
  return stream->copied || (op && op->event.kind == HWS_KIND_SEND && op->total);
}

/* The end of the stream stands behind all data. */
static bool has_fin(const struct mux_stream *stream) {
  return stream->stream.out == OUT_ENDING && !stream->fin_cut && !has_data(stream);
}

/* A send of nothing asks whether one could write. */
static bool is_probe(const struct op *op) {
  return op && op->event.kind == HWS_KIND_SEND && !op->total;
}

static bool is_due(const struct mux_stream *stream) {
  if (!stream->on_wire && !(stream->wants & WANT_SYN)) return false;
  return has_fin(stream) || (stream->credit && (has_data(stream) || is_probe(stream->stream.sends.first)));
}

void schedule_data(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  if (stream->in_data || !is_due(stream)) return;
  stream->in_data = true;
  stream->next_data = NULL;
  mux_hold(stream);
  *(mux->data_last ? &mux->data_last->next_data : &mux->data) = stream;
  mux->data_last = stream;
}

static struct mux_stream *pop_data(struct mux *mux) {
  struct mux_stream *stream = mux->data;
  if (!stream) return NULL;
  mux->data = stream->next_data;
  if (!mux->data) mux->data_last = NULL;
  stream->in_data = false;
  return stream;
}

bool schedule_has_control(const struct mux *mux) {
  return mux->control || mux->pong_count || mux->reply_count || mux->ping_wanted;
}

bool schedule_is_empty(const struct mux *mux) {
  return !mux->data && !schedule_has_control(mux);
}

/* ---- control frames ---- */

static void cut_session_control(struct mux *mux) {
  uint32_t pongs = 0;
  uint32_t replies = 0;
  for (; pongs < mux->pong_count && batch_has_room(mux); pongs++)
    batch_add_header(mux, NULL, &(struct frame){.type = FRAME_PING, .flags = FRAME_ACK, .length = mux->pongs[pongs]});
  if (mux->ping_wanted && batch_has_room(mux)) {
    mux->ping_wanted = false;
    batch_add_header(mux, NULL, &(struct frame){.type = FRAME_PING, .flags = FRAME_SYN, .length = mux->ping_opaque});
  }
  for (; replies < mux->reply_count && batch_has_room(mux); replies++)
    batch_add_header(mux, NULL,
                     &(struct frame){.type = FRAME_WINDOW,
                                     .flags = FRAME_RST,
                                     .stream = mux->replies[replies].stream,
                                     .length = mux->replies[replies].code});
  mux->pong_count -= pongs;
  mux->reply_count -= replies;
  for (uint32_t i = 0; i < mux->pong_count; i++) mux->pongs[i] = mux->pongs[i + pongs];
  for (uint32_t i = 0; i < mux->reply_count; i++) mux->replies[i] = mux->replies[i + replies];
}

static void cut_reset(struct mux *mux, struct mux_stream *stream) {
  stream->wants = 0;
  if (!stream->on_wire) return; /* the peer never heard of it */
  mux_count(mux, SESSION_RESETS_OUT, 1);
  batch_add_header(
      mux, stream,
      &(struct frame){.type = FRAME_WINDOW, .flags = FRAME_RST, .stream = stream->id, .length = stream->reset_code});
}

/* False: ids are used up, or no memory; the stream was ended. */
static bool cut_syn(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  int status = HWS_E_LIMIT;
  if (mux->next_id <= UINT32_MAX) {
    stream->id = (uint32_t)mux->next_id;
    status = table_add(mux, stream);
  }
  if (status != HWS_OK) {
    stream->id = 0; /* it stands in no table */
    stream_end(&stream->stream, cause_plain(status), true, ended);
    mux_stream_drop(stream, ended);
    return false;
  }
  mux->next_id += 2;
  stream->on_wire = true;
  return true;
}

static void cut_control(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  uint8_t wants = stream->wants;
  struct frame frame = {.type = FRAME_WINDOW};
  stream->wants = 0;
  if (wants & WANT_RST) {
    cut_reset(mux, stream);
    mux_stream_settle(stream, ended);
    return;
  }
  if ((wants & WANT_SYN) && !cut_syn(mux, stream, ended)) return;
  if (wants & WANT_SYN) frame.flags |= FRAME_SYN;
  if (wants & WANT_ACK) frame.flags |= FRAME_ACK;
  if ((wants & WANT_WINDOW) && stream->stream.in == IN_OPEN) frame.length = flow_grant(stream);
  frame.stream = stream->id;
  if (frame.flags || frame.length) batch_add_header(mux, stream, &frame);
  if (wants & WANT_SYN) schedule_data(stream);
}

/* ---- data frames ---- */

/* Take up to `limit` bytes off the stream's first block, whose reference goes to the caller. */
static uint32_t take_part(struct mux_stream *stream, uint32_t limit, struct buffer **block, const uint8_t **data) {
  *block = stream->first_block;
  assert(*block); /* copied counts what stands in blocks */
  bool last = *block == stream->last_block;
  uint32_t end = last ? stream->tail_fill : BLOCK_SIZE;
  uint32_t part = end - stream->head_cut < limit ? end - stream->head_cut : limit;
  *data = (*block)->data + stream->head_cut;
  stream->head_cut += part;
  stream->copied -= part;
  if (stream->head_cut < end) {
    buffer_ref(*block);
    return part;
  }
  /* Wholly taken: what is appended from now on goes into another block. */
  stream->first_block = (*block)->next;
  if (last) stream->last_block = NULL;
  stream->head_cut = 0;
  return part;
}

static uint32_t cut_blocks(struct mux *mux, struct mux_stream *stream, uint32_t limit) {
  uint32_t done = 0;
  while (done < limit && stream->copied && batch_has_piece(mux)) {
    struct buffer *block;
    const uint8_t *data;
    uint32_t part = take_part(stream, limit - done, &block, &data);
    struct piece *piece = batch_add(mux, stream, data, part);
    piece->buffer = block;
    piece->copied = part;
    done += part;
  }
  return done;
}

/* A small frame goes behind the others into one piece of memory: the copy costs less than two more pieces of a vector.
 * Returns the size of its body; 0: it is not small, or there is no room. */
static uint32_t cut_small(struct mux *mux, struct mux_stream *stream, uint32_t limit) {
  uint64_t len = stream->copied < limit ? stream->copied : limit;
  uint8_t *frame = len && len <= SMALL_BODY ? batch_room(mux, FRAME_HEADER_SIZE + (uint32_t)len) : NULL;
  if (!frame) return 0;
  for (uint32_t done = 0; done < len;) {
    struct buffer *block;
    const uint8_t *data;
    uint32_t part = take_part(stream, (uint32_t)len - done, &block, &data);
    memcpy(frame + FRAME_HEADER_SIZE + done, data, part);
    buffer_unref(block);
    done += part;
  }
  batch_add_whole(mux, stream, frame, (uint32_t)len);
  return (uint32_t)len;
}

static uint32_t cut_op(struct mux *mux, struct mux_stream *stream, struct op *op, uint32_t limit) {
  uint32_t done = 0;
  while (done < limit && op->planned < op->total && batch_has_piece(mux)) {
    const struct hws_vec *vec = &op->vec[op->vec_at];
    uint64_t left = vec->len - op->vec_offset;
    uint32_t part = left < limit - done ? (uint32_t)left : limit - done;
    if (part) {
      struct piece *piece = batch_add(mux, stream, (const uint8_t *)vec->ptr + op->vec_offset, part);
      piece->op = op;
    }
    op->vec_offset += part;
    op->planned += part;
    done += part;
    if (op->vec_offset == vec->len) {
      op->vec_at++;
      op->vec_offset = 0;
    }
  }
  return done;
}

static uint32_t cut_body(struct mux *mux, struct mux_stream *stream, uint32_t limit) {
  uint32_t done = cut_blocks(mux, stream, limit);
  for (struct op *op; done < limit && !stream->copied && batch_has_piece(mux) && (op = next_send(stream)) && op->total;)
    done += cut_op(mux, stream, op, limit - done);
  return done;
}

/* Probes that have come to the head are answered. */
static void answer_probes(struct mux_stream *stream, struct op_list *ended) {
  for (struct op *op; stream->credit && !stream->copied && is_probe(op = stream->stream.sends.first);) {
    op_list_remove(&stream->stream.sends, op);
    op_end(op, HWS_OK, ended);
  }
}

static void cut_data(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  answer_probes(stream, ended); /* what stands behind them may use up the credit */
  uint32_t limit = stream->credit < FRAME_BODY_MAX ? stream->credit : FRAME_BODY_MAX;
  uint32_t small = cut_small(mux, stream, limit);
  stream->credit -= small;
  if (!small && stream->credit && has_data(stream)) {
    struct frame frame = {.type = FRAME_DATA, .stream = stream->id};
    uint32_t at = mux->batch_count;
    batch_add_header(mux, stream, &frame);
    frame.length = cut_body(mux, stream, limit);
    stream->credit -= frame.length;
    frame_encode(mux->pieces[at].header, &frame);
  }
  answer_probes(stream, ended);
  if (has_fin(stream) && batch_has_room(mux)) {
    /* On a frame of its own: peers drop the body of a frame with FIN (wire.md). */
    batch_add_header(mux, stream, &(struct frame){.type = FRAME_WINDOW, .flags = FRAME_FIN, .stream = stream->id});
    mux->pieces[mux->batch_count - 1].is_fin = true;
    stream->fin_cut = true;
  }
}

void schedule_fill_control(struct mux *mux, struct op_list *ended) {
  cut_session_control(mux);
  for (struct mux_stream *stream; batch_has_room(mux) && (stream = pop_control(mux));) {
    cut_control(mux, stream, ended);
    mux_let_go(stream);
  }
}

void schedule_fill(struct mux *mux, struct op_list *ended) {
  uint64_t bytes = 0;
  schedule_fill_control(mux, ended);
  for (struct mux_stream *stream; bytes < BATCH_BYTES && batch_has_room(mux) && (stream = pop_data(mux));) {
    uint32_t before = mux->batch_count;
    if (is_due(stream)) cut_data(mux, stream, ended);
    for (uint32_t i = before; i < mux->batch_count; i++) bytes += mux->pieces[i].len;
    schedule_data(stream);
    mux_let_go(stream);
  }
}

/* It stays where it stands, and is passed over when its turn comes. */
void schedule_forget(struct mux_stream *stream) {
  stream->wants = 0;
}

void schedule_drop_all(struct mux *mux) {
  for (struct mux_stream *stream; (stream = pop_control(mux));) mux_let_go(stream);
  for (struct mux_stream *stream; (stream = pop_data(mux));) mux_let_go(stream);
  guard_forget(mux);
  mux->ping_wanted = false;
}
