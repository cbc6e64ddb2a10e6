/* SPDX-License-Identifier: Apache-2.0
 *
 * A telling: one story in one schedule. Both come from seeds, so a line of numbers is all that it takes to tell it
 * again, wherever it was told first.
 */
#ifndef HAWSER_TESTS_SIM_TELLING_H
#define HAWSER_TESTS_SIM_TELLING_H

#include "core/scheduler_sim.h"
#include "core/switches_sim.h"
#include "tests/sim/failing.h"
#include "tests/sim/story.h"

enum { FAULT_MAX = 640 };

struct telling {
  uint64_t story;
  uint64_t schedule; /* the seed of the walk, and of the system's dice */
  uint64_t steps;    /* over so many a walk spreads its changes; 0: as is usual */
  bool dropped[STORY_ACTS_MAX];
  struct failing failing;
  const struct sim_switches *switches; /* this schedule, in place of the walk; NULL: the walk */
  struct sim_forks *forks;             /* with switches: where it could go on otherwise; NULL: nobody asks */
};

struct told {
  bool fine;
  uint64_t steps;
  uint64_t switches;
  uint64_t trace;
  uint32_t could_fail[FAILING_KINDS];
  char fault[FAULT_MAX]; /* what was wrong; where everybody stood follows in later lines */
};

/* Once, first of all: load what stories load, and keep that as their beginning. */
void tell_begin(void);

/* From the beginning, whatever was told before, in this process if the build can. */
void tell(const struct telling *telling, struct told *told);

/* The same, in this process in any case, and aloud: for the one story of a process. */
void tell_aloud(const struct telling *telling, struct told *told);

/* In a process of its own, also if that crashes. */
void tell_apart(const struct telling *telling, struct told *told);

/* What was unusual in the schedule of the last telling; valid until the next. */
const struct sim_switches *told_switches(void);

/* Does its walk have priorities? What these are spread over belongs to the line then. */
bool telling_has_priorities(const struct telling *telling);

/* The options that tell it again, as a command line has them. */
enum { TELLING_OPTIONS_MAX = 12, TELLING_TEXT_MAX = 1 << 20 };

struct telling_options {
  unsigned count;
  char *each[TELLING_OPTIONS_MAX];
  char text[TELLING_TEXT_MAX];
};

void telling_options(const struct telling *telling, struct telling_options *options);

unsigned telling_acts(const struct telling *telling);

/* The story, as it is told; and the line. */
void telling_print_story(const struct telling *telling);
void telling_print(const struct telling *telling);

#endif
