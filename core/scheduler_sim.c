/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler: contexts, points, sleeping, and the clock.
 */
#include "core/scheduler_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/context_sim.h"
#include "core/switches_sim.h"
#include "core/walk_sim.h"

enum {
  STEPS_LIMIT = 2000000,
  SPIN_LIMIT = 5000 /* steps of one thread while others could run, before it steps back: it may be waiting for them */
};

enum thread_state {
  THREAD_NONE,   /* the place is free */
  THREAD_ABLE,   /* runs, or could */
  THREAD_ASLEEP, /* under a key, or until a time */
  THREAD_ENDED   /* returned; kept until it is joined */
};

struct sim_thread {
  struct context context;
  char name[SWITCH_NAME_MAX];
  void (*run)(void *argument);
  void *argument;
  enum thread_state state;
  const void *key;
  uint64_t until;
  enum sim_wake woken;
  bool interruptible;
  bool detached;
  bool joined;
  const char *where;
  uint32_t own; /* steps, of all that had this place */
};

static struct {
  bool running;
  struct walk *walk;
  struct sim_config config;
  struct sim_result *result;
  struct context outside;
  struct sim_thread threads[SIM_THREADS_MAX];
  unsigned count; /* places that were ever used in this run */
  unsigned current;
  uint32_t able; /* a bit for each thread that can run */
  bool fresh;
  enum sim_part part;
  unsigned spun;
  uint64_t now;
  uint64_t next;            /* nothing happens by itself before */
  struct sim_event *events; /* the earliest first */
} sim;

struct sim_thread *sim_self(void) {
  return sim.running ? &sim.threads[sim.current] : NULL;
}

uint64_t sim_steps(void) {
  return sim.running ? sim.threads[sim.current].own : 0;
}

unsigned sim_index(void) {
  return sim.running ? sim.current : 0;
}

uint64_t sim_now(void) {
  return sim.now;
}

uint64_t sim_dice(uint64_t limit) {
  return sim.running ? walk_dice(sim.walk, limit) : 0;
}

/* ---- time ---- */

static unsigned index_of(const struct sim_thread *thread) {
  return (unsigned)(thread - sim.threads);
}

static void rouse(struct sim_thread *thread, enum sim_wake why) {
  thread->state = THREAD_ABLE;
  thread->woken = why;
  thread->key = NULL;
  sim.able |= UINT32_C(1) << index_of(thread);
  sim.fresh = true;
}

static void find_next(void) {
  sim.next = sim.events ? sim.events->at : SIM_NEVER;
  for (unsigned i = 0; i < sim.count; i++)
    if (sim.threads[i].state == THREAD_ASLEEP && sim.threads[i].until < sim.next) sim.next = sim.threads[i].until;
}

/* What is due by now happens. */
static void let_happen(void) {
  while (sim.next <= sim.now) {
    struct sim_event *event = sim.events;
    if (event && event->at <= sim.now) {
      sim.events = event->next;
      event->at = 0;
      event->run(event);
    }
    for (unsigned i = 0; i < sim.count; i++)
      if (sim.threads[i].state == THREAD_ASLEEP && sim.threads[i].until <= sim.now) rouse(&sim.threads[i], SIM_LATE);
    find_next();
  }
}

void sim_post(struct sim_event *event, uint64_t at) {
  sim_take_back(event);
  struct sim_event **place = &sim.events;
  event->at = at ? at : 1;
  while (*place && (*place)->at <= event->at) place = &(*place)->next;
  event->next = *place;
  *place = event;
  if (event->at < sim.next) sim.next = event->at;
}

void sim_take_back(struct sim_event *event) {
  if (!event->at) return;
  for (struct sim_event **place = &sim.events; *place; place = &(*place)->next) {
    if (*place != event) continue;
    *place = event->next;
    break;
  }
  event->at = 0;
}

/* ---- switching ---- */

static void go_outside(enum sim_verdict verdict) {
  sim.result->verdict = verdict;
  context_switch(&sim.threads[sim.current].context, &sim.outside);
}

static void switch_to(unsigned next) {
  unsigned before = sim.current;
  if (next == before) return;
  sim.spun = 0;
  sim.current = next;
  sim.result->switches++;
  sim.result->trace = (sim.result->trace ^ (sim.result->steps * SIM_THREADS_MAX + next)) * 0x100000001b3;
  context_switch(&sim.threads[before].context, &sim.threads[next].context);
}

static void record(const struct sim_choice *choice, unsigned next) {
  struct sim_switches *switches = sim.config.record;
  if (!switches || next == sim_choice_usual(choice)) return;
  if (switches->count++ >= switches->room) return;
  const struct sim_thread *from = &sim.threads[choice->self];
  const struct sim_thread *to = &sim.threads[next];
  struct sim_switch *made = &switches->list[switches->count - 1];
  *made = (struct sim_switch){.own = choice->own,
                              .thread = (uint8_t)choice->self,
                              .to = (uint8_t)next,
                              .where = from->where,
                              .to_where = to->where};
  memcpy(made->name, from->name, sizeof made->name);
  memcpy(made->to_name, to->name, sizeof made->to_name);
}

static void choose_among(uint32_t able, bool can_go_on) {
  const struct sim_choice choice = {.step = sim.result->steps,
                                    .able = able,
                                    .self = sim.current,
                                    .own = ++sim.threads[sim.current].own,
                                    .can_go_on = can_go_on,
                                    .fresh = sim.fresh,
                                    .part = sim.part};
  sim.fresh = false;
  unsigned next = walk_choose(sim.walk, &choice);
  record(&choice, next);
  switch_to(next);
}

static void step(void) {
  if (++sim.result->steps > sim.config.steps_limit) go_outside(SIM_ENDLESS);
  sim.now += sim.config.tick_ns;
  if (sim.next <= sim.now) let_happen();
}

/* Whoever runs can go on, but lets any other go first. */
static void give_way(void) {
  walk_step_back(sim.walk, sim.current);
  sim.fresh = true;
  choose_among(sim.able & ~(UINT32_C(1) << sim.current), false);
  sim.fresh = true;
}

void sim_point(const char *where) {
  if (!sim.running) return;
  sim.threads[sim.current].where = where;
  step();
  if (++sim.spun > SPIN_LIMIT && (sim.able & (sim.able - 1)))
    give_way();
  else
    choose_among(sim.able, true);
}

/* Whoever runs cannot go on. */
static void leave(void) {
  step();
  while (!sim.able && sim.next != SIM_NEVER) {
    sim.now = sim.next;
    let_happen();
  }
  if (!sim.able) go_outside(SIM_STUCK);
  choose_among(sim.able, false);
}

void sim_yield(void) {
  if (!sim.running) return;
  if (sim.able & (sim.able - 1)) {
    sim.threads[sim.current].where = "yield";
    sim.result->steps++;
    give_way();
    return;
  }
  if (sim.next != SIM_NEVER) sim.now = sim.next; /* it waits for time to pass */
  sim_point("yield");
}

void sim_part(enum sim_part part) {
  sim.part = part;
}

enum sim_wake sim_sleep(const void *key, uint64_t until, bool interruptible, const char *where) {
  struct sim_thread *self = sim_self();
  self->where = where;
  self->state = THREAD_ASLEEP;
  self->key = key;
  self->until = until;
  self->interruptible = interruptible;
  sim.able &= ~(UINT32_C(1) << sim.current);
  if (until < sim.next) sim.next = until;
  leave();
  return self->woken;
}

void sim_wake(const void *key, unsigned count) {
  struct sim_thread *asleep[SIM_THREADS_MAX];
  unsigned found = 0;
  for (unsigned i = 0; i < sim.count; i++)
    if (sim.threads[i].state == THREAD_ASLEEP && sim.threads[i].key == key) asleep[found++] = &sim.threads[i];
  for (; found && count; count--) {
    unsigned which = (unsigned)sim_dice(found);
    rouse(asleep[which], SIM_WOKEN);
    asleep[which] = asleep[--found];
  }
}

void sim_interrupt(struct sim_thread *thread) {
  if (thread->state == THREAD_ASLEEP && thread->interruptible) rouse(thread, SIM_INTERRUPTED);
}

/* ---- threads ---- */

static void release(struct sim_thread *thread) {
  thread->state = THREAD_NONE;
}

static void thread_main(void) {
  struct sim_thread *self = sim_self();
  self->run(self->argument);
  self->state = THREAD_ENDED;
  self->where = "ended";
  sim.able &= ~(UINT32_C(1) << sim.current);
  sim_wake(self, 1);
  if (self->detached) release(self);
  bool any = false;
  for (unsigned i = 0; i < sim.count; i++)
    any = any || sim.threads[i].state == THREAD_ABLE || sim.threads[i].state == THREAD_ASLEEP;
  if (any) leave();
  go_outside(SIM_ENDED);
}

struct sim_thread *sim_spawn(const char *name, void (*run)(void *argument), void *argument) {
  unsigned place = 0;
  while (place < SIM_THREADS_MAX && sim.threads[place].state != THREAD_NONE) place++;
  if (place == SIM_THREADS_MAX) return NULL;
  struct sim_thread *thread = &sim.threads[place];
  struct context context = thread->context;
  *thread = (struct sim_thread){
      .context = context, .run = run, .argument = argument, .until = SIM_NEVER, .where = "new", .own = thread->own};
  (void)snprintf(thread->name, sizeof thread->name, "%s", name);
  context_make(&thread->context, thread_main);
  if (place >= sim.count) sim.count = place + 1;
  walk_enter(sim.walk, place);
  rouse(thread, SIM_WOKEN);
  return thread;
}

void sim_join(struct sim_thread *thread) {
  sim_point("join");
  while (thread->state != THREAD_ENDED) (void)sim_sleep(thread, SIM_NEVER, false, "join");
  release(thread);
}

void sim_detach(struct sim_thread *thread) {
  thread->detached = true;
  if (thread->state == THREAD_ENDED) release(thread);
}

/* ---- a run ---- */

static void describe(struct sim_result *result) {
  size_t at = 0;
  for (unsigned i = 0; i < sim.count && at < sizeof result->text; i++) {
    const struct sim_thread *thread = &sim.threads[i];
    if (thread->state == THREAD_NONE || thread->state == THREAD_ENDED) continue;
    at += (size_t)snprintf(result->text + at, sizeof result->text - at, "  %2u %-15s %s at %s%s\n", i, thread->name,
                           thread->state == THREAD_ABLE ? "could run" : "sleeps", thread->where,
                           i == sim.current ? "  <- ran last" : "");
  }
}

void sim_run(const struct sim_config *config, void (*first)(void *argument), void *argument,
             struct sim_result *result) {
  *result = (struct sim_result){.trace = 0xcbf29ce484222325};
  sim.config = *config;
  if (!sim.config.steps_limit) sim.config.steps_limit = STEPS_LIMIT;
  sim.walk = config->walk;
  sim.result = result;
  sim.count = 0;
  sim.able = 0;
  sim.spun = 0;
  sim.now = 1000000000;
  sim.next = SIM_NEVER;
  sim.events = NULL;
  sim.part = SIM_SETUP;
  if (config->record) config->record->count = 0;
  for (unsigned i = 0; i < SIM_THREADS_MAX; i++) {
    release(&sim.threads[i]);
    sim.threads[i].own = 0;
  }
  sim.running = true;
  sim.current = index_of(sim_spawn("first", first, argument));
  context_switch(&sim.outside, &sim.threads[sim.current].context);
  if (result->verdict != SIM_ENDED) describe(result);
  result->ended = sim.now;
  sim.running = false;
}
