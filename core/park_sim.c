/* SPDX-License-Identifier: Apache-2.0
 *
 * Parking in the simulated system.
 */
#include "core/park.h"

#include <string.h>

#include "core/scheduler_sim.h"

enum park_result park_wait(atomic_uint *word, unsigned expected, uint64_t deadline_ns) {
  sim_point("park");
  /* As the system does it: the look and the sleep are one. */
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) return PARK_WOKEN;
  if (sim_dice(64) == 0) return PARK_WOKEN; /* for no reason */
  enum sim_wake woken = sim_sleep(word, deadline_ns, true, "parked");
  return woken == SIM_LATE ? PARK_TIMEOUT : woken == SIM_INTERRUPTED ? PARK_INTERRUPTED : PARK_WOKEN;
}

void park_wake(atomic_uint *word, int count) {
  sim_wake(word, (unsigned)count);
  sim_point("wake");
}

void park_yield(void) {
  sim_yield();
}

uint64_t clock_now(void) {
  sim_point("clock");
  return sim_now();
}

const char *os_error_text(int os_error, char room[OS_ERROR_TEXT_MAX]) {
  (void)room;
  return os_error ? "simulated" : "no error";
}
