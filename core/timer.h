/* SPDX-License-Identifier: Apache-2.0
 *
 * Timers: a binary heap per loop. A timer is embedded in what it serves; nothing is allocated when one is armed, save
 * when the heap grows.
 */
#ifndef HAWSER_CORE_TIMER_H
#define HAWSER_CORE_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/lock.h"

#define TIMER_NEVER UINT64_MAX

struct object;

struct timer {
  uint64_t at;
  size_t index;                      /* place in the heap, from 1; 0: not armed */
  struct object *object;             /* pinned while it fires: who disarms under the lock knows that it will not fire */
  void (*fire)(struct timer *timer); /* from the loop, no lock held; the object is pinned meanwhile */
};

struct timers {
  struct lock lock;
  struct timer **heap;
  size_t count;
  size_t room;
  _Atomic(uint64_t) next; /* the earliest, or TIMER_NEVER */
};

void timers_free(struct timers *timers);

/* Arm or move. True: it is the earliest now, so the loop has to be told. False with *failed: no memory. */
bool timer_arm(struct timers *timers, struct timer *timer, uint64_t at, bool *failed);

/* False: it was not armed, or fires right now. */
bool timer_disarm(struct timers *timers, struct timer *timer);

/* Fire what is due. */
void timers_run(struct timers *timers, uint64_t now);

#endif
