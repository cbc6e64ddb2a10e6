/* SPDX-License-Identifier: Apache-2.0
 *
 * Chance in the simulated system: the run's own dice.
 */
#include "core/entropy.h"

#include "core/scheduler_sim.h"

uint64_t entropy_seed(void) {
  return sim_dice(UINT64_MAX);
}
