/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are a function of a seed and of how many were drawn before.
 */
#ifndef HAWSER_CHAOS_DICE_H
#define HAWSER_CHAOS_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
  uint64_t state;
};

/* Dice of their own for each pair of seed and stream. */
struct dice dice_new(uint64_t seed, uint64_t stream);

/* From 0 to sides - 1; 0 where there is no side. */
uint64_t dice_roll(struct dice *dice, uint64_t sides);

/* True in that many of a hundred cases. Draws one number in any case. */
bool dice_chance(struct dice *dice, uint32_t percent);

#endif
