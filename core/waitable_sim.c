/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue's waitable in the simulated system: a flag that a thread can sleep on (waitable_sim.h).
 */
#include "core/waitable_sim.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/failing_sim.h"
#include "core/queue.h"
#include "core/scheduler_sim.h"

struct waitable {
  bool set;
};

struct waitable *waitable_new(void) {
  return failing_sim("waitable") ? NULL : calloc(1, sizeof(struct waitable));
}

void waitable_free(struct waitable *waitable) {
  free(waitable);
}

int64_t waitable_descriptor(const struct waitable *waitable) {
  return (int64_t)(intptr_t)waitable;
}

void waitable_set(struct waitable *waitable) {
  waitable->set = true;
  sim_wake(waitable, SIM_THREADS_MAX);
}

void waitable_clear(struct waitable *waitable) {
  waitable->set = false;
}

bool waitable_sim_poll(int64_t descriptor, uint64_t until) {
  const struct waitable *waitable = (const struct waitable *)(intptr_t)descriptor;
  sim_point("poll");
  while (!waitable->set)
    if (sim_sleep(waitable, until, false, "waitable") == SIM_LATE) break;
  return waitable->set;
}
