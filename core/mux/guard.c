/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits against a hostile peer: budgets of what costs it little and us something, and bounds of what we queue for it.
 */
#include <assert.h>

#include "core/mux/mux.h"
#include "core/park.h"

#define BILLION UINT64_C(1000000000)

enum { PACES = 64 }; /* in a second, where that is more than one answer each */

/* A token bucket that fills at `rate` a second up to `burst`. The clock is read only when it has run dry. */
static bool bucket_take(struct bucket *bucket, uint64_t rate, uint64_t burst) {
  if (bucket->tokens < BILLION) {
    uint64_t now = clock_now();
    uint64_t gained = now - bucket->at;
    uint64_t full = burst * BILLION;
    bucket->at = now;
    bucket->tokens = gained > full / rate ? full : bucket->tokens + gained * rate;
    if (bucket->tokens > full) bucket->tokens = full;
    if (bucket->tokens < BILLION) return false;
  }
  bucket->tokens -= BILLION;
  return true;
}

void guard_init(struct mux *mux) {
  mux->useless = (struct bucket){.tokens = mux->settings[SET_USELESS] * BILLION, .at = clock_now()};
  mux->answers = (struct bucket){.tokens = mux->settings[SET_ANSWERS] * BILLION, .at = clock_now()};
  mux->resets = (struct bucket){.tokens = mux->settings[SET_RESETS] * BILLION, .at = clock_now()};
}

const char *guard_useless(struct mux *mux) {
  mux_count(mux, SESSION_USELESS_FRAMES, 1);
  bool fine = bucket_take(&mux->useless, mux->settings[SET_USELESS], mux->settings[SET_USELESS]);
  return fine ? NULL : "too many frames that do nothing (pings, empty data, updates of zero, unknown streams)";
}

/* Updates of its window, an end, a reset. */
enum { LATE_FRAMES = 256 };

void guard_forgotten(struct mux *mux, uint64_t bytes) {
  mux->late += bytes + LATE_FRAMES;
}

bool guard_late(struct mux *mux, uint64_t bytes) {
  uint64_t cost = bytes ? bytes : 1;
  if (mux->late < cost) return false;
  mux->late -= cost;
  return true;
}

/* The reader stops where there is no room, so none is ever lost but by the end of writing. */
void guard_reply(struct mux *mux, uint32_t stream, uint32_t code) {
  if (mux->state == SESSION_DEAF) return;
  assert(mux->reply_count < REPLIES_MAX);
  mux->replies[mux->reply_count++] = (struct reply){.stream = stream, .code = code};
}

void guard_pong(struct mux *mux, uint32_t opaque) {
  if (mux->state == SESSION_DEAF) return;
  assert(mux->pong_count < PONGS_MAX);
  mux->pongs[mux->pong_count++] = opaque;
}

void guard_forget(struct mux *mux) {
  mux->pong_count = mux->reply_count = 0;
  mux->pacing = false;
}

/* What an honest peer does as well ends nothing: it is only slowed down. */
static void pace(struct mux *mux, struct bucket *bucket, uint64_t rate, uint64_t burst) {
  if (mux->pacing || mux->state == SESSION_DEAF || bucket_take(bucket, rate, burst)) return;
  mux->pacing = alive_pace(mux, BILLION / (rate < PACES ? rate : PACES));
}

void guard_provoked(struct mux *mux) {
  pace(mux, &mux->answers, mux->settings[SET_ANSWERS], mux->settings[SET_ANSWERS]);
}

void guard_reset(struct mux *mux) {
  pace(mux, &mux->resets, mux->settings[SET_RESET_RATE], mux->settings[SET_RESETS]);
}

bool guard_is_full(const struct mux *mux) {
  return mux->pacing || mux->pong_count == PONGS_MAX || mux->reply_count == REPLIES_MAX;
}
