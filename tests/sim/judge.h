/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgement of ends: which statuses and flags are allowed (CAN-2, OP-9), and whether an end has come in time.
 */
#ifndef HAWSER_TESTS_SIM_JUDGE_H
#define HAWSER_TESTS_SIM_JUDGE_H

#include "tests/sim/record.h"

bool judge_status(const struct record *record, int32_t status);

/* Of an event that has come: a fault where they are wrong. */
void judge_flags(const struct record *record);

/* It was asked to end, or its deadline has passed, and no event has come. */
bool judge_is_overdue(const struct record *record, uint64_t now);

/* Something was done here that ends it. */
bool end_was_left(const struct end *end);

/* Did something happen that can end whatever it was? */
bool turmoil(void);

/* Was that scope cancelled; 0: any? */
bool scope_was_cancelled(unsigned side, unsigned scope);

#endif
