/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers by getrandom.
 */
#include <sys/random.h>
#include <unistd.h>

#include "core/entropy.h"
#include "core/park.h"

uint64_t entropy_seed(void) {
  uint64_t seed;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) return seed;
  /* Early in the system's life, or forbidden. */
  return ((uint64_t)(uintptr_t)&seed ^ clock_now() ^ (uint64_t)getpid() << 32) * UINT64_C(0x9e3779b97f4a7c15);
}
