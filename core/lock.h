/* SPDX-License-Identifier: Apache-2.0
 *
 * The one kind of lock in the core: a word, taken by one compare-and-swap when it is free.
 *
 * Order. A thread that holds a lock takes only locks that stand further down:
 *   1. session.lock, the outermost session first (a nested session's stream belongs to the session below it)
 *   2. conn.lock, listener.lock
 *   3. runtime.scope_lock
 *   4. timers.lock
 *   5. queue.lock
 *   6. loop.lock
 *   7. leaves that call nothing: op pool, handle table, buffer pool, runtime.lock, endpoint.lock; on Windows
 *      notify.lock, which calls the system
 * Directions of an endpoint (endpoint.h) are not locks: whoever finds one held goes on. Only the loop's driver waits
 * for them, with no lock held, and takes those of one endpoint only: a thread that holds a direction of a filter enters
 * that of what is below, never the other way round, as what comes up from below is a task of the loop. User-visible
 * events are delivered after locks of level 1 and 2 were dropped (op_deliver).
 */
#ifndef HAWSER_CORE_LOCK_H
#define HAWSER_CORE_LOCK_H

#include <stdatomic.h>

struct lock {
  atomic_uint word; /* 0 free, 1 held, 2 held and somebody may sleep */
};

void lock_take_slow(struct lock *lock);
void lock_wake(struct lock *lock);

static inline void lock_take(struct lock *lock) {
  unsigned seen = 0;
  if (!atomic_compare_exchange_strong_explicit(&lock->word, &seen, 1, memory_order_acquire, memory_order_relaxed))
    lock_take_slow(lock);
}

static inline void lock_drop(struct lock *lock) {
  if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2) lock_wake(lock);
}

#endif
