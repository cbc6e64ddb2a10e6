/* SPDX-License-Identifier: Apache-2.0
 *
 * The batch: the frames that are being written, as pieces that know whom to tell.
 *
 * A batch that the carrier has taken back (a reset or a cancel wants its place) is pruned: the rest of the one frame
 * that is on the wire stays, copied where its memory is to be given back, and so does the hello; frames of streams that
 * were reset and bytes of sends that were cancelled go; control frames come next; what is left follows.
 */
#include <assert.h>
#include <string.h>

#include "core/mux/mux.h"

enum {
  FRAME_PIECES_MIN = 4, /* a header with less room behind it is not worth a frame */
  GATHERED_MAX = FRAME_HEADER_SIZE + OPEN_FIXED_SIZE + OPEN_HEAD_MAX + 1024 /* an open, with a small payload */
};

bool batch_has_piece(const struct mux *mux) {
  return mux->batch_count + mux->batch_reserved < BATCH_PIECES;
}

bool batch_has_room(const struct mux *mux) {
  return mux->batch_count + mux->batch_reserved + FRAME_PIECES_MIN <= BATCH_PIECES;
}

bool batch_has_control_room(const struct mux *mux) {
  return batch_has_room(mux) && (!mux->arena || mux->arena->size - mux->arena_used >= GATHERED_MAX);
}

struct piece *batch_add(struct mux *mux, struct mux_stream *stream, const void *data, uint32_t len) {
  struct piece *piece = &mux->pieces[mux->batch_count++];
  *piece = (struct piece){.data = data, .len = len, .stream = stream};
  if (stream) {
    stream->in_batch++;
    mux_hold(stream);
  }
  return piece;
}

void batch_add_header(struct mux *mux, struct mux_stream *stream, const struct frame *frame) {
  struct piece *piece = batch_add(mux, stream, NULL, FRAME_HEADER_SIZE);
  piece->starts_frame = true;
  frame_encode(piece->header, frame);
  mux_count(mux, SESSION_FRAMES_OUT, 1);
}

uint8_t *batch_room(struct mux *mux, uint32_t len) {
  if (!mux->arena) {
    mux->arena = buffer_chunk(mux->session.object.runtime);
    mux->arena_used = 0;
  }
  if (!mux->arena || mux->arena->size - mux->arena_used < len) return NULL;
  uint8_t *room = mux->arena->data + mux->arena_used;
  mux->arena_used += len;
  return room;
}

struct piece *batch_add_whole(struct mux *mux, struct mux_stream *stream, uint8_t *frame, uint32_t len) {
  struct piece *piece = batch_add(mux, stream, frame, len);
  piece->starts_frame = true;
  mux_count(mux, SESSION_FRAMES_OUT, 1);
  return piece;
}

static void batch_clear(struct mux *mux) {
  mux->batch_first = mux->batch_count = 0;
  if (mux->arena) buffer_unref(mux->arena);
  mux->arena = NULL;
}

/* ---- pieces that are over ---- */

/* A send whose last piece is gone, written or dropped. */
static void settle_op(struct op *op, struct mux_stream *stream, struct op_list *ended) {
  if (op->source) source_written(op);
  if (op->event.bytes != op->planned) return;
  bool whole = op->planned == op->total && !op->eom;
  if (!op->listed) {
    op_fail(op, stream->stream.cause_out, ended); /* which took it off the list */
  } else if (whole || op->cancel) {
    op_list_remove(&stream->stream.sends, op);
    if (whole)
      op_end(op, op->outcome, ended);
    else
      op_end_early(op, op->cancel, ended);
    schedule_data(stream); /* a send of nothing may have come to the head */
  } else {
    schedule_data(stream); /* what is left of it may be the end of a message */
  }
}

/* Its bytes are out, so what can still stand before the shutdown asks whether one could send: no more, from here on. */
static void end_shutdown(struct mux_stream *stream, struct op_list *ended) {
  for (struct op *op; (op = stream->stream.sends.first);) {
    bool shutdown = op->event.kind == HWS_KIND_SHUTDOWN;
    assert(shutdown || mux_is_probe(op));
    op_list_remove(&stream->stream.sends, op);
    op_end(op, shutdown ? HWS_OK : HWS_E_CLOSED, ended);
  }
  stream_shut(&stream->stream, ended);
  if (stream->lingering) alive_linger_on(stream);
  mux_stream_closed(stream, ended);
}

/* Give back what a piece holds. The stream may be forgotten by this. */
static void piece_free(struct mux *mux, struct piece *piece, struct op_list *ended) {
  struct mux_stream *stream = piece->stream;
  mux->copied -= piece->copied;
  if (piece->buffer) buffer_unref(piece->buffer);
  if (!stream) return;
  stream->in_batch--;
  if (piece->op) settle_op(piece->op, stream, ended);
  mux_stream_settle(stream, ended);
  if (stream->gone) mux_stream_closed(stream, ended);
  mux_let_go(stream);
}

static void piece_written(struct mux *mux, struct piece *piece, struct op_list *ended) {
  if (piece->op) piece->op->event.bytes += piece->len;
  if (piece->is_fin) end_shutdown(piece->stream, ended);
  piece_free(mux, piece, ended);
}

void batch_advance(struct mux *mux, uint64_t bytes, struct op_list *ended) {
  mux_count(mux, SESSION_BYTES_OUT, bytes);
  while (bytes) {
    struct piece *piece = &mux->pieces[mux->batch_first];
    uint32_t left = piece->len - piece->done;
    if (bytes < left) {
      piece->done += (uint32_t)bytes;
      return;
    }
    bytes -= left;
    mux->batch_first++;
    piece_written(mux, piece, ended);
  }
  if (mux->batch_first == mux->batch_count) batch_clear(mux);
}

/* What was not written of it counts neither as sent nor as planned. */
static void piece_dropped(struct mux *mux, struct piece *piece, struct op_list *ended) {
  if (piece->op) {
    piece->op->event.bytes += piece->done; /* the peer may have it */
    piece->op->planned -= piece->len - piece->done;
  }
  if (piece->stream) piece->stream->stream.lost += piece->copied;
  if (mux->state == SESSION_ENDED) mux->lost += piece->copied;
  piece_free(mux, piece, ended);
}

uint64_t batch_copied(const struct mux *mux) {
  uint64_t copied = 0;
  for (uint32_t i = mux->batch_first; i < mux->batch_count; i++) copied += mux->pieces[i].copied;
  return copied;
}

void batch_drop_all(struct mux *mux, struct op_list *ended) {
  for (uint32_t i = mux->batch_first; i < mux->batch_count; i++) piece_dropped(mux, &mux->pieces[i], ended);
  batch_clear(mux);
}

/* ---- pruning ---- */

static bool is_unwanted(const struct piece *piece) {
  return piece->op && (piece->op->cancel || !piece->op->listed);
}

/* The part of a user's memory that is still to follow on the wire is copied, and counts as taken. */
static bool keep_own(struct mux *mux, struct piece *piece, struct op_list *ended) {
  struct op *op = piece->op;
  uint32_t whole = piece->len;
  uint32_t left = whole - piece->done;
  struct buffer *copy = buffer_sized(mux->session.object.runtime, left);
  if (!copy) return false;
  memcpy(copy->data, piece->data + piece->done, left);
  piece->data = copy->data;
  piece->buffer = copy;
  piece->len = left;
  piece->done = 0;
  piece->op = NULL;
  piece->copied = left;
  mux->copied += left;
  op->event.bytes += whole; /* with what was written of it: batch_advance counts whole pieces only */
  settle_op(op, piece->stream, ended);
  return true;
}

static struct frame frame_of(const struct piece *piece) {
  struct frame frame;
  (void)frame_decode_native(piece->data ? piece->data : piece->header, &frame);
  return frame;
}

static uint16_t flags_of(const struct piece *piece) {
  return frame_of(piece).flags;
}

/* The last that is said of a stream. */
static bool is_last_word(const struct piece *piece, const struct frame *frame) {
  if (frame->type == FRAME_RESET) return piece->data[FRAME_HEADER_SIZE + RESET_FIXED_SIZE - 1] == RESET_BOTH;
  return frame->flags & FRAME_RST;
}

/* The peer is not to see it any more: its stream was reset meanwhile, or sends no more. An open stays, for the stop
 * behind it to be understood. */
static bool is_void(const struct piece *piece) {
  struct frame frame = frame_of(piece);
  if (!piece->stream || is_last_word(piece, &frame)) return false;
  if (piece->stream->dead) return true;
  if (piece->is_fin) return piece->stream->native && piece->stream->native->abort;
  return piece->stream->out_void && frame.type == FRAME_DATA && !(frame.flags & FRAME_SYN);
}

/* The shutdown that a FIN stands for, if it is to end early. */
static struct op *unwanted_shutdown(const struct piece *piece) {
  if (!piece->stream || !piece->is_fin) return NULL;
  struct op *op = piece->stream->stream.sends.last;
  return op && op->event.kind == HWS_KIND_SHUTDOWN && op->cancel ? op : NULL;
}

/* Its FIN was taken back: the direction is open again, unless a close has asked for its end meanwhile. */
static void end_unwanted(struct mux_stream *stream, struct op *op, struct op_list *ended) {
  stream->fin_cut = false;
  op_list_remove(&stream->stream.sends, op);
  op_end_early(op, op->cancel, ended);
  if (!stream->stream.closing) stream->stream.out = OUT_OPEN;
  schedule_data(stream);
}

/* A frame that is not on the wire: [from, to) of old. Keeps what is wanted; of a stream that was reset, its reset. */
static void prune_frame(struct mux *mux, struct piece *old, uint32_t from, uint32_t to, struct op_list *ended) {
  struct mux_stream *stream = old[from].stream;
  bool dead = is_void(&old[from]);
  struct op *shutdown = unwanted_shutdown(&old[from]);
  uint32_t body = 0;
  uint32_t dropped = 0;
  for (uint32_t i = from + 1; i < to; i++) *(dead || is_unwanted(&old[i]) ? &dropped : &body) += old[i].len;
  bool empty = dead || shutdown || (dropped && !body);
  uint32_t at = mux->batch_count;
  if (!empty) mux->pieces[mux->batch_count++] = old[from];
  for (uint32_t i = from + 1; i < to; i++)
    if (!empty && !is_unwanted(&old[i])) mux->pieces[mux->batch_count++] = old[i];
  /* The end of a message goes with the last of its bytes. */
  bool lost_end = dropped && (flags_of(&old[from]) & FRAME_EOM) && is_unwanted(&old[to - 1]);
  if (stream && !empty && dropped) {
    uint16_t flags = lost_end ? 0 : flags_of(&old[from]) & FRAME_EOM;
    struct frame frame = {.type = FRAME_DATA, .flags = flags, .stream = stream->id, .length = body};
    frame_encode(mux->pieces[at].header, &frame);
  }
  if (stream && !dead) stream->credit += dropped + lost_end;
  if (shutdown) end_unwanted(stream, shutdown, ended);
  for (uint32_t i = from + 1; i < to; i++)
    if (empty || is_unwanted(&old[i])) piece_dropped(mux, &old[i], ended);
  if (empty) piece_dropped(mux, &old[from], ended);
}

static uint32_t frame_end(const struct piece *pieces, uint32_t from, uint32_t count) {
  uint32_t to = from + 1;
  while (to < count && !pieces[to].starts_frame) to++;
  return to;
}

/* An open that is still here vanishes together with its reset. */
static void forget_unsent_opens(const struct piece *pieces, uint32_t from, uint32_t count) {
  for (uint32_t i = from; i < count; i = frame_end(pieces, i, count)) {
    struct mux_stream *stream = pieces[i].stream;
    if (stream && stream->dead && stream->opener && (flags_of(&pieces[i]) & FRAME_SYN)) stream->on_wire = false;
  }
}

/* What is said of a stream besides data does not overtake its open. Returns how many are held. */
static uint32_t hold_behind_opens(const struct piece *pieces, uint32_t from, uint32_t count, struct mux_stream **held) {
  uint32_t total = 0;
  for (uint32_t i = from; i < count; i = frame_end(pieces, i, count)) {
    struct mux_stream *stream = pieces[i].stream;
    if (!stream || stream->dead || !stream->opener || !(flags_of(&pieces[i]) & FRAME_SYN)) continue;
    stream->open_waits = true;
    mux_hold(stream);
    held[total++] = stream;
  }
  return total;
}

static void release_behind_opens(struct mux_stream *const *held, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    held[i]->open_waits = false;
    if (held[i]->wants) schedule_control(held[i], 0);
    mux_let_go(held[i]);
  }
}

void batch_prune(struct mux *mux, struct op_list *ended) {
  struct piece old[BATCH_PIECES];
  struct mux_stream *held[BATCH_PIECES];
  uint32_t count = mux->batch_count - mux->batch_first;
  memcpy(old, &mux->pieces[mux->batch_first], count * sizeof *old);
  mux->batch_first = mux->batch_count = 0;
  uint32_t at = 0;
  bool on_wire = count && (!old[0].starts_frame || old[0].done);
  if (on_wire) at = frame_end(old, 0, count);
  while (at < count && old[at].is_hello) at++; /* each is one piece */
  for (uint32_t i = 0; i < at; i++) {
    mux->pieces[mux->batch_count] = old[i];
    struct piece *kept = &mux->pieces[mux->batch_count++];
    if (is_unwanted(kept) && !keep_own(mux, kept, ended)) {
      /* Without memory the frame cannot be finished, and with it not the session. */
      mux_end(mux, cause_plain(HWS_E_NOMEM), END_REMOTE, ended);
    }
  }
  forget_unsent_opens(old, at, count);
  uint32_t waiting = hold_behind_opens(old, at, count, held);
  mux->batch_reserved = count - at;
  schedule_fill_control(mux, ended);
  mux->batch_reserved = 0;
  for (uint32_t to, from = at; from < count; from = to) {
    to = frame_end(old, from, count);
    prune_frame(mux, old, from, to, ended);
  }
  release_behind_opens(held, waiting);
}
