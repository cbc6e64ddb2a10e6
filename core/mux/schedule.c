/* SPDX-License-Identifier: Apache-2.0
 *
 * Who writes next.
 *
 * Two classes. Control goes first: pongs, pings and replies of the session, then streams that have something to say
 * besides data. (Before all of it goes the hello, as long as it is not said.) Data follows: streams in turn, each up to
 * one frame of 64 KiB, which is the quantum. A stream stands at most once in each list. A reset takes what the stream
 * has not sent with it, so an open that was never sent vanishes and is never sent after its reset; ids are given when
 * the open is cut, and so go out in order.
 */
#include "core/mux/mux.h"

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

bool schedule_is_due(const struct mux_stream *stream) {
  if (!stream->on_wire && !(stream->wants & WANT_SYN)) return false;
  if (cut_has_fin(stream)) return true;
  return stream->credit && (cut_has_data(stream) || (mux_is_probe(stream->stream.sends.first) && !stream->starved));
}

void schedule_data(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  if (stream->in_data || !schedule_is_due(stream)) return;
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

/* Without a branch for each: nearly always there is nothing of it. */
static bool has_own_control(const struct mux *mux) {
  return mux->pong_count | mux->reply_count | mux->ping_wanted | mux->drain_wanted | mux->hello;
}

bool schedule_has_control(const struct mux *mux) {
  return mux->control || has_own_control(mux);
}

bool schedule_is_empty(const struct mux *mux) {
  return !mux->data && !schedule_has_control(mux);
}

void schedule_fill_control(struct mux *mux, struct op_list *ended) {
  if (has_own_control(mux)) {
    if (mux->hello) negotiate_cut(mux);
    cut_session_control(mux);
  }
  for (struct mux_stream *stream; batch_has_control_room(mux) && (stream = pop_control(mux));) {
    cut_control(mux, stream, ended);
    mux_let_go(stream);
  }
}

/* ---- sends of nothing ---- */

/* One that has come to the head and has credit waits for room. */
static void starve(struct mux_stream *stream) {
  if (stream->starved || !stream->credit || !mux_is_probe(stream->stream.sends.first)) return;
  stream->starved = true;
  stream->next_starved = stream->mux->starved;
  stream->mux->starved = stream;
  mux_hold(stream);
}

static struct mux_stream *pop_starved(struct mux *mux) {
  struct mux_stream *stream = mux->starved;
  if (!stream) return NULL;
  mux->starved = stream->next_starved;
  stream->starved = false;
  return stream;
}

void schedule_fed(struct mux *mux) {
  if (mux->copied >= mux->settings[SET_UNSENT]) return;
  for (struct mux_stream *stream; (stream = pop_starved(mux));) {
    schedule_data(stream);
    mux_let_go(stream);
  }
}

void schedule_idle(struct mux *mux, struct op_list *ended) {
  for (struct mux_stream *stream; (stream = pop_starved(mux));) {
    cut_answer_probes(stream, ended);
    mux_let_go(stream);
  }
}

/* ---- filling the batch ---- */

void schedule_fill(struct mux *mux, struct op_list *ended) {
  uint64_t bytes = 0;
  schedule_fill_control(mux, ended);
  for (struct mux_stream *stream; bytes < BATCH_BYTES && batch_has_room(mux) && (stream = pop_data(mux));) {
    uint32_t before = mux->batch_count;
    if (schedule_is_due(stream)) cut_data(mux, stream, ended);
    for (uint32_t i = before; i < mux->batch_count; i++) bytes += mux->pieces[i].len;
    if (stream->stream.sends.first) starve(stream);
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
  for (struct mux_stream *stream; (stream = pop_starved(mux));) mux_let_go(stream);
  guard_forget(mux);
  mux->ping_wanted = mux->drain_wanted = false;
  mux->hello = 0;
}
