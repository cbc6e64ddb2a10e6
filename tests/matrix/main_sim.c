/* SPDX-License-Identifier: Apache-2.0
 *
 * matrix: plays cells on the simulated system, each in several schedules. docs/testing.md
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file_sim.h"
#include "core/loop_sim.h"
#include "core/refused_sim.h"
#include "core/walk_sim.h"
#include "tests/faults/allocation.h"
#include "tests/matrix/choice.h"
#include "tests/matrix/play.h"

enum { STEPS_GUESS = 20000, STEPS_LIMIT = 40000000 };

static const char usage[] =
    "usage: matrix [--schedules N] [--from N] [--transport SCHEME] [--survey] [OP|CLASS|by-WAY|io|caller...]\n"
    "\n"
    "  --schedules   how many each cell is played in (1)\n"
    "  --from        the first of them (1)\n"
    "  --transport   on this one only (sim, simport)\n"
    "  --part K/N    of the cells only each N-th, from the K-th on\n"
    "  --survey      each in a process of its own, and on behind faults\n";

struct options {
  uint64_t schedules;
  uint64_t from;
  unsigned part;
  unsigned parts;
  bool survey;
  const char *transport;
  struct choice choice;
};

/* One cell in one schedule. */
struct playing {
  const struct cell *cell;
  const struct transport *transport;
  bool driven;
  uint64_t schedule;
  const char *skipped;
  bool fine;
};

struct totals {
  uint64_t cells;
  uint64_t runs;
  uint64_t faults;
  uint64_t steps;
};

static void run_play(void *argument) {
  struct playing *playing = argument;
  playing->fine = play(playing->cell, playing->transport, playing->driven, &playing->skipped);
}

/* Half of them are random walks, from restless to lazy; the others have priorities that change. */
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

/* False: it was said why. */
static bool play_here(struct playing *playing, struct totals *totals) {
  static const uint64_t ticks_ns[] = {1, 20, 500};
  static struct walk walk;
  struct sim_result result;
  choose_walk(&walk, playing->schedule);
  const struct sim_config config = {
      .walk = &walk, .tick_ns = ticks_ns[playing->schedule % 3], .steps_limit = STEPS_LIMIT};
  fault_forget();
  sim_run(&config, run_play, playing, &result);
  refused_sim_forget();
  if (poller_sim_forget()) playing->fine = fault("a poller was woken after it was freed");
  totals->steps += result.steps;
  if (playing->skipped || (result.verdict == SIM_ENDED && playing->fine)) return true;
  char name[CELL_NAME];
  printf("FAIL %s (ends.txt:%d), schedule %llu: %s%s\n",
         cell_name(playing->cell, playing->transport, playing->driven, name), playing->cell->line,
         (unsigned long long)playing->schedule, verdict_text(result.verdict), fault_text());
  if (result.verdict != SIM_ENDED) printf("%.600s\n", result.text);
  fflush(stdout);
  return false;
}

/* What a first play allocates for ever is no leak of a later one. */
static bool play_whole(struct playing *playing, struct totals *totals) {
  int64_t live = allocation_live();
  unsigned files = file_sim_count();
  if (!play_here(playing, totals)) return false;
  if (playing->skipped || (allocation_live() == live && file_sim_count() == files)) return true;
  live = allocation_live();
  files = file_sim_count();
  if (!play_here(playing, totals)) return false;
  if (allocation_live() == live && file_sim_count() == files) return true;
  char name[CELL_NAME];
  printf("FAIL %s (ends.txt:%d), schedule %llu: %lld allocations and %d files are left\n",
         cell_name(playing->cell, playing->transport, playing->driven, name), playing->cell->line,
         (unsigned long long)playing->schedule, (long long)(allocation_live() - live), (int)(file_sim_count() - files));
  return false;
}

static bool play_apart(struct playing *playing, struct totals *totals) {
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) _exit(!play_whole(playing, totals));
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    char name[CELL_NAME];
    printf("FAIL %s, schedule %llu: signal %d\n", cell_name(playing->cell, playing->transport, playing->driven, name),
           (unsigned long long)playing->schedule, WTERMSIG(status));
  }
  return status == 0;
}

/* False: nothing can be played in this process any more. */
static bool play_cell(const struct options *options, struct playing *playing, struct totals *totals) {
  if (playing->cell->never || playing->cell->needs & ~playing->transport->traits) return true;
  totals->cells++;
  for (uint64_t i = 0; i < options->schedules; i++) {
    playing->schedule = options->from + i;
    totals->runs++;
    if ((options->survey ? play_apart : play_whole)(playing, totals)) continue;
    totals->faults++;
    if (!options->survey) return false;
  }
  return true;
}

static bool play_all(const struct options *options, struct totals *totals) {
  unsigned number = 0;
  for (unsigned t = 0; t < transport_count; t++) {
    const struct transport *transport = &transports[t];
    if (strncmp(transport->scheme, "sim", 3) != 0) continue;
    if (options->transport && strcmp(options->transport, transport->scheme) != 0) continue;
    for (unsigned i = 0; i < cell_count; i++)
      for (int driven = 0; driven < 2; driven++) {
        struct playing playing = {.cell = &cells[i], .transport = transport, .driven = driven};
        if (!chosen(&options->choice, &cells[i], transport, driven)) continue;
        if (number++ % options->parts == options->part && !play_cell(options, &playing, totals)) return false;
      }
  }
  return true;
}

static bool parse(int argc, char **argv, struct options *options) {
  static const struct option known[] = {{"schedules", 1, NULL, 's'}, {"from", 1, NULL, 'f'},
                                        {"transport", 1, NULL, 't'}, {"survey", 0, NULL, 'y'},
                                        {"part", 1, NULL, 'p'},      {NULL, 0, NULL, 0}};
  *options = (struct options){.schedules = 1, .from = 1, .parts = 1};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    if (option == 's') options->schedules = strtoull(optarg, NULL, 10);
    if (option == 'f') options->from = strtoull(optarg, NULL, 10);
    if (option == 't') options->transport = optarg;
    if (option == 'y') options->survey = true;
    if (option == 'p' && (sscanf(optarg, "%u/%u", &options->part, &options->parts) != 2 || !options->parts))
      return false;
    if (option == '?') return false;
  }
  argv[optind - 1] = argv[0];
  return choice_parse(&options->choice, argc - optind + 1, argv + optind - 1);
}

int main(int argc, char **argv) {
  struct options options;
  struct totals totals = {0};
  if (!parse(argc, argv, &options)) {
    fputs(usage, stderr);
    return 2;
  }
  bool whole = play_all(&options, &totals);
  printf("%llu cells, %llu plays of %.0f steps, in %.1f s of processor time\n%llu passed, %llu failed%s\n",
         (unsigned long long)totals.cells, (unsigned long long)totals.runs,
         (double)totals.steps / (totals.runs ? (double)totals.runs : 1), (double)clock() / CLOCKS_PER_SEC,
         (unsigned long long)(totals.runs - totals.faults), (unsigned long long)totals.faults,
         whole ? "" : "; what follows was not played");
  return totals.faults || !totals.runs;
}
