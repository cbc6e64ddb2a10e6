/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting: who drives, who sleeps, and how the baton passes on.
 *
 * Invariant: while anybody waits, somebody drives. A driver that leaves hands the baton to a sleeper under the loop's
 * lock, and a waiter registers as a sleeper under the same lock, so none can fall between the two.
 */
#include <stddef.h>

#include "core/loop.h"
#include "core/park.h"

enum { BUSY_TURNS = 64 };

void waiter_init(struct waiter *waiter, struct loop *loop) {
  *waiter = (struct waiter){.loop = loop};
}

static bool is_ready(struct waiter *waiter) {
  return atomic_load_explicit(&waiter->state, memory_order_acquire) == WAITER_READY;
}

/* Every change of state but the one to READY: READY is never left. */
static bool change(struct waiter *waiter, unsigned from, unsigned to) {
  return atomic_compare_exchange_strong_explicit(&waiter->state, &from, to, memory_order_seq_cst, memory_order_acquire);
}

static void enlist(struct waiter *waiter) {
  struct loop *loop = waiter->loop;
  waiter->prev = NULL;
  waiter->next = loop->sleepers;
  if (waiter->next) waiter->next->prev = waiter;
  loop->sleepers = waiter;
  waiter->listed = true;
}

static void delist(struct waiter *waiter) {
  if (!waiter->listed) return;
  if (waiter->prev)
    waiter->prev->next = waiter->next;
  else
    waiter->loop->sleepers = waiter->next;
  if (waiter->next) waiter->next->prev = waiter->prev;
  waiter->listed = false;
}

/* Wake a sleeper to take the free baton. Caller holds the loop's lock; the word returned is to be woken after it was
 * dropped, by its address only: the heir may have gone by then. */
static atomic_uint *choose_heir(struct loop *loop) {
  if (loop->driven) return NULL;
  for (struct waiter *w = loop->sleepers; w; w = w->next)
    if (change(w, WAITER_ASLEEP, WAITER_BATON)) return &w->state; /* a READY one leaves by itself */
  return NULL;
}

static void drop_and_wake(struct loop *loop, atomic_uint *heir) {
  lock_drop(&loop->lock);
  if (heir) park_wake(heir, 1);
}

bool baton_take(struct loop *loop) {
  lock_take(&loop->lock);
  bool taken = !loop->driven;
  loop->driven = true;
  lock_drop(&loop->lock);
  return taken;
}

void baton_release(struct loop *loop) {
  lock_take(&loop->lock);
  loop->driven = false;
  drop_and_wake(loop, choose_heir(loop));
}

static enum wait_result drive(struct waiter *waiter, uint64_t until) {
  enum wait_result result = WAIT_READY;
  change(waiter, WAITER_AWAKE, WAITER_DRIVING);
  while (!is_ready(waiter)) {
    if (until != PARK_FOREVER && clock_now() >= until) {
      /* A last look: what is ready already must not be missed by a poll with no time at all. */
      loop_turn(waiter->loop, waiter, 0);
      if (!is_ready(waiter)) result = WAIT_LATE;
      break;
    }
    if (!loop_turn(waiter->loop, waiter, until)) {
      if (!is_ready(waiter)) result = WAIT_INTERRUPTED;
      break;
    }
    if (waiter->looks_up && waiter->loop->busy >= BUSY_TURNS && !is_ready(waiter)) {
      waiter->loop->busy = 0;
      result = WAIT_BUSY;
      break;
    }
  }
  change(waiter, WAITER_DRIVING, WAITER_AWAKE);
  baton_release(waiter->loop);
  return result;
}

/* Sleep until signalled, handed the baton (then *drives), late or interrupted. The waiter is enlisted. */
static enum wait_result nap(struct waiter *waiter, uint64_t until, bool *drives) {
  struct loop *loop = waiter->loop;
  enum park_result parked = PARK_WOKEN;
  while (atomic_load_explicit(&waiter->state, memory_order_acquire) == WAITER_ASLEEP && parked == PARK_WOKEN)
    parked = park_wait(&waiter->state, WAITER_ASLEEP, until);
  lock_take(&loop->lock);
  delist(waiter);
  bool left = change(waiter, WAITER_ASLEEP, WAITER_AWAKE);
  /* An heir takes the baton before it lets go of the lock: signalled in between, it would leave, and nobody drive. */
  *drives = !left && change(waiter, WAITER_BATON, WAITER_AWAKE) && !loop->driven;
  if (*drives) loop->driven = true;
  /* One that was made heir and READY in the same moment will not drive: somebody else has to. */
  drop_and_wake(loop, choose_heir(loop));
  if (!left) return WAIT_READY;
  return parked == PARK_TIMEOUT ? WAIT_LATE : WAIT_INTERRUPTED;
}

/* Take the baton, or stand among the sleepers. True: taken. */
static inline bool take_or_enlist(struct waiter *waiter) {
  struct loop *loop = waiter->loop;
  lock_take(&loop->lock);
  bool drives = !loop->driven;
  if (drives)
    loop->driven = true;
  else if (change(waiter, WAITER_AWAKE, WAITER_ASLEEP))
    enlist(waiter);
  lock_drop(&loop->lock);
  return drives;
}

void baton_keep(struct loop *loop) {
  struct waiter waiter;
  waiter_init(&waiter, loop);
  for (bool drives = false; !drives;) {
    drives = take_or_enlist(&waiter);
    /* rare: a call that is late drives just then */
    if (!drives) (void)nap(&waiter, PARK_FOREVER, &drives);
  }
}

enum wait_result waiter_wait_inside(struct waiter *waiter, uint64_t until) {
  while (!is_ready(waiter)) {
    bool drives = take_or_enlist(waiter);
    enum wait_result result = drives ? WAIT_READY : nap(waiter, until, &drives);
    if (drives) return drive(waiter, until);
    if (result != WAIT_READY) return is_ready(waiter) ? WAIT_READY : result;
  }
  return WAIT_READY;
}

void loop_enter(struct loop *loop) {
  atomic_fetch_add_explicit(&loop->inside, 1, memory_order_relaxed);
}

/* Whoever waits for the last to leave holds the runtime no longer than until then: the word by its address only. */
void loop_leave(struct loop *loop) {
  if (atomic_fetch_sub_explicit(&loop->inside, 1, memory_order_release) == INSIDE_WATCHED + 1)
    park_wake(&loop->inside, 1);
}

enum wait_result waiter_wait(struct waiter *waiter, uint64_t until) {
  struct loop *loop = waiter->loop;
  loop_enter(loop);
  enum wait_result result = waiter_wait_inside(waiter, until);
  loop_leave(loop);
  return result;
}

void waiters_gone(struct loop *loop) {
  unsigned inside = atomic_fetch_or_explicit(&loop->inside, INSIDE_WATCHED, memory_order_acq_rel) | INSIDE_WATCHED;
  while (inside != INSIDE_WATCHED) {
    (void)park_wait(&loop->inside, inside, PARK_FOREVER);
    inside = atomic_load_explicit(&loop->inside, memory_order_acquire);
  }
}

atomic_uint *waiter_ready(struct waiter *waiter) {
  struct loop *loop = waiter->loop;
  unsigned before = atomic_exchange_explicit(&waiter->state, WAITER_READY, memory_order_seq_cst);
  if (before == WAITER_DRIVING) loop_kick(loop);
  return before == WAITER_ASLEEP || before == WAITER_BATON ? &waiter->state : NULL;
}

void waiter_signal(struct waiter *waiter) {
  atomic_uint *word = waiter_ready(waiter);
  if (word) park_wake(word, 1);
}
