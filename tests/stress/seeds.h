/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds of a race, each made by a seed. A few seconds of them; minutes with HAWSER_LONG=1 in the environment.
 *
 * A test that fails has printed its seed, and HAWSER_SEED=that does the same round again and again.
 */
#ifndef HAWSER_TESTS_STRESS_SEEDS_H
#define HAWSER_TESTS_STRESS_SEEDS_H

#include "tests/core/places.h"

/* Call `round` with seed after seed until the time is up: the suite's share of it is split among `parts` tests. */
void seeds_run(unsigned parts, void (*round)(uint64_t seed));

/* The place that a seed plays in. */
struct world *seed_world(struct dice *dice);

#endif
