/* SPDX-License-Identifier: Apache-2.0
 *
 * A telling: one story in one schedule. Both come from seeds, so two numbers and the acts that were left out are all
 * that it takes to tell it again.
 */
#ifndef HAWSER_TESTS_SIM_TELLING_H
#define HAWSER_TESTS_SIM_TELLING_H

#include "core/scheduler_sim.h"
#include "tests/sim/failing.h"
#include "tests/sim/story.h"

enum { FAULT_MAX = 640 };

struct telling {
  uint64_t story;
  uint64_t schedule;
  bool dropped[STORY_ACTS_MAX];
  struct failing failing;
};

struct told {
  bool fine;
  uint64_t steps;
  uint64_t switches;
  uint64_t trace;
  uint32_t could_fail[FAILING_KINDS];
  char fault[FAULT_MAX]; /* what was wrong; where everybody stood follows in later lines */
};

/* In this process. One that is not fine may have left locks held: nothing can be told after it. */
void tell(const struct telling *telling, bool aloud, struct told *told);

/* What the first story of a process allocates for ever, and so would seem to leak. */
void tell_first(void);

/* In a process of its own, also if that crashes. */
void tell_apart(const struct telling *telling, struct told *told);

/* The options that tell it again. */
void telling_print(const struct telling *telling);

#endif
