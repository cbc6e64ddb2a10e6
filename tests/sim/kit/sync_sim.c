/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's threads, mutexes and signals on the simulated system.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "core/scheduler_sim.h"
#include "plugins/check/fault.h"
#include "plugins/check/sync.h"

#define MS UINT64_C(1000000)

struct check_mutex {
  bool held;
};

struct check_signal {
  uint64_t count;
};

static void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes);
  CHECK(memory, "the kit itself is out of memory");
  return memory;
}

struct check_mutex *check_mutex_new(void) {
  return allocate(sizeof(struct check_mutex));
}

void check_mutex_free(struct check_mutex *mutex) {
  free(mutex);
}

void check_mutex_lock(struct check_mutex *mutex) {
  sim_point("mutex");
  while (mutex->held) (void)sim_sleep(mutex, SIM_NEVER, false, "mutex");
  mutex->held = true;
}

void check_mutex_unlock(struct check_mutex *mutex) {
  mutex->held = false;
  sim_wake(mutex, 1);
  sim_point("unlock");
}

struct check_signal *check_signal_new(void) {
  return allocate(sizeof(struct check_signal));
}

void check_signal_free(struct check_signal *signal) {
  free(signal);
}

uint64_t check_signal_seen(struct check_signal *signal) {
  sim_point("signal");
  return signal->count;
}

void check_signal_raise(struct check_signal *signal) {
  signal->count++;
  sim_wake(signal, SIM_THREADS_MAX);
  sim_point("raise");
}

void check_signal_wait(struct check_signal *signal, uint64_t seen, unsigned ms) {
  uint64_t until = sim_now() + ms * MS;
  while (signal->count == seen)
    if (sim_sleep(signal, until, false, "signal") == SIM_LATE) return;
}

struct check_thread *check_thread_start(void (*run)(void *argument), void *argument) {
  struct sim_thread *thread = sim_spawn("kit", run, argument);
  CHECK(thread, "the kit cannot start a thread");
  return (struct check_thread *)thread;
}

void check_thread_join(struct check_thread *thread) {
  sim_join((struct sim_thread *)thread);
}

/* Who watches a case does so from outside. */
uint64_t check_now_ns(void) {
  if (sim_self()) return sim_now();
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}
