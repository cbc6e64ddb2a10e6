/* SPDX-License-Identifier: Apache-2.0
 *
 * Sanitizers keep books about memory that nobody can turn back.
 */
#include "tests/sim/fresh.h"

void fresh_keep(void) {
}

bool fresh_again(void) {
  return false;
}
