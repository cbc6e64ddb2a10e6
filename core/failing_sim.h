/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of the simulated system that fail: those that could on a real one ask here first, each time by their name. The
 * network's do too.
 */
#ifndef HAWSER_CORE_FAILING_SIM_H
#define HAWSER_CORE_FAILING_SIM_H

#include <stdbool.h>
#include <stdint.h>

/* The first `skipped` calls from now go well, the next one fails; and all that follow, if `rest`. */
void failing_sim_begin(uint32_t skipped, bool rest);

/* No call fails any more. How many there were. */
uint32_t failing_sim_end(void);

/* The name of the first that failed; NULL: none did. */
const char *failing_sim_failed(void);

/* Something failed that nobody counts: the network breaks a connection, or fails a call, for a reason of its own. Its
 * name; NULL: nothing did since failing_sim_begin. */
__attribute__((visibility("default"))) void failing_sim_met(const char *what);
const char *failing_sim_met_first(void);

/* Is this one to fail? Plugins find it in the program. */
__attribute__((visibility("default"))) bool failing_sim(const char *call);

#endif
