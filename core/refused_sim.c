/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals of simulated threads: one place for each.
 */
#include "core/refused_sim.h"

#include <stddef.h>

#include "core/failing_sim.h"
#include "core/refused.h"
#include "core/scheduler_sim.h"

static struct {
  struct cause *cause;
  int said;
} places[SIM_THREADS_MAX];

struct cause *refused_kept(void) {
  return places[sim_index()].cause;
}

bool refused_keep(struct cause *cause) {
  if (cause->refs && failing_sim("words")) return false;
  unsigned index = sim_index();
  struct cause *before = places[index].cause;
  places[index].cause = cause;
  cause_unref(before);
  return true;
}

int refused_said(int status) {
  unsigned index = sim_index();
  int before = places[index].said;
  places[index].said = status;
  return before;
}

void refused_sim_forget(void) {
  for (unsigned i = 0; i < SIM_THREADS_MAX; i++) {
    struct cause *cause = places[i].cause;
    places[i].cause = NULL;
    places[i].said = 0;
    cause_unref(cause);
  }
}
