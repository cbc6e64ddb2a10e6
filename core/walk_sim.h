/* SPDX-License-Identifier: Apache-2.0
 *
 * Who runs next: the ways to walk through the interleavings of a program.
 *
 *   random       at each point, with some probability, anybody who can run
 *   priorities   probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler
 *                with probabilistic guarantees of finding bugs, ASPLOS 2010): threads have random priorities, the
 *                highest runs, and at d - 1 random steps of k the one that runs gets one of the d - 1 lowest, which of
 *                them is random too. A fault that needs d ordered steps shows in a run of n threads and at most k steps
 *                with a chance of at least 1 / (n * k^(d - 1)).
 *   replay       a list of switches (switches_sim.h), and the usual choice at all other points
 *
 * In all of them a thread that waits for others by yielding, or by going on for very long, steps behind all others.
 */
#ifndef HAWSER_CORE_WALK_SIM_H
#define HAWSER_CORE_WALK_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/scheduler_sim.h"
#include "core/switches_sim.h"

enum walk_kind { WALK_RANDOM, WALK_PRIORITIES, WALK_REPLAY };

enum { WALK_CHANGES_MAX = 16 };

/* A step at which the one that runs falls, and how low. */
struct change {
  uint64_t at;
  uint64_t priority;
};

struct walk {
  enum walk_kind kind;
  uint64_t random;
  uint64_t dice;
  uint64_t one_in;                        /* random: a switch at one in so many points */
  unsigned changes;                       /* priorities: d - 1 */
  struct change change[WALK_CHANGES_MAX]; /* by step */
  unsigned changed;
  uint64_t priority[SIM_THREADS_MAX];
  uint64_t lowest;
  struct replay replay;
};

/* Begin a run. The seed decides all that is random in it. */
void walk_random(struct walk *walk, uint64_t seed, uint64_t one_in);
void walk_priorities(struct walk *walk, uint64_t seed, unsigned changes, uint64_t steps_guess); /* d - 1, k */
void walk_replay(struct walk *walk, uint64_t seed, const struct sim_switches *switches, struct sim_forks *forks);

/* Choose who runs next. */
unsigned walk_choose(struct walk *walk, const struct sim_choice *choice);

/* A thread begins; or steps behind all others. */
void walk_enter(struct walk *walk, unsigned thread);
void walk_step_back(struct walk *walk, unsigned thread);

uint64_t walk_dice(struct walk *walk, uint64_t limit);

#endif
