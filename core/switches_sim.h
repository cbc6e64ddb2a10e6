/* SPDX-License-Identifier: Apache-2.0
 *
 * A schedule as the list of what is unusual in it.
 *
 * The usual schedule lets whoever runs go on; where it cannot, the next higher index that can run comes, the lowest
 * behind the highest. A switch is where another one came. It is named by the steps that its thread had taken by itself,
 * so that leaving out one of a list moves the others as little as can be. All other chance of a run is its dice: with
 * the same seed the same list gives the same run, whatever walk it was taken from.
 */
#ifndef HAWSER_CORE_SWITCHES_SIM_H
#define HAWSER_CORE_SWITCHES_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/scheduler_sim.h"

/* Who may run next, at one point. */
struct sim_choice {
  uint64_t step;  /* of the run */
  uint32_t able;  /* a bit for each thread; never empty */
  unsigned self;  /* who came to the point */
  uint32_t own;   /* its steps so far */
  bool can_go_on; /* it need not give way */
  bool fresh;     /* who can run is not what it was at the last choice */
  enum sim_part part;
};

unsigned sim_choice_usual(const struct sim_choice *choice);

enum { SWITCH_NAME_MAX = 12 };

struct sim_switch {
  uint32_t own;
  uint8_t thread;
  uint8_t to;
  /* Of a recorded one: who they are, and where they stand. */
  char name[SWITCH_NAME_MAX];
  char to_name[SWITCH_NAME_MAX];
  const char *where;
  const char *to_where;
};

struct sim_switches {
  uint32_t count; /* may be more than there is room for: the rest is lost */
  uint32_t room;
  struct sim_switch *list;
};

/* A choice where another could have come: what a search tries. */
struct sim_fork {
  uint32_t own;
  uint8_t thread;
  uint8_t usual;
  uint32_t others; /* a bit for each */
};

struct sim_forks {
  bool with_rest; /* also those of SIM_REST, beside SIM_ACTS */
  uint32_t count; /* may be more than there is room for */
  uint32_t room;
  struct sim_fork *list;
};

/* Going through a list. */
struct replay {
  const struct sim_switches *switches;
  struct sim_forks *forks; /* NULL: nobody asks; those behind the last switch */
  uint32_t used;           /* switches that were come to */
  uint32_t after[33];      /* by thread: where in the list its next one may be */
};

void replay_begin(struct replay *replay, const struct sim_switches *switches, struct sim_forks *forks);
unsigned replay_choose(struct replay *replay, const struct sim_choice *choice);

#endif
