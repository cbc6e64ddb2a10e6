/* SPDX-License-Identifier: Apache-2.0
 *
 * A session at the limit of what peers make the runtime hold (core/hold.h): which of its streams it gives up, and how
 * the others are reached.
 */
#include <stddef.h>

#include "core/mux/mux.h"

enum {
  PASSES = 8,         /* of a session's streams; what is left then is for the next time */
  STREAM_STEP = 64,   /* bytes more for each stream, before all are searched again: less than the stream costs itself */
  SESSIONS_STEP = 256 /* and this part of the limit before all sessions are */
};

/* What the stream keeps of the peer's, for comparing: a buffer that several streams share counts for each. */
static uint64_t kept_by(const struct mux_stream *stream) {
  return stream->stream.received.pinned + (stream->stream.marks ? stream->stream.marks->room : 0);
}

static bool is_above(const struct mux *mux, uint64_t goal) {
  return hold_of(&mux->holder) > goal;
}

static void give_up(struct mux_stream *stream, struct op_list *ended) {
  struct cause *cause =
      cause_make(HWS_E_LIMIT, 0, HWS_CODE_REFUSED,
                 "the runtime's peers make it hold more than held_max, this session's more than its share");
  runtime_count(stream->stream.object.runtime, COUNT_HELD_RESETS, 1);
  mux_stream_give_up(stream, cause, ended);
  cause_unref(cause);
}

/* Those that keep at least as much as the streams do on average, newest first, until it is enough. False: none keeps
 * anything. */
static bool give_up_largest(struct mux *mux, uint64_t goal, struct op_list *ended) {
  uint64_t sum = 0, count = 0;
  for (const struct mux_stream *stream = mux->all; stream; stream = stream->next) {
    sum += kept_by(stream);
    count += kept_by(stream) != 0;
  }
  runtime_count(mux->session.object.runtime, COUNT_HELD_LOOKS, mux->streams);
  for (struct mux_stream *stream = mux->all, *next; count && stream && is_above(mux, goal); stream = next) {
    next = stream->next;
    if (kept_by(stream) && kept_by(stream) >= sum / count) give_up(stream, ended);
  }
  return count;
}

static void give_up_streams(struct mux *mux, uint64_t goal, struct op_list *ended) {
  for (int pass = 0; pass < PASSES && is_above(mux, goal); pass++)
    if (!give_up_largest(mux, goal, ended)) break;
  /* Names and metadata of streams that nobody has accepted: they go once the peer was told. */
  for (uint64_t freed = 0; is_above(mux, goal + freed) && mux->inbound;) {
    struct mux_stream *stream = mux->inbound;
    freed += stream->cost;
    mux_hold(stream);
    give_up(stream, ended);
    mux_discard_one(stream);
    mux_let_go(stream);
  }
}

/* Lock held. */
static void give_way(struct mux *mux, struct op_list *ended) {
  const struct hold *hold = mux->holder.hold;
  if (!is_above(mux, hold_share(hold))) return;
  if (mux->state == SESSION_ENDED) { /* its streams are the application's, but for those that nobody has accepted */
    mux_discard_inbound(mux);
    return;
  }
  uint64_t step = (uint64_t)mux->streams * STREAM_STEP;
  if (!hold_is_worth(hold_of(&mux->holder), &mux->held_left, step > HOLD_GRAIN ? step : HOLD_GRAIN)) return;
  give_up_streams(mux, hold_goal(hold), ended);
  mux->held_left = is_above(mux, hold_goal(hold)) ? hold_of(&mux->holder) : 0;
}

/* ---- the others ---- */

static void remember(struct hold *hold, uint64_t left) {
  atomic_store_explicit(&hold->left, left, memory_order_relaxed);
}

/* Two that ask at once may forget each other's answer: a search more or less. */
static bool are_worth_it(struct hold *hold) {
  uint64_t left = atomic_load_explicit(&hold->left, memory_order_relaxed);
  uint64_t step = hold->max / SESSIONS_STEP;
  bool worth = hold_is_worth(hold_sum(hold), &left, step > HOLD_GRAIN ? step : HOLD_GRAIN);
  if (!worth) remember(hold, left);
  return worth;
}

void hold_relieve(struct mux *mux, struct op_list *ended) {
  struct runtime *runtime = mux->session.object.runtime;
  give_way(mux, ended);
  if (!hold_is_over(&runtime->hold) || !are_worth_it(&runtime->hold)) return;
  object_pin(&runtime->object);
  if (!task_post(&runtime->loop, &runtime->relief)) object_unpin(&runtime->object);
}

/* Those above their share, as a chain of pinned ones. */
static struct mux *find_greedy(struct runtime *runtime) {
  struct mux *greedy = NULL;
  lock_take(&runtime->lock);
  uint64_t share = hold_share(&runtime->hold);
  for (struct mux *mux = runtime->sessions; mux; mux = mux->next_session) {
    runtime_count(runtime, COUNT_HELD_LOOKS, 1);
    if (hold_of(&mux->holder) <= share || !object_try_pin(&mux->session.object)) continue;
    mux->next_greedy = greedy;
    greedy = mux;
  }
  lock_drop(&runtime->lock);
  return greedy;
}

/* By the loop, as no session may take another's lock under its own. One driver at a time, so one chain. */
static void relieve(struct task *task) {
  struct runtime *runtime = (struct runtime *)((char *)task - offsetof(struct runtime, relief));
  /* rare: others gave up meanwhile */
  struct mux *greedy = hold_is_over(&runtime->hold) ? find_greedy(runtime) : NULL;
  for (struct mux *mux; (mux = greedy);) {
    struct op_list ended = {0};
    greedy = mux->next_greedy;
    lock_take(&mux->lock);
    if (hold_is_over(&runtime->hold)) give_way(mux, &ended);
    mux_leave(mux, &ended);
    writer_kick(mux, KICK_NOW);
    object_unpin(&mux->session.object);
  }
  remember(&runtime->hold, hold_is_over(&runtime->hold) ? hold_sum(&runtime->hold) : 0);
  object_unpin(&runtime->object);
}

static bool rests(struct mux *mux) {
  lock_take(&mux->lock);
  bool out = atomic_load(&mux->writer) == WRITER_OUT || mux->reading || !mux->under_closed;
  lock_drop(&mux->lock);
  return !out;
}

bool sessions_rest(struct runtime *runtime) {
  struct mux *pinned = NULL;
  bool rest = true;
  lock_take(&runtime->lock);
  for (struct mux *mux = runtime->sessions; mux; mux = mux->next_session) {
    /* rare: it is about to be freed */
    if (!object_try_pin(&mux->session.object)) continue;
    mux->next_greedy = pinned;
    pinned = mux;
  }
  lock_drop(&runtime->lock);
  for (struct mux *mux; (mux = pinned);) {
    pinned = mux->next_greedy;
    rest = rests(mux) && rest;
    object_unpin(&mux->session.object);
  }
  return rest;
}

void hold_begin(struct mux *mux) {
  struct runtime *runtime = mux->session.object.runtime;
  mux->holder.hold = &runtime->hold;
  lock_take(&runtime->lock);
  runtime->relief.run = relieve;
  mux->next_session = runtime->sessions;
  if (mux->next_session) mux->next_session->prev_session = mux;
  runtime->sessions = mux;
  lock_drop(&runtime->lock);
}

void hold_end(struct mux *mux) {
  struct runtime *runtime = mux->session.object.runtime;
  lock_take(&runtime->lock);
  *(mux->prev_session ? &mux->prev_session->next_session : &runtime->sessions) = mux->next_session;
  if (mux->next_session) mux->next_session->prev_session = mux->prev_session;
  lock_drop(&runtime->lock);
}
