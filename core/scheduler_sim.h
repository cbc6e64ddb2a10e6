/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated system: threads that one scheduler switches, a clock that jumps when everybody sleeps.
 *
 * One thread of the real system runs everything. A simulated thread runs until it reaches a point: every access to an
 * atomic (atomics_sim/stdatomic.h), and so every lock, every park and every wake. There the walk (walk_sim.h) may let
 * another one run. What happens between two points is one step; the same choices give the same run, to the last byte.
 *
 * What is not simulated: a processor that reorders. Runs are sequentially consistent; ThreadSanitizer looks for the
 * rest.
 */
#ifndef HAWSER_CORE_SCHEDULER_SIM_H
#define HAWSER_CORE_SCHEDULER_SIM_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_NEVER UINT64_MAX

enum { SIM_THREADS_MAX = 32 };

enum sim_verdict {
  SIM_ENDED,  /* every thread has returned */
  SIM_STUCK,  /* nobody can run, and no time to come changes that: a deadlock, a lost wake-up, an op without an event */
  SIM_ENDLESS /* more steps than the limit: a loop that waits for what does not come */
};

/* The parts of a run, for searches of its schedules. */
enum sim_part {
  SIM_SETUP, /* not searched */
  SIM_ACTS,
  SIM_REST
};

/* Plugins call these too, and find them in the program. */
#pragma GCC visibility push(default)

struct walk;
struct sim_switches;
struct sim_thread;

struct sim_config {
  struct walk *walk;
  uint64_t tick_ns;            /* how long a step takes */
  uint64_t steps_limit;        /* 0: two million */
  struct sim_switches *record; /* NULL, or where to write the switches (switches_sim.h) */
};

struct sim_result {
  enum sim_verdict verdict;
  uint64_t steps;
  uint64_t switches;
  uint64_t trace;  /* of all switches: two runs with the same one were the same */
  uint64_t ended;  /* the clock, at the end */
  char text[4096]; /* who stands where, unless it ended */
};

/* Run `first` as the first thread, until all threads have returned or none can. Unless it ended, what the threads hold
 * is lost, and the process is good for a report only. */
void sim_run(const struct sim_config *config, void (*first)(void *argument), void *argument, struct sim_result *result);

/* A point. Outside of a run it does nothing. */
void sim_point(const char *where);

/* A part of the run begins. */
void sim_part(enum sim_part part);

/* Let others run first: for loops that wait for them. */
void sim_yield(void);

/* The clock, in nanoseconds. */
uint64_t sim_now(void);

/* ---- threads ---- */

/* NULL: there are SIM_THREADS_MAX already. */
struct sim_thread *sim_spawn(const char *name, void (*run)(void *argument), void *argument);
void sim_join(struct sim_thread *thread);
void sim_detach(struct sim_thread *thread);
struct sim_thread *sim_self(void);
uint64_t sim_steps(void); /* how many the thread that runs has made */
unsigned sim_index(void); /* of the thread that runs, below SIM_THREADS_MAX; 0 outside of a run */

/* A signal that has a handler: what the thread sleeps in ends; one that is awake does not notice. */
void sim_interrupt(struct sim_thread *thread);

/* ---- sleeping ---- */

enum sim_wake { SIM_WOKEN, SIM_LATE, SIM_INTERRUPTED };

/* Sleep under that key until woken, late, or interrupted if that counts. Not a point by itself: what the caller looked
 * at before still holds. */
enum sim_wake sim_sleep(const void *key, uint64_t until, bool interruptible, const char *where);

/* Wake up to count sleepers of a key, in an order that the walk chooses. */
void sim_wake(const void *key, unsigned count);

/* ---- what the system does by itself ---- */

/* Something that happens at a time, whoever runs then. It must not sleep, and reaches no point. Its memory is the
 * caller's, until it was run or taken back. */
struct sim_event {
  uint64_t at; /* 0: not posted */
  void (*run)(struct sim_event *event);
  struct sim_event *next;
};

void sim_post(struct sim_event *event, uint64_t at);
void sim_take_back(struct sim_event *event);

/* A number below `limit` of the run's own dice: for the system's choices, such as how many bytes a read brings. */
uint64_t sim_dice(uint64_t limit);

#pragma GCC visibility pop

#endif
