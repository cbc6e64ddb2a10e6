/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock in the simulated system.
 */
#include <stdbool.h>
#include <stddef.h>

#include "core/scheduler_sim.h"
#include "plugins/memory/lock.h"

struct lock {
  bool held;
};

struct lock *lock_new(const struct hws_host *host) {
  return host->alloc(sizeof(struct lock));
}

void lock_free(const struct hws_host *host, struct lock *lock) {
  host->release(lock);
}

void lock_take(struct lock *lock) {
  sim_point("pipe");
  while (lock->held) (void)sim_sleep(lock, SIM_NEVER, false, "pipe");
  lock->held = true;
}

void lock_drop(struct lock *lock) {
  lock->held = false;
  sim_wake(lock, 1);
}
