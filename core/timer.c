/* SPDX-License-Identifier: Apache-2.0
 *
 * The heap of timers.
 */
#include "core/timer.h"

#include <stdlib.h>

#include "core/handle.h"

static void place(struct timers *timers, size_t index, struct timer *timer) {
  timers->heap[index] = timer;
  timer->index = index;
}

static void sift_up(struct timers *timers, size_t index, struct timer *timer) {
  for (; index > 1 && timers->heap[index / 2]->at > timer->at; index /= 2)
    place(timers, index, timers->heap[index / 2]);
  place(timers, index, timer);
}

static void sift_down(struct timers *timers, size_t index, struct timer *timer) {
  for (size_t child; (child = index * 2) <= timers->count; index = child) {
    if (child < timers->count && timers->heap[child + 1]->at < timers->heap[child]->at) child++;
    if (timers->heap[child]->at >= timer->at) break;
    place(timers, index, timers->heap[child]);
  }
  place(timers, index, timer);
}

static void take_out(struct timers *timers, struct timer *timer) {
  size_t index = timer->index;
  struct timer *last = timers->heap[timers->count--];
  timer->index = 0;
  if (last == timer) return;
  sift_down(timers, index, last);
  sift_up(timers, last->index, last);
}

static void publish(struct timers *timers) {
  uint64_t next = timers->count ? timers->heap[1]->at : TIMER_NEVER;
  atomic_store_explicit(&timers->next, next, memory_order_seq_cst);
}

static bool make_room(struct timers *timers) {
  if (timers->count + 1 < timers->room) return true;
  size_t room = timers->room ? timers->room * 2 : 64;
  struct timer **heap = realloc(timers->heap, room * sizeof(struct timer *));
  if (!heap) return false;
  timers->heap = heap;
  timers->room = room;
  return true;
}

void timers_free(struct timers *timers) {
  lock_take(&timers->lock); /* a call beside the join may let go of the last pin of a scope */
  for (size_t i = 1; i <= timers->count; i++) timers->heap[i]->index = 0;
  free(timers->heap);
  timers->heap = NULL;
  timers->count = timers->room = 0;
  lock_drop(&timers->lock);
}

bool timer_arm(struct timers *timers, struct timer *timer, uint64_t at, bool *failed) {
  lock_take(&timers->lock);
  if (timer->index) take_out(timers, timer);
  *failed = !make_room(timers);
  bool first = false;
  if (!*failed) {
    timer->at = at;
    sift_up(timers, ++timers->count, timer);
    first = timer->index == 1;
  }
  publish(timers);
  lock_drop(&timers->lock);
  return first;
}

bool timer_disarm(struct timers *timers, struct timer *timer) {
  lock_take(&timers->lock);
  bool armed = timer->index != 0;
  if (armed) {
    take_out(timers, timer);
    publish(timers);
  }
  lock_drop(&timers->lock);
  return armed;
}

static struct timer *pop_due(struct timers *timers, uint64_t now) {
  struct timer *timer = NULL;
  lock_take(&timers->lock);
  while (!timer && timers->count && timers->heap[1]->at <= now) {
    timer = timers->heap[1];
    take_out(timers, timer);
    /* Whoever frees the object disarms first, under this lock: its slot is still there to be asked. */
    /* rare: see above */
    if (!object_try_pin(timer->object)) timer = NULL;
  }
  publish(timers);
  lock_drop(&timers->lock);
  return timer;
}

void timers_run(struct timers *timers, uint64_t now) {
  if (atomic_load_explicit(&timers->next, memory_order_relaxed) > now) return;
  for (struct timer *timer; (timer = pop_due(timers, now));) {
    struct object *object = timer->object;
    timer->fire(timer);
    object_unpin(object);
  }
}
