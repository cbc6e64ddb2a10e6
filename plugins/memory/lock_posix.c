/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock as a POSIX mutex.
 */
#include "plugins/memory/lock.h"

#include <pthread.h>
#include <stddef.h>

struct lock {
  pthread_mutex_t mutex;
};

struct lock *lock_new(const struct hws_host *host) {
  struct lock *lock = host->alloc(sizeof *lock);
  if (lock == NULL) return NULL;
  if (pthread_mutex_init(&lock->mutex, NULL) == 0) return lock;
  host->release(lock);
  return NULL;
}

void lock_free(const struct hws_host *host, struct lock *lock) {
  (void)pthread_mutex_destroy(&lock->mutex);
  host->release(lock);
}

void lock_take(struct lock *lock) {
  (void)pthread_mutex_lock(&lock->mutex);
}

void lock_drop(struct lock *lock) {
  (void)pthread_mutex_unlock(&lock->mutex);
}
