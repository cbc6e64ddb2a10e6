/* SPDX-License-Identifier: Apache-2.0
 *
 * How far what we sent has come (MUX-27). A carrier that took bytes says nothing of the peer: a system holds megabytes.
 * What counts is what the peer's side took of them.
 *
 * A stream of another session is a carrier too. What waits there for its turn is on its way, as long as that session's
 * own carrier moves; what waits for credit is not. Bytes that were given to a carrier shared with others have arrived
 * when all has that was given to it until then: so a place on it is remembered, a mark, each time that ours grew.
 *
 * What the peer says comes behind others' bytes as well, and how many is not to be known. As many as can be under way
 * are granted, as long as they come, and for so long at most: a peer that is silent among busy others is still found.
 */
#include "core/mux/mux.h"

/* Writes count as they end; within one the carrier counts the bytes, under its own lock. */
static uint64_t sent_of(struct mux *mux) {
  lock_take(mux->under->lock);
  uint64_t within = mux->write_op.event.bytes;
  lock_drop(mux->under->lock);
  return atomic_load_explicit(&mux->counters[SESSION_BYTES_OUT], memory_order_relaxed) + within;
}

static uint64_t left_in_batch(const struct mux *mux, const struct mux_stream *stream) {
  uint64_t left = 0;
  for (uint32_t i = mux->batch_first; i < mux->batch_count; i++)
    if (!stream || mux->pieces[i].stream == stream) left += mux->pieces[i].len - mux->pieces[i].done;
  return left;
}

static struct stream_way way_of(struct mux *mux, uint64_t sent) {
  struct stream_way way = {.sent = sent};
  mux->under->class->way(mux->under, &way);
  return way;
}

/* Of the outer session, for the one that stands on a stream of it. */
void mux_stream_way(struct stream *stream, struct stream_way *way) {
  struct mux_stream *self = (struct mux_stream *)stream;
  struct mux *mux = self->mux;
  lock_take(&mux->lock);
  uint64_t sent = sent_of(mux);
  struct stream_way below = way_of(mux, sent);
  uint64_t held = below.kept + (below.sent - below.taken);
  way->sent = sent;
  way->taken = sent - (held < sent ? held : sent);
  way->kept = self->copied + left_in_batch(mux, self);
  way->blocked = !self->in_data && !self->in_control && !self->in_batch;
  lock_drop(&mux->lock);
}

uint64_t way_progress(struct mux *mux) {
  uint64_t sent = sent_of(mux);
  struct stream_way way = way_of(mux, sent);
  uint64_t given = sent - (way.kept < sent ? way.kept : sent);
  if (given != mux->way_given || (way.kept && !way.blocked)) mux->way_mark = way.sent;
  mux->way_given = given;
  uint64_t reached = way.taken < mux->way_mark ? way.taken : mux->way_mark;
  mux->way_behind = mux->batch_count || way.kept || reached < mux->way_mark;
  mux->way_own = way.sent == sent;
  if (reached > mux->way_reached) mux->way_reached = reached;
  return mux->way_reached;
}

void way_ask(struct mux *mux) {
  uint64_t out = atomic_load_explicit(&mux->counters[SESSION_BYTES_OUT], memory_order_relaxed);
  mux->way_question = out + left_in_batch(mux, NULL);
  mux->way_question_mark = 0;
}

/* Right after way_progress. */
bool way_question_arrived(struct mux *mux) {
  if (mux->ping_wanted || mux->way_given < mux->way_question) return false; /* it waits in memory of ours */
  if (!mux->way_question_mark) mux->way_question_mark = mux->way_own ? mux->way_question : mux->way_mark;
  return mux->way_reached >= mux->way_question_mark;
}

/* ---- what comes ---- */

/* More than systems and sessions hold between the two, in one direction. */
#define UNDER_WAY_MAX (UINT64_C(16) << 20)

/* What the connection at the bottom brought in, for all who share it; 0: nobody does. */
static uint64_t brought_in(const struct mux *mux) {
  const struct mux *bottom = mux;
  while (bottom->under->class == &mux_stream_class) bottom = ((const struct mux_stream *)bottom->under)->mux;
  return bottom == mux ? 0 : atomic_load_explicit(&bottom->counters[SESSION_BYTES_IN], memory_order_relaxed);
}

void way_await(const struct mux *mux, struct way_wait *wait) {
  wait->from = wait->seen = brought_in(mux);
  wait->looks = 0;
}

bool way_is_busy(const struct mux *mux, struct way_wait *wait, uint32_t looks) {
  uint64_t now = brought_in(mux);
  bool busy = now != wait->seen && now - wait->from < UNDER_WAY_MAX && wait->looks < looks;
  wait->seen = now;
  if (busy) wait->looks++;
  return busy;
}
