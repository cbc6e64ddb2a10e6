/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry's lock as a slim lock. No process forks here, so none is ever reset.
 */
#include "plugins/lock.h"

#include <windows.h>

static SRWLOCK lock = SRWLOCK_INIT;

void registry_lock(void) {
  AcquireSRWLockExclusive(&lock);
}

void registry_unlock(void) {
  ReleaseSRWLockExclusive(&lock);
}

void registry_lock_reset(void) {
}
