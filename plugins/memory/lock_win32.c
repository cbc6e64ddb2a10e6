/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock as a slim lock.
 */
#include "plugins/memory/lock.h"

#include <stddef.h>
#include <windows.h>

struct lock {
  SRWLOCK lock;
};

struct lock *lock_new(const struct hws_host *host) {
  struct lock *lock = host->alloc(sizeof *lock);
  if (lock != NULL) InitializeSRWLock(&lock->lock);
  return lock;
}

void lock_free(const struct hws_host *host, struct lock *lock) {
  host->release(lock);
}

void lock_take(struct lock *lock) {
  AcquireSRWLockExclusive(&lock->lock);
}

void lock_drop(struct lock *lock) {
  ReleaseSRWLockExclusive(&lock->lock);
}
