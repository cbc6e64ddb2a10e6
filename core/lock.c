/* SPDX-License-Identifier: Apache-2.0
 *
 * The slow half of lock.h.
 */
#include "core/lock.h"

#include "core/park.h"

/* Sections are short: a holder that runs on another processor is usually gone before a futex call would return. */
enum { SPINS = 64 };

void lock_take_slow(struct lock *lock) {
  for (int i = 0; i < SPINS; i++) {
    unsigned seen = atomic_load_explicit(&lock->word, memory_order_relaxed);
    if (seen == 2) break;
    if (seen == 0 &&
        atomic_compare_exchange_weak_explicit(&lock->word, &seen, 1, memory_order_acquire, memory_order_relaxed))
      return;
    park_relax();
  }
  while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0) park_wait(&lock->word, 2, PARK_FOREVER);
}

void lock_wake(struct lock *lock) {
  park_wake(&lock->word, 1);
}
