/* SPDX-License-Identifier: Apache-2.0
 *
 * Credit: how much each side may still send.
 *
 * Ours to the peer: a stream's window is kept at its target by updates sent when half of it was consumed. The target
 * begins at what the wire grants to every stream (256 KiB plain, 64 KiB native), or at what a setting adds to that, and
 * doubles while the reader keeps up. All beyond the first window comes out of a pool that the streams of the session
 * share (MUX-17).
 */
#include <string.h>

#include "core/mux/mux.h"
#include "core/park.h"

#define KEEPS_UP_NS UINT64_C(250000000) /* half a window in less than this is a stream that a larger one would help */

static bool pool_take(struct mux *mux, uint64_t bytes) {
  if (mux->pool_used + bytes > mux->settings[SET_POOL] || !hold_may_grow(mux->holder.hold)) return false;
  mux->pool_used += bytes;
  return true;
}

void flow_begin(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  uint64_t first = mux->first_window;
  stream->credit = stream->target = mux->first_window;
  if (mux->settings[SET_WINDOW_FIRST] > first && pool_take(mux, mux->settings[SET_WINDOW_FIRST] - first))
    stream->target = (uint32_t)mux->settings[SET_WINDOW_FIRST];
  stream->window = stream->target;
  stream->updated = clock_now();
}

uint32_t flow_extra(const struct mux_stream *stream) {
  return stream->target - stream->mux->first_window;
}

/* ---- sending ---- */

/* Room in blocks for this many bytes of one stream's, and of all. */
static uint64_t room(const struct mux_stream *stream) {
  const struct mux *mux = stream->mux;
  uint64_t all = mux->settings[SET_UNSENT] > mux->copied ? mux->settings[SET_UNSENT] - mux->copied : 0;
  uint64_t own = BATCH_BYTES > stream->copied ? BATCH_BYTES - stream->copied : 0;
  return all < own ? all : own;
}

bool flow_has_room(const struct mux_stream *stream) {
  return stream->credit && room(stream);
}

/* Where nobody writes, a send that is not copied leaves at once. */
bool flow_is_writable(const struct mux_stream *stream) {
  bool idle = atomic_load_explicit(&stream->mux->writer, memory_order_relaxed) == WRITER_IDLE;
  return stream->credit && (idle || room(stream));
}

static bool append(struct mux_stream *stream, const uint8_t *data, uint64_t len) {
  while (len) {
    if (!stream->last_block || stream->tail_fill == BLOCK_SIZE) {
      struct buffer *block = buffer_block(stream->stream.object.runtime);
      if (!block) return false;
      block->next = NULL;
      *(stream->last_block ? &stream->last_block->next : &stream->first_block) = block;
      stream->last_block = block;
      stream->tail_fill = 0;
    }
    uint64_t part = BLOCK_SIZE - stream->tail_fill;
    if (part > len) part = len;
    memcpy(stream->last_block->data + stream->tail_fill, data, part);
    stream->tail_fill += (uint32_t)part;
    stream->copied += (uint32_t)part;
    stream->mux->copied += part;
    data += part;
    len -= part;
  }
  return true;
}

/* Undo what was appended behind that block, which was filled so far. */
static void unappend(struct mux_stream *stream, struct buffer *last, uint32_t tail_fill, uint64_t bytes) {
  struct buffer **rest = last ? &last->next : &stream->first_block;
  for (struct buffer *block; (block = *rest);) {
    *rest = block->next;
    buffer_unref(block);
  }
  stream->last_block = last;
  stream->tail_fill = tail_fill;
  stream->copied -= (uint32_t)bytes;
  stream->mux->copied -= bytes;
}

enum { COPY_MAX = 16 * 1024 }; /* larger sends are written from the user's memory */

uint64_t flow_take(struct mux_stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total, bool partial) {
  uint64_t limit = room(stream);
  if (!partial && (total > limit || total > COPY_MAX)) return 0;
  struct buffer *last = stream->last_block;
  uint32_t tail_fill = stream->tail_fill;
  uint64_t taken = 0;
  for (uint32_t i = 0; i < count && taken < limit; i++) {
    uint64_t before = stream->copied;
    uint64_t part = vec[i].len < limit - taken ? vec[i].len : limit - taken;
    bool complete = append(stream, vec[i].ptr, part);
    taken += stream->copied - before;
    if (!complete) break; /* out of memory: what was copied is taken, the rest is the caller's */
  }
  if (partial || taken == total) return taken;
  unappend(stream, last, tail_fill, taken); /* a send is taken whole, or from the user's memory */
  return 0;
}

enum { MARKS_MAX = 64 * 1024 };

bool flow_may_end(struct mux_stream *stream) {
  struct mux_native *native = mux_stream_native(stream);
  return native && native->ends.count < MARKS_MAX && marks_reserve(&native->ends);
}

bool flow_take_end(struct mux_stream *stream) {
  if (!flow_may_end(stream) || !marks_add(&stream->native->ends, stream->copied)) return false;
  schedule_data(stream);
  return true;
}

const char *flow_credit(struct mux_stream *stream, uint32_t delta) {
  if (delta > UINT32_MAX - stream->credit) return "credit above 2^32-1";
  stream->credit += delta;
  stream->granted += delta;
  if (delta && stream->lingering && !stream->fin_cut) alive_linger_on(stream);
  if (delta) schedule_data(stream);
  return NULL;
}

/* ---- receiving ---- */

const char *flow_receive(struct mux_stream *stream, uint64_t bytes) {
  if (bytes > stream->window) return "data beyond the window";
  stream->window -= (uint32_t)bytes;
  return NULL;
}

enum { DROPPED_MAX = 1024 * 1024 };

static bool is_read(const struct mux_stream *stream) {
  return stream->stream.in == IN_OPEN && !stream->stream.closing;
}

/* What is dropped earns credit too, as long as our side has still to send what it took: two that have ended, and wait
 * for each other with full windows, would wait for ever. It is so much as a side takes from its application for a
 * stream, and more; who goes on sending beyond that is no such peer. A closed stream of a native session says stop. */
bool flow_grants(const struct mux_stream *stream) {
  const struct mux *mux = stream->mux;
  if (is_read(stream)) return true;
  bool stopped = stream->native && stream->native->stop;
  if (stream->dead || stopped || (stream->heard & (HEARD_FIN | HEARD_ABORT)) || stream->dropped >= DROPPED_MAX)
    return false;
  return stream->stream.closing ? !mux->native : mux->state == SESSION_DRAINING;
}

bool flow_has_sent(const struct mux_stream *stream) {
  return stream->credit != stream->mux->first_window + stream->granted;
}

void flow_consumed(struct mux_stream *stream, uint64_t bytes) {
  stream->consumed += (uint32_t)bytes; /* never more than the window */
  if (stream->consumed >= stream->target / 2 && stream->on_wire && flow_grants(stream))
    schedule_control(stream, WANT_WINDOW);
}

static uint32_t growth(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  if (!is_read(stream)) return 0;
  uint64_t now = clock_now();
  bool keeps_up = now - stream->updated < KEEPS_UP_NS;
  stream->updated = now;
  uint64_t more = stream->target;
  if (!keeps_up || stream->target + more > mux->settings[SET_WINDOW_MAX] || !pool_take(mux, more)) return 0;
  stream->target += (uint32_t)more;
  return (uint32_t)more;
}

uint32_t flow_grant(struct mux_stream *stream) {
  uint32_t delta = stream->consumed + growth(stream);
  if (!is_read(stream)) stream->dropped += stream->consumed;
  stream->consumed = 0;
  stream->window += delta;
  return delta;
}

void flow_release(struct mux_stream *stream) {
  stream->mux->pool_used -= stream->target - stream->mux->first_window;
  stream->target = stream->mux->first_window;
}
