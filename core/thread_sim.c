/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of the simulated system.
 */
#include "core/thread.h"

#include <stddef.h>

#include "core/failing_sim.h"
#include "core/scheduler_sim.h"

struct os_thread *os_thread_start(const char *name, void (*run)(void *argument), void *argument) {
  if (failing_sim("thread")) return NULL;
  return (struct os_thread *)sim_spawn(name, run, argument);
}

bool os_thread_is_self(const struct os_thread *thread) {
  return (const struct sim_thread *)thread == sim_self();
}

void os_thread_join(struct os_thread *thread) {
  sim_join((struct sim_thread *)thread);
}

void os_thread_abandon(struct os_thread *thread) {
  sim_detach((struct sim_thread *)thread);
}
