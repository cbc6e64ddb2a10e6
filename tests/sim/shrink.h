/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a telling that fails smaller.
 */
#ifndef HAWSER_TESTS_SIM_SHRINK_H
#define HAWSER_TESTS_SIM_SHRINK_H

#include "tests/sim/telling.h"

/* Leave out acts for as long as it fails in the same way, in this schedule or another. False: it does not fail. */
bool shrink(struct telling *telling);

/* Are they the same, but for numbers? */
bool fault_is_like(const char *fault, const char *other);

#endif
