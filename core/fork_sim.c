/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated system has no fork.
 */
#include "core/fork.h"

#include <stddef.h>

#include "core/failing_sim.h"

atomic_uint *fork_word;

int fork_watch(void) {
  return failing_sim("fork") ? -1 : 0;
}

void fork_reset(void) {
}
