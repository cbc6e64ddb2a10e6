/* SPDX-License-Identifier: Apache-2.0
 *
 * stories: tells many stories, each in a schedule of its own; or one again. docs/testing.md
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/shrink.h"

struct options {
  struct telling telling;
  uint64_t from;
  uint64_t count;
  uint64_t seconds;
  bool one;
  bool shrink;
  bool survey;
  bool twice;
  uint64_t places; /* of each story where something fails; 0: nothing does */
};

static const char usage[] =
    "usage: stories [--from N] [--count N] [--seconds N] [--survey]\n"
    "       stories --story N [--schedule N] [--drop ACT,...] [--shrink]\n"
    "\n"
    "  --from, --count   the stories to tell, each in the schedule of its own number (1, 1000)\n"
    "  --seconds         no new one is begun after so many\n"
    "  --survey          go on behind faults, and list them\n"
    "  --twice           tell each again, which must go the same way\n"
    "  --failures        tell each as often as that with something failing, at other places and in all ways\n"
    "  --story           tell this one, aloud\n"
    "  --schedule        in this schedule\n"
    "  --drop            without these acts\n"
    "  --fail            with that failing: allocation:N, call:N (of the system), and :rest, all behind it too\n"
    "  --shrink          look for a smaller story and a schedule that fail in the same way\n";

static uint64_t number(const char *text) {
  char *end;
  uint64_t value = strtoull(text, &end, 0);
  if (*text && !*end) return value;
  fprintf(stderr, "stories: '%s' is no number\n%s", text, usage);
  exit(2);
}

static void parse(int argc, char **argv, struct options *options) {
  static const struct option known[] = {
      {"from", 1, NULL, 'f'}, {"count", 1, NULL, 'c'},    {"seconds", 1, NULL, 't'}, {"survey", 0, NULL, 's'},
      {"fail", 1, NULL, 'F'}, {"failures", 1, NULL, 'N'}, {"story", 1, NULL, 'o'},   {"schedule", 1, NULL, 'w'},
      {"drop", 1, NULL, 'd'}, {"shrink", 0, NULL, 'k'},   {"twice", 0, NULL, '2'},   {NULL, 0, NULL, 0}};
  *options = (struct options){.from = 1, .count = 1000, .seconds = UINT64_MAX};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    switch (option) {
    case 'f':
      options->from = number(optarg);
      break;
    case 'c':
      options->count = number(optarg);
      break;
    case 't':
      options->seconds = number(optarg);
      break;
    case 's':
      options->survey = true;
      break;
    case 'o':
      options->one = true;
      options->telling.story = number(optarg);
      if (!options->telling.schedule) options->telling.schedule = options->telling.story;
      break;
    case 'w':
      options->telling.schedule = number(optarg);
      break;
    case 'd':
      for (char *act = strtok(optarg, ","); act; act = strtok(NULL, ","))
        if (number(act) < STORY_ACTS_MAX) options->telling.dropped[number(act)] = true;
      break;
    case 'F':
      if (!failing_parse(optarg, &options->telling.failing)) exit(2);
      break;
    case 'N':
      options->places = number(optarg);
      break;
    case 'k':
      options->shrink = true;
      break;
    case '2':
      options->twice = true;
      break;
    default:
      fputs(usage, stderr);
      exit(2);
    }
  }
}

/* ---- one ---- */

static int tell_one(const struct options *options) {
  struct telling telling = options->telling;
  if (options->shrink && !shrink(&telling)) {
    printf("it does not fail\n");
    return 1;
  }
  if (options->shrink) telling_print(&telling);
  struct told told;
  tell(&telling, true, &told);
  printf("%s%llu steps, %llu switches, trace %016llx\n", told.fault, (unsigned long long)told.steps,
         (unsigned long long)told.switches, (unsigned long long)told.trace);
  return !told.fine;
}

/* ---- many ---- */

/* What is told now: whoever looks after this process knows it when it crashes. */
static struct {
  struct telling telling;
  bool done;
} * now;

static void tell_here(const struct telling *telling, struct told *told) {
  now->telling = *telling;
  tell(telling, false, told);
}

struct totals {
  uint64_t stories;
  uint64_t steps;
  uint64_t switches;
  uint64_t faults;
};

static void count(struct totals *totals, const struct told *told) {
  totals->stories++;
  totals->steps += told->steps;
  totals->switches += told->switches;
}

static void tell_again(const struct telling *telling, struct told *told) {
  struct told again;
  tell_apart(telling, told); /* from the state that this process has now, both times */
  tell_apart(telling, &again);
  if (again.trace == told->trace && again.steps == told->steps) return;
  told->fine = false;
  (void)snprintf(told->fault, sizeof told->fault, "told twice, it went two ways\n");
}

/* They are told in one process, for speed, until one fails. */
static bool tell_until_fault(const struct options *options, struct telling *telling, struct totals *totals) {
  time_t until = options->seconds == UINT64_MAX ? 0 : time(NULL) + (time_t)options->seconds;
  for (; telling->story < options->from + options->count; telling->story++) {
    struct told told;
    if (until && time(NULL) >= until) break;
    telling->schedule = telling->story;
    tell_here(telling, &told);
    if (told.fine && options->twice) tell_again(telling, &told);
    count(totals, &told);
    if (told.fine) continue;
    totals->faults++;
    printf("%sto tell it again: stories ", told.fault);
    telling_print(telling);
    return false;
  }
  return true;
}

/* The places are spread over all that there are, from one that differs from story to story. */
static bool fail_all_over(const struct options *options, struct telling *telling, struct totals *totals) {
  struct told told;
  telling->failing = (struct failing){.kind = FAILING_NOTHING};
  tell_here(telling, &told);
  count(totals, &told);
  for (unsigned way = 0; way < 2 * (FAILING_KINDS - 1) && told.fine; way++) {
    struct failing failing = {.kind = (enum failing_kind)(FAILING_ALLOCATION + way / 2), .rest = way % 2};
    uint32_t there = told.could_fail[failing.kind];
    uint32_t stride = there > options->places ? there / (uint32_t)options->places : 1;
    for (uint32_t at = (uint32_t)(telling->story % stride); at < there && told.fine; at += stride) {
      telling->failing = failing;
      telling->failing.at = at;
      struct told failed;
      tell_here(telling, &failed);
      count(totals, &failed);
      if (!failed.fine) told = failed;
    }
  }
  if (told.fine) return true;
  totals->faults++;
  printf("%sto tell it again: stories ", told.fault);
  telling_print(telling);
  return false;
}

static void tell_failures(const struct options *options, struct totals *totals) {
  struct telling telling = {.story = options->from};
  time_t until = options->seconds == UINT64_MAX ? 0 : time(NULL) + (time_t)options->seconds;
  for (; telling.story < options->from + options->count; telling.story++) {
    telling.schedule = telling.story;
    if ((until && time(NULL) >= until) || !fail_all_over(options, &telling, totals)) return;
  }
}

static void survey(const struct options *options, struct totals *totals) {
  struct telling telling = {.story = options->from};
  for (; telling.story < options->from + options->count; telling.story++) {
    struct told told;
    telling.schedule = telling.story;
    tell_apart(&telling, &told);
    count(totals, &told);
    if (told.fine) continue;
    totals->faults++;
    *strchr(told.fault, '\n') = 0;
    printf("%llu: %s\n", (unsigned long long)telling.story, told.fault);
  }
}

static int tell_many(const struct options *options) {
  struct totals totals = {0};
  struct telling telling = {.story = options->from};
  clock_t begun = clock();
  if (options->places)
    tell_failures(options, &totals);
  else if (options->survey)
    survey(options, &totals);
  else
    (void)tell_until_fault(options, &telling, &totals);
  double stories = totals.stories ? (double)totals.stories : 1;
  printf("%llu stories, of %.0f steps and %.0f switches, in %.1f s of processor time\n%llu passed, %llu failed\n",
         (unsigned long long)totals.stories, (double)totals.steps / stories, (double)totals.switches / stories,
         (double)(clock() - begun) / CLOCKS_PER_SEC, (unsigned long long)(totals.stories - totals.faults),
         (unsigned long long)totals.faults);
  return totals.faults != 0;
}

/* In a process of their own, so that a crash is told too. */
static int tell_guarded(const struct options *options) {
  int status = 0;
  now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (now == MAP_FAILED) abort();
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) {
    status = tell_many(options);
    now->done = true;
    exit(status);
  }
  (void)waitpid(child, &status, 0);
  if (now->done) return WEXITSTATUS(status);
  printf("it crashed, with signal %d\nto tell it again: stories ", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  telling_print(&now->telling);
  return 1;
}

int main(int argc, char **argv) {
  struct options options;
  parse(argc, argv, &options);
  tell_first();
  return options.one ? tell_one(&options) : tell_guarded(&options);
}
