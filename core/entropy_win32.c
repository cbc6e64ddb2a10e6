/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers by RtlGenRandom, which is there without a provider to be loaded.
 */
#include "core/entropy.h"

#include <windows.h>

#include <ntsecapi.h>

#include "core/park.h"

uint64_t entropy_seed(void) {
  uint64_t seed;
  if (RtlGenRandom(&seed, sizeof seed)) return seed;
  return ((uint64_t)(uintptr_t)&seed ^ clock_now() ^ (uint64_t)GetCurrentProcessId() << 32) *
         UINT64_C(0x9e3779b97f4a7c15);
}
