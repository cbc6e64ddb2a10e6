/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry's lock in the simulated system.
 */
#include <stdbool.h>

#include "core/scheduler_sim.h"
#include "plugins/lock.h"

static bool held;

void registry_lock(void) {
  sim_point("registry");
  while (held) (void)sim_sleep(&held, SIM_NEVER, false, "registry");
  held = true;
}

void registry_unlock(void) {
  held = false;
  sim_wake(&held, 1);
}

void registry_lock_reset(void) {
}
