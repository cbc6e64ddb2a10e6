/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry's lock as a POSIX mutex.
 */
#include "plugins/lock.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void registry_lock(void) {
  (void)pthread_mutex_lock(&lock);
}

void registry_unlock(void) {
  (void)pthread_mutex_unlock(&lock);
}

void registry_lock_reset(void) {
  static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
  lock = fresh;
}
