/* SPDX-License-Identifier: Apache-2.0
 *
 * The watch over a process that tells stories: one that does not come to its end is told as far as it came.
 */
#ifndef HAWSER_TESTS_SIM_REAL_WATCH_H
#define HAWSER_TESTS_SIM_REAL_WATCH_H

#include "tests/sim/story.h"

/* Abort the process, with a report, if a story takes longer than that. */
void watch_begin(unsigned seconds);

/* This one begins; NULL: none is told now. */
void watch_story(const struct story *story);

/* Each op that was asked for, and what came of it. */
void watch_print_ops(void);

#endif
