/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling stories.
 */
#include "tests/sim/telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/walk_sim.h"
#include "tests/sim/record.h"

enum { STEPS_GUESS = 6000 };

/* Half of all schedules are random walks, from restless to lazy; the others have priorities that change 1 to 5 times.
 */
static void choose_walk(struct walk *walk, uint64_t schedule) {
  static const uint64_t one_in[] = {1, 3, 10, 60, 400};
  uint64_t kind = schedule / 2 % 5;
  if (schedule % 2)
    walk_random(walk, schedule, one_in[kind]);
  else
    walk_priorities(walk, schedule, 1 + (unsigned)kind, STEPS_GUESS);
}

static const char *verdict_text(enum sim_verdict verdict) {
  return verdict == SIM_STUCK ? "nobody can run. " : verdict == SIM_ENDLESS ? "it does not end. " : "";
}

void tell(const struct telling *telling, bool aloud, struct told *told) {
  static const uint64_t ticks_ns[] = {1, 20, 500};
  static struct walk walk;
  static struct story story;
  struct sim_result result;
  story_make(&story, telling->story);
  for (unsigned i = 0; i < STORY_ACTS_MAX; i++) story.acts[i].dropped = telling->dropped[i];
  if (aloud) story_print(&story);
  if (aloud) fflush(stdout);
  choose_walk(&walk, telling->schedule);
  const struct sim_config config = {.walk = &walk, .tick_ns = ticks_ns[telling->schedule % 3]};
  failing_begin(&telling->failing);
  sim_run(&config, story_run, &story, &result);
  *told = (struct told){.fine = result.verdict == SIM_ENDED && !story_fault()[0],
                        .steps = result.steps,
                        .switches = result.switches,
                        .trace = result.trace};
  failing_end(told->could_fail);
  if (aloud) records_print();
  if (!told->fine)
    (void)snprintf(told->fault, sizeof told->fault, "%s%s\n%.400s", verdict_text(result.verdict), story_fault(),
                   result.text);
}

void tell_first(void) {
  enum { STORIES = 30 };
  struct told told;
  struct telling telling = {.schedule = 1};
  memset(telling.dropped, 1, sizeof telling.dropped);
  for (telling.story = 1; telling.story <= STORIES; telling.story++) tell(&telling, false, &told);
}

void tell_apart(const struct telling *telling, struct told *told) {
  int ends[2];
  fflush(stdout);
  if (pipe(ends) != 0) abort();
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) {
    tell(telling, false, told);
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

void telling_print(const struct telling *telling) {
  printf("--story %llu --schedule %llu", (unsigned long long)telling->story, (unsigned long long)telling->schedule);
  const char *before = " --drop ";
  for (unsigned i = 0; i < STORY_ACTS_MAX; i++) {
    if (!telling->dropped[i]) continue;
    printf("%s%u", before, i);
    before = ",";
  }
  char failing[64];
  failing_print(&telling->failing, failing, sizeof failing);
  printf("%s\n", failing);
}
