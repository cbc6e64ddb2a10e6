/* SPDX-License-Identifier: Apache-2.0
 *
 * A story's beginning is that of a process that told none: whatever the ones before left behind, also one that got
 * stuck or failed, is gone. So a fault that was found behind a million stories is told again by its two numbers alone.
 *
 * What belongs to no story must not lie in a static variable, nor in memory that was allocated inside of a run.
 */
#ifndef HAWSER_TESTS_SIM_FRESH_H
#define HAWSER_TESTS_SIM_FRESH_H

#include <stdbool.h>

/* This is the beginning. Once, outside of a run, when everything is loaded that stories load. */
void fresh_keep(void);

/* Back to it. False: this build cannot, and a story needs a process of its own. */
bool fresh_again(void);

#endif
