/* SPDX-License-Identifier: Apache-2.0
 *
 * The dice: a counter that is stirred.
 */
#include "plugins/chaos/dice.h"

static const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t stir(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

struct dice dice_new(uint64_t seed, uint64_t stream) {
  return (struct dice){.state = stir(seed + step) ^ stir(stream + 1)};
}

uint64_t dice_roll(struct dice *dice, uint64_t sides) {
  dice->state += step;
  uint64_t number = stir(dice->state);
  return sides > 0 ? number % sides : 0;
}

bool dice_chance(struct dice *dice, uint32_t percent) {
  return dice_roll(dice, 100) < percent;
}
