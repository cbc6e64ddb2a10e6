/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of switches as text: `3@120:5,5@17:3`, thread 3 gives way to thread 5 at its 120th step, and so on.
 */
#ifndef HAWSER_TESTS_SIM_SWITCHES_H
#define HAWSER_TESTS_SIM_SWITCHES_H

#include <stddef.h>

#include "core/switches_sim.h"

/* NULL: that is no list. Else free it. */
struct sim_switches *switches_parse(const char *text);
struct sim_switches *switches_copy(const struct sim_switches *switches);

/* Into a text of that size; what does not fit is cut. Returns the length that it has in full. */
size_t switches_text(const struct sim_switches *switches, char *text, size_t size);

/* In words: who gave way to whom, and where both stood. */
void switches_explain(const struct sim_switches *switches);

#endif
