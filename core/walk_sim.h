/* SPDX-License-Identifier: Apache-2.0
 *
 * Who runs next: the ways to walk through the interleavings of a program.
 *
 *   random       at each point, with some probability, anybody who can run
 *   priorities   probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler
 *                with probabilistic guarantees of finding bugs, ASPLOS 2010): threads have random priorities, the
 *                highest runs, and at d - 1 random steps the one that runs becomes the lowest. A fault that needs d
 *                ordered steps shows in a run of n threads and k steps with a chance of at least 1 / (n * k^(d - 1)).
 */
#ifndef HAWSER_CORE_WALK_SIM_H
#define HAWSER_CORE_WALK_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/scheduler_sim.h"

enum walk_kind { WALK_RANDOM, WALK_PRIORITIES };

struct walk {
  enum walk_kind kind;
  uint64_t random;
  uint64_t dice;
  uint64_t one_in;        /* random: a switch at one in so many points */
  unsigned changes;       /* priorities: d - 1 */
  uint64_t steps_guess;   /* priorities: k; of the run before */
  uint64_t change_at[16]; /* ascending */
  unsigned changed;
  uint64_t priority[SIM_THREADS_MAX];
  uint64_t lowest;
};

/* Begin a run. The seed decides all that is random in it. */
void walk_random(struct walk *walk, uint64_t seed, uint64_t one_in);
void walk_priorities(struct walk *walk, uint64_t seed, unsigned changes, uint64_t steps_guess);

/* Choose among `able` (a bit each), never empty. current: who runs, if it can go on; SIM_THREADS_MAX if it cannot.
 * `fresh`: who can run is not what it was at the last choice. */
unsigned walk_choose(struct walk *walk, uint64_t step, uint32_t able, unsigned current, bool fresh);

/* A thread begins; or steps behind all others. */
void walk_enter(struct walk *walk, unsigned thread);
void walk_step_back(struct walk *walk, unsigned thread);

uint64_t walk_dice(struct walk *walk, uint64_t limit);

#endif
