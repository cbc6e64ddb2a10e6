/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of the simulated system.
 */
#include "tests/matrix/threads.h"

#include "core/file_sim.h"
#include "core/scheduler_sim.h"

enum { PAUSE_NS = 1000000 };

const bool workers_have_signals = true;

struct worker *worker_start(void (*run)(void *argument), void *argument) {
  return (struct worker *)sim_spawn("worker", run, argument);
}

void worker_join(struct worker *worker) {
  sim_join((struct sim_thread *)worker);
}

void worker_interrupt(struct worker *worker) {
  sim_interrupt((struct sim_thread *)worker);
}

void worker_yield(void) {
  sim_yield();
}

void worker_pause(void) {
  static const char key;
  (void)sim_sleep(&key, sim_now() + PAUSE_NS, false, "pause");
}

int64_t pattern_file(uint64_t bytes) {
  const struct file_sim file = {.bytes = bytes, .fails_at = UINT64_MAX, .regular = true, .seed = 0};
  static int64_t descriptor = -1;
  if (descriptor < 0) descriptor = file_sim_open(&file);
  return descriptor;
}
