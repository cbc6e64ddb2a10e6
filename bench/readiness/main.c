/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_readiness far URL
 * bench_readiness near URL [--quick | IDLE [BUSY [ROUNDS [MS]]]]
 *
 * Both modes of TCP on Windows, with few busy connections, and with many idle ones beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/readiness/far.h"
#include "bench/readiness/memory_win32.h"
#include "bench/readiness/must.h"
#include "bench/readiness/near.h"
#include "bench/readiness/table.h"

/* Connections that wait too, and come before memory is counted: they hold what the busy ones gave back. The library
 * keeps no more spare buffers than that. */
enum { SMALL = 64, UNCOUNTED = 64 };

struct plan {
  const char *url;
  unsigned idle;
  unsigned busy;
  unsigned rounds;
  uint64_t ns; /* of each measurement */
};

static void note_trips(const struct near_trips *trips, double *rate, double *turns, double *transfers) {
  *rate = (double)trips->trips / trips->seconds;
  *turns = (double)trips->turns / (double)trips->trips;
  *transfers = (double)trips->transfers / (double)trips->trips;
}

static double megabytes(const struct near_trips *trips) {
  return (double)trips->trips * NEAR_SIZE_MAX / trips->seconds / 1e6;
}

/* Rows of the table stand in this order, so that `first` names all four. */
static void measure_busy(const struct plan *plan, struct near_end *near_end, struct table *table, enum table_what first,
                         unsigned mode, unsigned round) {
  double(*values)[TABLE_MODES][TABLE_ROUNDS_MAX] = &table->values[first];
  struct near_trips trips = near_measure(near_end, SMALL, plan->ns);
  note_trips(&trips, &values[0][mode][round], &values[1][mode][round], &values[2][mode][round]);
  trips = near_measure(near_end, NEAR_SIZE_MAX, plan->ns);
  values[3][mode][round] = megabytes(&trips);
}

static void measure_idle(const struct plan *plan, struct near_end *near_end, struct table *table, unsigned mode,
                         unsigned round) {
  near_grow(near_end, plan->busy + UNCOUNTED);
  int64_t held = memory_held();
  uint64_t begin_ns = hws_now();
  near_grow(near_end, plan->busy + UNCOUNTED + plan->idle);
  table->values[CONNECTS][mode][round] = plan->idle / ((double)(hws_now() - begin_ns) / 1e9);
  double more = (double)(memory_held() - held);
  table->values[HELD][mode][round] = more / plan->idle;
  table->values[HELD_ALL][mode][round] = more / (1 << 20);
}

static void measure(const struct plan *plan, struct table *table, unsigned mode, unsigned round) {
  struct near_end near_end;
  char url[512];
  (void)snprintf(url, sizeof url, "%s?io=%s", plan->url, table_modes[mode]);
  near_open(&near_end, url, plan->busy, UNCOUNTED + plan->idle);
  measure_busy(plan, &near_end, table, ALONE_RATE, mode, round);
  measure_idle(plan, &near_end, table, mode, round);
  measure_busy(plan, &near_end, table, BESIDE_RATE, mode, round);
  near_close(&near_end);
}

/* The modes take turns at being first. */
static void near_run(const struct plan *plan) {
  static struct table table;
  struct near_end first; /* the far end is there as long as this one */
  table.idle = plan->idle;
  table.busy = plan->busy;
  table.rounds = plan->rounds;
  near_open(&first, plan->url, 1, 0);
  memory_count("hawser.dll");
  memory_count("tcp_iocp.dll");
  for (unsigned round = 0; round < plan->rounds; round++)
    for (unsigned i = 0; i < TABLE_MODES; i++) {
      unsigned mode = (round + i) % TABLE_MODES;
      (void)fprintf(stderr, "round %u of %u: %s\n", round + 1, plan->rounds, table_modes[mode]);
      measure(plan, &table, mode, round);
    }
  table_print(&table);
  near_close(&first);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static _Noreturn void usage(void) {
  (void)fprintf(stderr, "usage: bench_readiness far URL\n"
                        "       bench_readiness near URL [--quick | IDLE [BUSY [ROUNDS [MS]]]]\n");
  exit(2);
}

static unsigned number(int count, char **words, int index, unsigned initial, unsigned most) {
  char *end = NULL;
  if (index >= count) return initial;
  unsigned long value = strtoul(words[index], &end, 10);
  if (end == words[index] || *end || value == 0 || value > most) usage();
  return (unsigned)value;
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "far") == 0) {
    far_run(words[2]);
    return 0;
  }
  if (count < 3 || count > 7 || strcmp(words[1], "near") != 0) usage();
  struct plan plan = {.url = words[2], .idle = 200, .busy = 4, .rounds = 3, .ns = 200 * 1000000ULL};
  if (count != 4 || strcmp(words[3], "--quick") != 0) {
    plan.idle = number(count, words, 3, 2000, 60000);
    plan.busy = number(count, words, 4, 4, 1000);
    plan.rounds = number(count, words, 5, 5, TABLE_ROUNDS_MAX);
    plan.ns = number(count, words, 6, 1000, 60000) * 1000000ULL;
  }
  near_run(&plan);
  return 0;
}
