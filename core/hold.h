/* SPDX-License-Identifier: Apache-2.0
 *
 * What peers make a runtime hold (MUX-30): received and not read, streams that they opened, names and metadata. Counted
 * as memory, not as bytes of theirs: a buffer counts whole, once, for as long as anything of it is kept.
 *
 * One holder stands for a session. The sum over all of them has a limit, the runtime's setting `held_max`, and below it
 * three steps, so that nobody has to wait for anybody:
 *   half of it       windows do not grow any more
 *   seven eighths    sessions above their share have the peer's opens refused
 *   all of it        sessions above their share reset the streams that hold most, until they are an eighth below it
 * A share is the limit divided by the sessions that hold anything, so one that stays within its own meets none but the
 * first of these, whatever others do; and when none is above its share the sum is within the limit.
 *
 * What the application keeps cannot be taken back: names and metadata of streams that it has. A share shrinks as others
 * come and what is kept does not, so names and metadata above a few bytes are refused to all where they do not fit.
 */
#ifndef HAWSER_CORE_HOLD_H
#define HAWSER_CORE_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  HOLD_GRAIN = 16 * 1024, /* in which the sum is kept: a session's own costs are more than it is wrong by */
  HOLD_HEAD_SMALL = 256   /* name and metadata of an open that cost no more than a stream itself */
};

struct hold;

struct holder {
  struct hold *hold; /* the runtime's */
  _Atomic(uint64_t) held;
  _Atomic(uint64_t) told; /* of it, in the sum: less than two grains below it, once all are through */
};

struct hold {
  _Atomic(uint64_t) held; /* by all */
  _Atomic(uint64_t) left; /* by all, when those above their share had last given up what they could (hold_is_worth) */
  atomic_uint holders;    /* that hold anything worth telling */
  uint64_t max;
};

/* Bring the sum up to date. */
void hold_tell(struct holder *holder);

static inline void hold_changed(struct holder *holder, uint64_t held) {
  if (held - atomic_load_explicit(&holder->told, memory_order_relaxed) >= 2 * (uint64_t)HOLD_GRAIN) hold_tell(holder);
}

static inline void hold_add(struct holder *holder, uint64_t bytes) {
  hold_changed(holder, atomic_fetch_add_explicit(&holder->held, bytes, memory_order_relaxed) + bytes);
}

static inline void hold_sub(struct holder *holder, uint64_t bytes) {
  hold_changed(holder, atomic_fetch_sub_explicit(&holder->held, bytes, memory_order_relaxed) - bytes);
}

static inline uint64_t hold_sum(const struct hold *hold) {
  return atomic_load_explicit(&hold->held, memory_order_relaxed);
}

static inline uint64_t hold_of(const struct holder *holder) {
  return atomic_load_explicit(&holder->held, memory_order_relaxed);
}

static inline uint64_t hold_share(const struct hold *hold) {
  unsigned holders = atomic_load_explicit(&hold->holders, memory_order_relaxed);
  return holders > 1 ? hold->max / holders : hold->max;
}

static inline bool hold_may_grow(const struct hold *hold) {
  return hold_sum(hold) < hold->max / 2;
}

static inline bool hold_is_pressed(const struct holder *holder) {
  const struct hold *hold = holder->hold;
  return hold_sum(hold) >= hold->max - hold->max / 8 && hold_of(holder) >= hold_share(hold);
}

/* May a stream be opened with so many bytes of name and metadata? */
static inline bool hold_may_open(const struct holder *holder, uint32_t head) {
  return !hold_is_pressed(holder) && (head <= HOLD_HEAD_SMALL || hold_sum(holder->hold) + head <= holder->hold->max);
}

static inline bool hold_is_over(const struct hold *hold) {
  return hold_sum(hold) > hold->max;
}

/* To search for what can be given up costs as much as there is to look at, and what the last search could not take the
 * next will not either. So where one left too much, the next comes once `step` more is held. *left: what was held then;
 * 0: the last one took enough. It falls with what is held. */
static inline bool hold_is_worth(uint64_t held, uint64_t *left, uint64_t step) {
  if (held < *left) *left = held;
  return !*left || held - *left >= step;
}

/* What a session above its share gives up to. */
static inline uint64_t hold_goal(const struct hold *hold) {
  uint64_t share = hold_share(hold);
  return share - share / 8;
}

#endif
