/* SPDX-License-Identifier: Apache-2.0
 *
 * No process forks here, so what fork.h looks at never changes.
 */
#include <stddef.h>

#include "core/fork.h"

atomic_uint *fork_word; /* NULL: nothing to look at */

int fork_watch(void) {
  return 0;
}

void fork_reset(void) {
}
