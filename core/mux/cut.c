/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting into frames what the session and its streams have to say. A frame of data ends where a message does; the end
 * of a message costs a byte of credit.
 */
#include <assert.h>
#include <string.h>

#include "core/mux/mux.h"

enum { SMALL_BODY = 1024 };

/* ---- what a stream has ---- */

/* The first op with bytes, or the end of a message, that no frame has yet. */
static struct op *next_send(const struct mux_stream *stream) {
  struct op *op = stream->stream.sends.first;
  while (op && op_is_send(op) && op->planned == op->total && !op->eom) op = op->next;
  return op;
}

/* Its next bytes have still to come from a file; what stands behind it waits. */
static bool lacks_bytes(const struct op *op) {
  return op->planned == op_ready(op) && op->planned < op->total;
}

/* All of its bytes were cut without the message's end, which goes alone once they are written: a cancel may still take
 * them back. */
static bool waits_to_end(const struct op *op) {
  return op->planned == op->total && op->event.bytes < op->total;
}

static bool has_mark(const struct mux_stream *stream) {
  return stream->native && stream->native->ends.count;
}

bool cut_has_data(const struct mux_stream *stream) {
  const struct op *op = next_send(stream);
  return stream->copied || has_mark(stream) || (op && op_is_send(op) && !waits_to_end(op) && !lacks_bytes(op));
}

/* The end of the stream stands behind all data. */
bool cut_has_fin(const struct mux_stream *stream) {
  if (stream->stream.out != OUT_ENDING || stream->fin_cut || stream->copied || has_mark(stream)) return false;
  const struct op *op = next_send(stream);
  return !op || !op_is_send(op);
}

/* ---- control frames of the session ---- */

static void cut_drain(struct mux *mux) {
  uint8_t *at = batch_room(mux, FRAME_HEADER_SIZE + DRAIN_SIZE);
  mux->drain_wanted = false;
  if (!at) return; /* without memory the peer learns by refusals */
  drain_encode(at + FRAME_HEADER_SIZE, mux->last_peer_id);
  frame_encode(at, &(struct frame){.type = FRAME_DRAIN, .length = DRAIN_SIZE});
  batch_add_whole(mux, NULL, at, FRAME_HEADER_SIZE + DRAIN_SIZE);
}

void cut_session_control(struct mux *mux) {
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
  if (mux->drain_wanted && batch_has_room(mux)) cut_drain(mux);
}

/* ---- control frames of streams ---- */

/* With all of the code and the reason. False: there is no memory for it. */
static bool cut_reset_native(struct mux *mux, struct mux_stream *stream, uint64_t code, enum reset_direction direction,
                             const struct cause *why) {
  struct reset reset = {.code = code, .direction = (uint8_t)direction, .reason = ""};
  if (why->refs) {
    reset.reason = why->text;
    reset.reason_len = (uint32_t)strnlen(why->text, RESET_REASON_MAX);
  }
  uint32_t len = RESET_FIXED_SIZE + reset.reason_len;
  uint8_t *at = batch_room(mux, FRAME_HEADER_SIZE + len);
  if (!at) return false;
  reset_encode(at + FRAME_HEADER_SIZE, &reset);
  frame_encode(at, &(struct frame){.type = FRAME_RESET, .stream = stream->id, .length = len});
  batch_add_whole(mux, stream, at, FRAME_HEADER_SIZE + len);
  return true;
}

/* In plain yamux a reset carries 32 bits. */
static uint32_t wire_code(uint64_t code) {
  return code > UINT32_MAX ? HWS_CODE_INTERNAL : (uint32_t)code;
}

static void cut_reset(struct mux *mux, struct mux_stream *stream) {
  stream->wants = 0;
  if (!stream->on_wire) return; /* the peer never heard of it */
  mux_count(mux, SESSION_RESETS_OUT, 1);
  const struct cause *cause = stream_last_cause(&stream->stream);
  if (mux->native && cut_reset_native(mux, stream, cause->code, RESET_BOTH, cause)) return;
  batch_add_header(
      mux, stream,
      &(struct frame){
          .type = FRAME_WINDOW, .flags = FRAME_RST, .stream = stream->id, .length = wire_code(cause->code)});
}

/* One direction is over; the other goes on. */
static void cut_stop(struct mux *mux, struct mux_stream *stream, uint8_t wants) {
  const struct mux_native *native = stream->native;
  if (wants & WANT_STOP) cut_reset_native(mux, stream, native->stop->code, RESET_STOP, native->stop);
  if (wants & WANT_ABORT) cut_reset_native(mux, stream, native->abort->code, RESET_ABORT, native->abort);
}

/* False: ids are used up, or no memory; the stream was ended. */
static bool begin_on_wire(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  int status = HWS_E_LIMIT;
  /* rare: two thousand million streams were opened */
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

/* ---- bytes of a stream ---- */

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

/* Copy `len` bytes of the blocks to `to`. */
static void copy_blocks(struct mux_stream *stream, uint8_t *to, uint32_t len) {
  for (uint32_t done = 0; done < len;) {
    struct buffer *block;
    const uint8_t *data;
    uint32_t part = take_part(stream, len - done, &block, &data);
    memcpy(to + done, data, part);
    buffer_unref(block);
    done += part;
  }
}

/* Of what was copied: how much one frame of at most `limit` bytes takes, which never goes beyond a message. */
static uint32_t copied_limit(const struct mux_stream *stream, uint32_t limit) {
  uint32_t len = stream->copied < limit ? stream->copied : limit;
  return has_mark(stream) ? (uint32_t)marks_limit(&stream->native->ends, len) : len;
}

/* `len` copied bytes were cut: do they end a message, and is there credit to say so? Else its end comes by itself. */
static uint16_t cut_mark(struct mux_stream *stream, uint32_t len) {
  if (!has_mark(stream)) return 0;
  struct marks *ends = &stream->native->ends;
  if (ends->next > len || stream->credit <= len) {
    marks_skip(ends, len);
    return 0;
  }
  marks_take(ends, len);
  stream->credit--;
  return FRAME_EOM;
}

/* A small frame goes behind the others into one piece of memory: the copy costs less than two more pieces of a vector.
 * False: it is not small, or there is no room. */
static bool cut_small(struct mux *mux, struct mux_stream *stream, uint32_t limit) {
  uint32_t len = copied_limit(stream, limit);
  if ((!len && !has_mark(stream)) || len > SMALL_BODY) return false;
  uint8_t *at = batch_room(mux, FRAME_HEADER_SIZE + len);
  if (!at) return false;
  copy_blocks(stream, at + FRAME_HEADER_SIZE, len);
  struct frame frame = {.type = FRAME_DATA, .flags = cut_mark(stream, len), .stream = stream->id, .length = len};
  stream->credit -= len;
  frame_encode(at, &frame);
  batch_add_whole(mux, stream, at, FRAME_HEADER_SIZE + len)->copied = len;
  return true;
}

static uint32_t cut_op(struct mux *mux, struct mux_stream *stream, struct op *op, uint32_t limit) {
  uint32_t done = 0;
  while (done < limit && op->planned < op_ready(op) && batch_has_piece(mux)) {
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

/* The sends that wait, up to the first that ends a message. *flags says whether that is in it. */
static uint32_t cut_ops(struct mux *mux, struct mux_stream *stream, uint32_t limit, uint32_t done, uint16_t *flags) {
  for (struct op *op; done < limit && batch_has_piece(mux) && (op = next_send(stream)) && op->total;) {
    if (lacks_bytes(op)) break;
    done += cut_op(mux, stream, op, limit - done);
    if (!op->eom || op->planned < op->total) continue;
    if (stream->credit > done) {
      op->eom = false; /* said */
      stream->credit--;
      *flags = FRAME_EOM;
    }
    break;
  }
  return done;
}

/* A frame of copied bytes, and of those of the sends behind them. */
static void cut_large(struct mux *mux, struct mux_stream *stream, uint32_t limit) {
  struct frame frame = {.type = FRAME_DATA, .stream = stream->id};
  uint32_t at = mux->batch_count;
  uint32_t copied = copied_limit(stream, limit);
  batch_add_header(mux, stream, &frame);
  frame.length = cut_blocks(mux, stream, copied);
  bool had_mark = has_mark(stream);
  if (had_mark && frame.length == copied)
    frame.flags = cut_mark(stream, copied);
  else if (had_mark)
    marks_skip(&stream->native->ends, frame.length);
  if (!had_mark && !stream->copied) frame.length = cut_ops(mux, stream, limit, frame.length, &frame.flags);
  stream->credit -= frame.length;
  frame_encode(mux->pieces[at].header, &frame);
}

/* The end of a message alone, for a send whose bytes went without it, or that had none. */
static bool cut_end(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  struct op *op = stream->copied || has_mark(stream) ? NULL : next_send(stream);
  if (!op || !op_is_send(op) || op->planned < op->total) return false;
  batch_add_header(mux, stream, &(struct frame){.type = FRAME_DATA, .flags = FRAME_EOM, .stream = stream->id});
  stream->credit--;
  op_list_remove(&stream->stream.sends, op);
  op_end(op, HWS_OK, ended);
  return true;
}

/* ---- opens ---- */

/* The open, its name and metadata and its first payload in one frame (MUX-2). False: no memory. */
static bool cut_open(struct mux *mux, struct mux_stream *stream) {
  const struct mux_native *native = stream->native;
  uint32_t head = native && native->head ? native->head_len : 0;
  uint32_t own = OPEN_FIXED_SIZE + head;
  struct open_fixed fixed = {.credit = flow_extra(stream), .head_len = head, .name_len = native ? native->name_len : 0};
  uint32_t limit = FRAME_BODY_MAX - own < stream->credit ? FRAME_BODY_MAX - own : stream->credit;
  uint32_t len = copied_limit(stream, limit);
  bool small = len <= SMALL_BODY;
  uint8_t *at = batch_room(mux, FRAME_HEADER_SIZE + own + (small ? len : 0));
  if (!at) return false;
  open_encode_fixed(at + FRAME_HEADER_SIZE, &fixed);
  if (head) memcpy(at + FRAME_HEADER_SIZE + OPEN_FIXED_SIZE, native->head->data, head);
  struct frame frame = {.type = FRAME_OPEN, .stream = stream->id};
  struct piece *piece = batch_add_whole(mux, stream, at, FRAME_HEADER_SIZE + own + (small ? len : 0));
  if (small) {
    copy_blocks(stream, at + FRAME_HEADER_SIZE + own, len);
    piece->copied = len;
  } else {
    len = cut_blocks(mux, stream, len);
  }
  frame.flags = FRAME_SYN | cut_mark(stream, len);
  frame.length = own + len;
  stream->credit -= len;
  frame_encode(at, &frame);
  return true;
}

/* The first frame of a stream of ours. False: it came to nothing, and the stream was ended. */
static bool cut_syn(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  if (!begin_on_wire(mux, stream, ended)) return false;
  if (mux->native && cut_open(mux, stream)) return true;
  if (stream->native && stream->native->head) {
    stream->on_wire = false;
    stream_end(&stream->stream, cause_plain(HWS_E_NOMEM), true, ended);
    mux_stream_drop(stream, ended);
    return false;
  }
  batch_add_header(
      mux, stream,
      &(struct frame){.type = FRAME_WINDOW, .flags = FRAME_SYN, .stream = stream->id, .length = flow_extra(stream)});
  return true;
}

void cut_control(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  uint8_t late = stream->open_waits ? stream->wants & (WANT_STOP | WANT_ABORT) : 0;
  uint8_t wants = stream->wants ^ late;
  struct frame frame = {.type = FRAME_WINDOW};
  stream->wants = late;
  if (wants & WANT_RST) {
    cut_reset(mux, stream);
    mux_stream_settle(stream, ended);
    return;
  }
  if ((wants & WANT_SYN) && !cut_syn(mux, stream, ended)) return;
  if (wants & WANT_ACK) frame = (struct frame){.type = FRAME_WINDOW, .flags = FRAME_ACK, .length = flow_extra(stream)};
  if ((wants & WANT_WINDOW) && flow_grants(stream)) frame.length += flow_grant(stream);
  frame.stream = stream->id;
  if (frame.flags || frame.length) batch_add_header(mux, stream, &frame);
  if (wants & (WANT_STOP | WANT_ABORT)) cut_stop(mux, stream, wants);
  if (wants & WANT_SYN) schedule_data(stream);
}

/* ---- data ---- */

static void end_probe(struct mux_stream *stream, struct op *op, struct op_list *ended) {
  op_list_remove(&stream->stream.sends, op);
  op_end(op, HWS_OK, ended);
}

/* Those that have come to the head are answered by what a send of a byte would meet. */
static void answer_probes(struct mux_stream *stream, struct op_list *ended) {
  for (struct op *op; mux_is_probe(op = stream->stream.sends.first) && flow_has_room(stream);)
    end_probe(stream, op, ended);
}

void cut_answer_probes(struct mux_stream *stream, struct op_list *ended) {
  for (struct op *op; stream->credit && mux_is_probe(op = stream->stream.sends.first);) end_probe(stream, op, ended);
}

void cut_data(struct mux *mux, struct mux_stream *stream, struct op_list *ended) {
  if (stream->stream.sends.first) answer_probes(stream, ended); /* what stands behind them may use up the credit */
  if (stream->credit && cut_has_data(stream)) {
    uint32_t limit = stream->credit < FRAME_BODY_MAX ? stream->credit : FRAME_BODY_MAX;
    if (!cut_small(mux, stream, limit) && !cut_end(mux, stream, ended)) cut_large(mux, stream, limit);
  }
  if (stream->stream.sends.first) answer_probes(stream, ended);
  if (cut_has_fin(stream) && batch_has_room(mux)) {
    /* On a frame of its own: peers drop the body of a frame with FIN (wire.md). */
    batch_add_header(mux, stream, &(struct frame){.type = FRAME_WINDOW, .flags = FRAME_FIN, .stream = stream->id});
    mux->pieces[mux->batch_count - 1].is_fin = true;
    stream->fin_cut = true;
  }
}
