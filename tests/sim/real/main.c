/* SPDX-License-Identifier: Apache-2.0
 *
 * stories_real: tells stories on the real system, in a few processes at once. docs/testing.md
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/real/watch.h"
#include "tests/sim/stage.h"

enum { TELLERS_MAX = 64 };

struct options {
  uint64_t from;
  uint64_t count;
  uint64_t seconds;
  uint64_t tellers;
  uint64_t patience;
  uint64_t story; /* 0: many */
};

/* What a process says of itself. */
struct teller {
  pid_t process;
  atomic_ullong story; /* that it is at; 0: none */
  atomic_ullong stories;
};

static const char usage[] =
    "usage: stories_real [--from N] [--count N] [--seconds N] [--tellers N] [--patience SECONDS]\n"
    "       stories_real --story N [--count N]\n"
    "\n"
    "  --from, --count   the stories to tell (1, 1000)\n"
    "  --seconds         no new one is begun after so many\n"
    "  --tellers         processes that tell at the same time (24)\n"
    "  --patience        how long a story may take (100)\n"
    "  --story           tell this one, aloud; --count times\n";

static uint64_t number(const char *text) {
  char *end;
  uint64_t value = strtoull(text, &end, 0);
  if (*text && !*end) return value;
  fprintf(stderr, "stories_real: '%s' is no number\n%s", text, usage);
  exit(2);
}

static void parse(int argc, char **argv, struct options *options) {
  static const struct option known[] = {
      {"from", 1, NULL, 'f'},     {"count", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'}, {"tellers", 1, NULL, 't'},
      {"patience", 1, NULL, 'p'}, {"story", 1, NULL, 'o'}, {NULL, 0, NULL, 0}};
  *options = (struct options){.from = 1, .count = UINT64_MAX, .seconds = UINT64_MAX, .tellers = 24, .patience = 100};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    uint64_t *to = option == 'f'   ? &options->from
                   : option == 'c' ? &options->count
                   : option == 's' ? &options->seconds
                   : option == 't' ? &options->tellers
                   : option == 'p' ? &options->patience
                   : option == 'o' ? &options->story
                                   : NULL;
    if (!to) {
      fputs(usage, stderr);
      exit(2);
    }
    *to = number(optarg);
  }
  if (options->count == UINT64_MAX && options->seconds == UINT64_MAX) options->count = options->story ? 1 : 1000;
  if (options->tellers < 1 || options->tellers > TELLERS_MAX) options->tellers = TELLERS_MAX;
}

/* False: it failed, and that was said. */
static bool tell(struct teller *teller, uint64_t seed) {
  static struct story story;
  story_make(&story, seed);
  atomic_store(&teller->story, seed);
  watch_story(&story);
  story_run(&story);
  watch_story(NULL);
  atomic_store(&teller->story, 0);
  atomic_fetch_add(&teller->stories, 1);
  if (!story_fault()[0]) return true;
  story_print(&story);
  watch_print_ops();
  printf("%s\nto tell it again: stories_real --story %llu --count 1000\n", story_fault(), (unsigned long long)seed);
  return false;
}

/* ---- many ---- */

static int tell_share(const struct options *options, struct teller *teller, uint64_t share) {
  time_t until = options->seconds == UINT64_MAX ? 0 : time(NULL) + (time_t)options->seconds;
  watch_begin((unsigned)options->patience);
  for (uint64_t i = share; i < options->count; i += options->tellers) {
    if (until && time(NULL) >= until) return 0;
    if (!tell(teller, options->from + i)) return 1;
  }
  return 0;
}

/* False: it did not, and that was said. */
static bool ended_well(const struct teller *teller, int status) {
  unsigned long long story = atomic_load(&teller->story);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (story) /* else it has spoken for itself */
    printf("a teller ended in story %llu, %s %d\nto tell it again: stories_real --story %llu --count 1000\n", story,
           WIFSIGNALED(status) ? "by signal" : "with status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), story);
  return false;
}

static int tell_many(const struct options *options, struct teller *tellers) {
  unsigned failed = 0;
  unsigned long long stories = 0;
  time_t begun = time(NULL);
  for (uint64_t i = 0; i < options->tellers; i++) {
    fflush(stdout);
    pid_t process = fork();
    if (process < 0) abort();
    if (process == 0) exit(tell_share(options, &tellers[i], i));
    tellers[i].process = process;
  }
  for (uint64_t i = 0; i < options->tellers; i++) {
    int status = 0;
    if (waitpid(tellers[i].process, &status, 0) < 0) abort();
    failed += !ended_well(&tellers[i], status);
    stories += atomic_load(&tellers[i].stories);
  }
  time_t seconds = time(NULL) - begun;
  printf("%llu stories from %llu on, %.0f a second; %u of %u tellers failed\n", stories,
         (unsigned long long)options->from, (double)stories / (double)(seconds ? seconds : 1), failed,
         (unsigned)options->tellers);
  return failed != 0;
}

/* ---- one ---- */

static int tell_one(const struct options *options, struct teller *teller) {
  static struct story story;
  story_make(&story, options->story);
  story_print(&story);
  fflush(stdout);
  watch_begin((unsigned)options->patience);
  for (uint64_t i = 0; i < options->count; i++)
    if (!tell(teller, options->story)) return 1;
  printf("told %llu times\n", (unsigned long long)options->count);
  return 0;
}

int main(int argc, char **argv) {
  struct options options;
  parse(argc, argv, &options);
  struct teller *tellers =
      mmap(NULL, sizeof *tellers * TELLERS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (tellers == MAP_FAILED) abort();
  return options.story ? tell_one(&options, tellers) : tell_many(&options, tellers);
}
