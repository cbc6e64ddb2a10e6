/* SPDX-License-Identifier: Apache-2.0
 *
 * All are told in one process, for speed, until one fails. It is told again smaller then, and that ends the run.
 */
#include "tests/sim/many.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/crash.h"
#include "tests/sim/search.h"
#include "tests/sim/shrink.h"
#include "tests/sim/small.h"
#include "tests/sim/switches.h"

enum { SCHEDULES_MAX = 64 };

struct totals {
  uint64_t stories;
  uint64_t schedules;
  uint64_t distinct;
  uint64_t steps;
  uint64_t switches;
  uint64_t faults;
  uint64_t spread; /* schedules with priorities */
  uint64_t longer; /* of those, the ones that took more steps than their changes were spread over */
};

static double per(uint64_t what, uint64_t of) {
  return of ? (double)what / (double)of : 0;
}

static void report(const struct telling *telling, const struct told *told, unsigned shrink_seconds) {
  struct telling smaller = *telling;
  printf("%s", told->fault);
  telling_print(telling);
  fflush(stdout);
  if (!shrink_seconds || !shrink(&smaller, shrink_seconds)) return;
  printf("smaller:\n");
  shrink_print(&smaller);
  free((void *)(uintptr_t)smaller.switches);
}

/* ---- random ---- */

/* Schedules come in pairs: a random walk, and one with priorities over as many steps as that took, and a quarter. */
static void choose_schedule(struct telling *telling, const struct many *many, uint64_t index,
                            const struct told *before) {
  telling->schedule = 2 * (telling->story * many->schedules + index) + (index % 2 == 0);
  telling->steps = index % 2 ? before->steps + before->steps / 4 : 0;
}

static void count(struct totals *totals, const struct telling *telling, const struct told *told) {
  totals->schedules++;
  totals->steps += told->steps;
  totals->switches += told->switches;
  totals->faults += !told->fine;
  if (!telling_has_priorities(telling)) return;
  totals->spread++;
  totals->longer += told->steps > telling->steps;
}

static void tell_again(const struct telling *telling, struct told *told) {
  struct told again, listed;
  struct telling by_list = *telling;
  tell(telling, &again);
  by_list.switches = switches_copy(told_switches());
  tell(&by_list, &listed);
  free((void *)(uintptr_t)by_list.switches);
  if (again.trace == told->trace && again.steps == told->steps && listed.trace == told->trace) return;
  told->fine = false;
  (void)snprintf(told->fault, sizeof told->fault, "told again %s, it went another way\n",
                 again.trace == told->trace ? "by its switches" : "");
}

static void list(const struct telling *telling, struct told *told) {
  *strchr(told->fault, '\n') = 0;
  printf("%llu, %llu: %s\n", (unsigned long long)telling->story, (unsigned long long)telling->schedule, told->fault);
}

static uint64_t count_distinct(const uint64_t *traces, uint64_t schedules) {
  uint64_t distinct = 0;
  for (uint64_t i = 0; i < schedules; i++) {
    uint64_t same = 0;
    while (same < i && traces[same] != traces[i]) same++;
    distinct += same == i;
  }
  return distinct;
}

/* False: it failed, and that ends the run. */
static bool tell_story(const struct many *many, uint64_t story, struct totals *totals) {
  uint64_t traces[SCHEDULES_MAX];
  struct told told = {0};
  struct telling telling = {.story = story};
  uint64_t index = 0;
  for (; index < many->schedules; index++) {
    choose_schedule(&telling, many, index, &told);
    (many->survey ? tell_apart : tell)(&telling, &told);
    if (told.fine && many->twice) tell_again(&telling, &told);
    traces[index] = told.trace;
    count(totals, &telling, &told);
    if (many->traces)
      printf("%llu %llu %llu %016llx\n", (unsigned long long)story, (unsigned long long)telling.schedule,
             (unsigned long long)telling.steps, (unsigned long long)told.trace);
    if (told.fine) continue;
    if (!many->survey) break;
    list(&telling, &told);
  }
  totals->stories++;
  totals->distinct += count_distinct(traces, index);
  if (told.fine || many->survey) return true;
  report(&telling, &told, many->shrink_seconds);
  return false;
}

/* In one schedule, with something failing in all ways. The places are spread over all that there are, from one that
 * differs from story to story. */
static bool tell_failures(const struct many *many, uint64_t story, struct totals *totals) {
  struct told whole, told;
  struct telling telling = {.story = story, .schedule = story};
  tell(&telling, &whole);
  count(totals, &telling, &whole);
  totals->stories++;
  told = whole;
  for (unsigned way = 0; way < 2 * (FAILING_KINDS - 1) && told.fine; way++) {
    telling.failing = (struct failing){.kind = (enum failing_kind)(FAILING_ALLOCATION + way / 2), .rest = way % 2};
    uint32_t there = whole.could_fail[telling.failing.kind];
    uint32_t stride = there > many->failures ? there / (uint32_t)many->failures : 1;
    for (telling.failing.at = (uint32_t)(story % stride); telling.failing.at < there; telling.failing.at += stride) {
      tell(&telling, &told);
      count(totals, &telling, &told);
      if (!told.fine) break;
    }
  }
  if (!told.fine) report(&telling, &told, many->shrink_seconds);
  return told.fine;
}

bool many_tell(const struct many *many) {
  struct many chosen = *many;
  struct totals totals = {0};
  clock_t begun = clock();
  time_t until = many->seconds == UINT64_MAX ? 0 : time(NULL) + (time_t)many->seconds;
  if (!chosen.schedules || chosen.schedules > SCHEDULES_MAX) chosen.schedules = SCHEDULES_MAX;
  crash_is_caught();
  for (uint64_t i = 0; i < many->count && (!until || time(NULL) < until); i++)
    if (!(many->failures ? tell_failures : tell_story)(&chosen, many->from + i, &totals)) break;
  double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
  printf(
      "%llu stories from %llu on, in %llu schedules of %.0f steps and %.0f switches, %llu interleavings distinct; %.1f "
      "s of processor time, %.0f schedules a second\n",
      (unsigned long long)totals.stories, (unsigned long long)many->from, (unsigned long long)totals.schedules,
      per(totals.steps, totals.schedules), per(totals.switches, totals.schedules), (unsigned long long)totals.distinct,
      seconds, seconds > 0 ? (double)totals.schedules / seconds : 0);
  printf("%.1f %% of the schedules with priorities took more steps than these were spread over\n",
         100 * per(totals.longer, totals.spread));
  printf("%llu passed, %llu failed\n", (unsigned long long)(totals.schedules - totals.faults),
         (unsigned long long)totals.faults);
  return !totals.faults;
}

/* ---- all of small ones ---- */

static bool search_one(uint64_t story, unsigned bound, unsigned shrink_seconds, struct searched *sum) {
  char name[SMALL_NAME_MAX];
  struct telling telling = {.story = story, .schedule = 1};
  struct searched searched;
  struct told told;
  search(&telling, bound, &searched);
  small_name(story, name);
  printf("%s: %llu points, %llu schedules with up to %u switches%s\n", name, (unsigned long long)searched.points,
         (unsigned long long)searched.schedules, bound, searched.complete ? "" : ", not all");
  sum->schedules += searched.schedules;
  sum->points += searched.points;
  sum->complete = sum->complete && searched.complete;
  if (searched.fine) return true;
  tell_apart(&telling, &told);
  report(&telling, &told, shrink_seconds);
  free((void *)(uintptr_t)telling.switches);
  return false;
}

bool many_search(const char *name, unsigned bound, unsigned part, unsigned parts, unsigned shrink_seconds) {
  struct searched sum = {.complete = true};
  unsigned stories = 0;
  unsigned met = 0;
  bool fine = true;
  clock_t begun = clock();
  crash_is_caught();
  for (unsigned i = 0; fine && i < small_count(); i++) {
    char each[SMALL_NAME_MAX];
    small_name(SMALL_FIRST + i, each);
    if (name && !strstr(each, name)) continue;
    if (met++ % parts != part) continue;
    stories++;
    fine = search_one(SMALL_FIRST + i, bound, shrink_seconds, &sum);
  }
  printf("%u small stories, all %llu schedules with up to %u switches at %llu points; %.1f s of processor time\n%s\n",
         stories, (unsigned long long)sum.schedules, bound, (unsigned long long)sum.points,
         (double)(clock() - begun) / CLOCKS_PER_SEC,
         !fine           ? "1 failed"
         : !sum.complete ? "there was no room for all"
         : !stories      ? "there is none"
                         : "all passed");
  return fine && sum.complete && stories;
}
