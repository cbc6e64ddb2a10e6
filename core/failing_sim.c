/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting the simulated system's calls up to the one that fails.
 */
#include "core/failing_sim.h"

#include <stddef.h>

static struct {
  bool armed;
  bool rest;
  uint32_t skip;
  uint32_t count;
  const char *failed;
  const char *met;
} failing;

void failing_sim_begin(uint32_t skipped, bool rest) {
  failing.armed = true;
  failing.rest = rest;
  failing.skip = skipped;
  failing.count = 0;
  failing.failed = NULL;
  failing.met = NULL;
}

uint32_t failing_sim_end(void) {
  failing.armed = false;
  return failing.count;
}

const char *failing_sim_failed(void) {
  return failing.failed;
}

void failing_sim_met(const char *what) {
  if (!failing.met) failing.met = what;
}

const char *failing_sim_met_first(void) {
  return failing.met;
}

bool failing_sim(const char *call) {
  if (!failing.armed) return false;
  uint32_t before = failing.count++;
  bool fails = failing.rest ? before >= failing.skip : before == failing.skip;
  if (fails && !failing.failed) failing.failed = call;
  return fails;
}
