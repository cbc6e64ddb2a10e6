/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated system has no fork.
 */
#include "core/fork.h"

#include <stddef.h>

atomic_uint *fork_word;

int fork_watch(void) {
  return 0;
}

void fork_reset(void) {
}
