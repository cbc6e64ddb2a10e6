/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling stories.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "tests/sim/telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/walk_sim.h"
#include "tests/sim/crash.h"
#include "tests/sim/fresh.h"
#include "tests/sim/network.h"
#include "tests/sim/record.h"
#include "tests/sim/small.h"
#include "tests/sim/switches.h"

enum { STEPS_USUAL = 12000, SWITCHES_MAX = 1 << 17 };

/* Shared, so that a child's telling writes here too. */
static struct sim_switches *recorded;

const struct sim_switches *told_switches(void) {
  return recorded;
}

/* Half of all schedules are random walks, from restless to lazy; the others have priorities that change 1 to 5 times.
 */
static unsigned flavour(const struct telling *telling) {
  return (unsigned)(telling->schedule / 2 % 5);
}

bool telling_has_priorities(const struct telling *telling) {
  return telling->schedule % 2 == 0 && !telling->switches;
}

static void choose_walk(struct walk *walk, const struct telling *telling) {
  static const uint64_t one_in[] = {1, 3, 10, 60, 400};
  if (telling->switches)
    walk_replay(walk, telling->schedule, telling->switches, telling->forks);
  else if (telling_has_priorities(telling))
    walk_priorities(walk, telling->schedule, 1 + flavour(telling), telling->steps ? telling->steps : STEPS_USUAL);
  else
    walk_random(walk, telling->schedule, one_in[flavour(telling)]);
}

static const char *verdict_text(enum sim_verdict verdict) {
  return verdict == SIM_STUCK ? "nobody can run. " : verdict == SIM_ENDLESS ? "it does not end. " : "";
}

static void make(const struct telling *telling, struct story *story) {
  if (small_is(telling->story))
    small_make(story, telling->story);
  else
    story_make(story, telling->story);
  for (unsigned i = 0; i < STORY_ACTS_MAX; i++) story->acts[i].dropped = telling->dropped[i];
}

unsigned telling_acts(const struct telling *telling) {
  struct story story;
  make(telling, &story);
  return story.count;
}

void telling_print_story(const struct telling *telling) {
  struct story story;
  make(telling, &story);
  story_print(&story);
  network_print(&story);
}

static void tell_here(const struct telling *telling, struct told *told) {
  static const uint64_t ticks_ns[] = {1, 20, 500};
  static struct walk walk;
  static struct story story;
  struct sim_result result;
  make(telling, &story);
  choose_walk(&walk, telling);
  const struct sim_config config = {.walk = &walk, .tick_ns = ticks_ns[telling->schedule % 3], .record = recorded};
  crash_would_be(telling);
  failing_begin(&telling->failing);
  sim_run(&config, story_run, &story, &result);
  *told = (struct told){.fine = result.verdict == SIM_ENDED && !story_fault()[0],
                        .steps = result.steps,
                        .switches = result.switches,
                        .trace = result.trace};
  failing_end(told->could_fail);
  if (!told->fine)
    (void)snprintf(told->fault, sizeof told->fault, "%s%s\n%.400s", verdict_text(result.verdict), story_fault(),
                   result.text);
}

void tell_begin(void) {
  enum { STORIES = 30 };
  recorded = mmap(NULL, sizeof *recorded + SWITCHES_MAX * sizeof *recorded->list, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (recorded == MAP_FAILED) abort();
  *recorded = (struct sim_switches){.room = SWITCHES_MAX, .list = (struct sim_switch *)(recorded + 1)};
  crash_begin();
  struct told told;
  struct telling telling = {.schedule = 1};
  memset(telling.dropped, 1, sizeof telling.dropped);
  for (telling.story = 1; telling.story <= STORIES; telling.story++) tell_here(&telling, &told);
  fresh_keep();
}

void tell(const struct telling *telling, struct told *told) {
  if (fresh_again())
    tell_here(telling, told);
  else
    tell_apart(telling, told);
}

void tell_aloud(const struct telling *telling, struct told *told) {
  telling_print_story(telling);
  fflush(stdout);
  (void)fresh_again();
  tell_here(telling, told);
  records_print();
}

void tell_apart(const struct telling *telling, struct told *told) {
  int ends[2];
  fflush(stdout);
  if (pipe(ends) != 0) abort();
  recorded->count = 0;
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) {
    crash_is_plain();
    (void)fresh_again();
    tell_here(telling, told);
    _exit(write(ends[1], told, sizeof *told) == (ssize_t)sizeof *told ? 0 : 1);
  }
  close(ends[1]);
  *told = (struct told){0};
  bool whole = read(ends[0], told, sizeof *told) == (ssize_t)sizeof *told;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole)
    (void)snprintf(told->fault, sizeof told->fault, "it crashed, with signal %d\n",
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void option(struct telling_options *options, size_t *at, const char *name) {
  options->each[options->count++] = options->text + *at;
  *at += (size_t)snprintf(options->text + *at, sizeof options->text - *at, "%s", name) + 1;
}

static void option_number(struct telling_options *options, size_t *at, const char *name, uint64_t value) {
  char text[32];
  (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  option(options, at, name);
  option(options, at, text);
}

static void option_drops(const struct telling *telling, struct telling_options *options, size_t *at) {
  char text[STORY_ACTS_MAX * 4] = "";
  size_t length = 0;
  for (unsigned i = 0; i < STORY_ACTS_MAX; i++)
    if (telling->dropped[i])
      length += (size_t)snprintf(text + length, sizeof text - length, "%s%u", length ? "," : "", i);
  if (!length) return;
  option(options, at, "--drop");
  option(options, at, text);
}

void telling_options(const struct telling *telling, struct telling_options *options) {
  char name[SMALL_NAME_MAX];
  size_t at = 0;
  options->count = 0;
  small_name(telling->story, name);
  option(options, &at, "--story");
  option(options, &at, name);
  option_number(options, &at, "--schedule", telling->schedule);
  if (telling->steps && telling_has_priorities(telling)) option_number(options, &at, "--steps", telling->steps);
  option_drops(telling, options, &at);
  if (telling->failing.kind != FAILING_NOTHING) {
    char text[64];
    failing_print(&telling->failing, text, sizeof text);
    option(options, &at, "--fail");
    option(options, &at, text);
  }
  if (!telling->switches) return;
  option(options, &at, "--switches");
  options->each[options->count++] = options->text + at;
  (void)switches_text(telling->switches, options->text + at, sizeof options->text - at);
}

void telling_print(const struct telling *telling) {
  struct telling_options *options = malloc(sizeof *options);
  if (!options) abort();
  telling_options(telling, options);
  printf("to tell it again: stories");
  for (unsigned i = 0; i < options->count; i++) printf(" %s", *options->each[i] ? options->each[i] : "''");
  printf("\n");
  free(options);
}
