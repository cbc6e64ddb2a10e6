/* SPDX-License-Identifier: Apache-2.0
 *
 * The walks.
 */
#include "core/walk_sim.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static uint64_t below(uint64_t *state, uint64_t limit) {
  return limit ? next_random(state) % limit : 0;
}

uint64_t walk_dice(struct walk *walk, uint64_t limit) {
  return below(&walk->dice, limit);
}

/* ---- beginning ---- */

static void begin(struct walk *walk, enum walk_kind kind, uint64_t seed) {
  walk->kind = kind;
  walk->random = seed;
  walk->dice = seed ^ 0x5851f42d4c957f2d; /* the system's dice do not depend on the walk */
  walk->changed = 0;
  walk->changes = 0;
  walk->lowest = UINT64_C(1) << 32;
  memset(walk->priority, 0, sizeof walk->priority);
}

void walk_random(struct walk *walk, uint64_t seed, uint64_t one_in) {
  begin(walk, WALK_RANDOM, seed);
  walk->one_in = one_in ? one_in : 1;
}

void walk_replay(struct walk *walk, uint64_t seed, const struct sim_switches *switches, struct sim_forks *forks) {
  begin(walk, WALK_REPLAY, seed);
  replay_begin(&walk->replay, switches, forks);
}

static int by_step(const void *a, const void *b) {
  const struct change *x = a;
  const struct change *y = b;
  return x->at < y->at ? -1 : x->at > y->at;
}

/* Each change has a priority of its own, and a step that does not depend on it: any order of them can come. */
void walk_priorities(struct walk *walk, uint64_t seed, unsigned changes, uint64_t steps_guess) {
  begin(walk, WALK_PRIORITIES, seed);
  walk->changes = changes < WALK_CHANGES_MAX ? changes : WALK_CHANGES_MAX;
  for (unsigned i = 0; i < walk->changes; i++)
    walk->change[i] =
        (struct change){.at = 1 + below(&walk->random, steps_guess ? steps_guess : 1), .priority = walk->lowest + i};
  qsort(walk->change, walk->changes, sizeof walk->change[0], by_step);
}

/* ---- choosing ---- */

static unsigned nth(uint32_t able, unsigned n) {
  while (n--) able &= able - 1;
  return (unsigned)__builtin_ctz(able);
}

static unsigned choose_random(struct walk *walk, const struct sim_choice *choice) {
  if (choice->can_go_on && below(&walk->random, walk->one_in)) return choice->self;
  return nth(choice->able, (unsigned)below(&walk->random, (uint64_t)__builtin_popcount(choice->able)));
}

static unsigned highest(const struct walk *walk, uint32_t able) {
  unsigned best = (unsigned)__builtin_ctz(able);
  for (uint32_t left = able; left; left &= left - 1) {
    unsigned each = (unsigned)__builtin_ctz(left);
    if (walk->priority[each] > walk->priority[best]) best = each;
  }
  return best;
}

static unsigned choose_by_priority(struct walk *walk, const struct sim_choice *choice) {
  bool fresh = choice->fresh || !choice->can_go_on;
  while (walk->changed < walk->changes && walk->change[walk->changed].at <= choice->step) {
    walk->priority[choice->self] = walk->change[walk->changed++].priority;
    fresh = true;
  }
  return fresh ? highest(walk, choice->able) : choice->self;
}

unsigned walk_choose(struct walk *walk, const struct sim_choice *choice) {
  switch (walk->kind) {
  case WALK_RANDOM:
    return choose_random(walk, choice);
  case WALK_PRIORITIES:
    return choose_by_priority(walk, choice);
  case WALK_REPLAY:
  default:
    return replay_choose(&walk->replay, choice);
  }
}

void walk_enter(struct walk *walk, unsigned thread) {
  walk->priority[thread] = (UINT64_C(1) << 33) + (next_random(&walk->random) >> 32);
}

void walk_step_back(struct walk *walk, unsigned thread) {
  walk->priority[thread] = --walk->lowest;
}
