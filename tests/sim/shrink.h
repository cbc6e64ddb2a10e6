/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a telling that fails smaller: fewer acts first, then fewer switches.
 */
#ifndef HAWSER_TESTS_SIM_SHRINK_H
#define HAWSER_TESTS_SIM_SHRINK_H

#include "tests/sim/telling.h"

/* Leave out acts, then switches, for as long as it fails in the same way, and for so many seconds at most. What comes
 * out is a list of switches, which the caller frees. False: it does not fail. */
bool shrink(struct telling *telling, unsigned seconds);

/* Print what is left: the story, its switches in words, the fault, and the line. */
void shrink_print(const struct telling *telling);

/* Are they the same, but for numbers? */
bool fault_is_like(const char *fault, const char *other);

#endif
