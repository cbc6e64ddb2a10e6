/* SPDX-License-Identifier: Apache-2.0
 *
 * What a crash while many stories are told in one process says, and does: the line that tells the story again, and that
 * in a fresh process, which looks for a smaller one.
 */
#ifndef HAWSER_TESTS_SIM_CRASH_H
#define HAWSER_TESTS_SIM_CRASH_H

struct telling;

/* Once, before the beginning is kept. */
void crash_begin(void);

/* From now on a crash is caught; or, in a process that somebody waits for, is plain again. */
void crash_is_caught(void);
void crash_is_plain(void);

/* This one is being told. */
void crash_would_be(const struct telling *telling);

#endif
