/* SPDX-License-Identifier: Apache-2.0
 *
 * Seeds, and how long to go on.
 */
#include "tests/stress/seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUITE_NS (4 * SECOND)
#define LONG_NS (180 * SECOND)

static uint64_t seed_now;

static void tell(void) {
  if (seed_now) (void)fprintf(stderr, "the last seed was HAWSER_SEED=%llu\n", (unsigned long long)seed_now);
}

static bool is_set(const char *name) {
  const char *value = getenv(name);
  return value && *value && strcmp(value, "0") != 0;
}

void seeds_run(unsigned parts, void (*round)(uint64_t seed)) {
  static bool registered;
  const char *chaos = getenv("HAWSER_CHAOS_SEED"); /* which says both what is done and what goes wrong */
  const char *fixed = chaos ? chaos : getenv("HAWSER_SEED");
  struct dice dice = {.state = hws_now()};
  uint64_t until = hws_now() + (is_set("HAWSER_LONG") ? LONG_NS : SUITE_NS) / parts;
  if (!registered) registered = atexit(tell) == 0;
  do {
    seed_now = fixed ? strtoull(fixed, NULL, 10) : (uint64_t)dice_roll(&dice, UINT32_MAX) + 1;
    print_message("           HAWSER_SEED=%llu\n", (unsigned long long)seed_now);
    (void)fflush(stdout);
    round(seed_now);
  } while (hws_now() < until);
  seed_now = 0;
}

struct world *seed_world(struct dice *dice) {
  here = &places[dice_roll(dice, 4)];
  return world_open(here->flags);
}
