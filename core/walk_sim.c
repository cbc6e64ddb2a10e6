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
  walk->lowest = UINT64_C(1) << 32;
  memset(walk->priority, 0, sizeof walk->priority);
}

void walk_random(struct walk *walk, uint64_t seed, uint64_t one_in) {
  begin(walk, WALK_RANDOM, seed);
  walk->one_in = one_in ? one_in : 1;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

void walk_priorities(struct walk *walk, uint64_t seed, unsigned changes, uint64_t steps_guess) {
  enum { MOST = sizeof walk->change_at / sizeof walk->change_at[0] };
  begin(walk, WALK_PRIORITIES, seed);
  walk->changes = changes < MOST ? changes : MOST;
  walk->steps_guess = steps_guess ? steps_guess : 1000;
  for (unsigned i = 0; i < walk->changes; i++) walk->change_at[i] = 1 + below(&walk->random, walk->steps_guess);
  qsort(walk->change_at, walk->changes, sizeof walk->change_at[0], ascending);
}

/* ---- choosing ---- */

static unsigned nth(uint32_t able, unsigned n) {
  while (n--) able &= able - 1;
  return (unsigned)__builtin_ctz(able);
}

static unsigned any_of(struct walk *walk, uint32_t able) {
  return nth(able, (unsigned)below(&walk->random, (uint64_t)__builtin_popcount(able)));
}

static unsigned choose_random(struct walk *walk, uint32_t able, unsigned current) {
  if (current < SIM_THREADS_MAX && below(&walk->random, walk->one_in)) return current;
  return any_of(walk, able);
}

static unsigned highest(const struct walk *walk, uint32_t able) {
  unsigned best = (unsigned)__builtin_ctz(able);
  for (uint32_t left = able; left; left &= left - 1) {
    unsigned each = (unsigned)__builtin_ctz(left);
    if (walk->priority[each] > walk->priority[best]) best = each;
  }
  return best;
}

static unsigned choose_by_priority(struct walk *walk, uint64_t step, uint32_t able, unsigned current, bool fresh) {
  while (walk->changed < walk->changes && walk->change_at[walk->changed] <= step) {
    walk->changed++;
    if (current < SIM_THREADS_MAX) walk->priority[current] = --walk->lowest;
    fresh = true;
  }
  return fresh || current == SIM_THREADS_MAX ? highest(walk, able) : current;
}

unsigned walk_choose(struct walk *walk, uint64_t step, uint32_t able, unsigned current, bool fresh) {
  return walk->kind == WALK_RANDOM ? choose_random(walk, able, current)
                                   : choose_by_priority(walk, step, able, current, fresh);
}

void walk_enter(struct walk *walk, unsigned thread) {
  walk->priority[thread] = (UINT64_C(1) << 33) + (next_random(&walk->random) >> 32);
}

void walk_step_back(struct walk *walk, unsigned thread) {
  walk->priority[thread] = --walk->lowest;
}
