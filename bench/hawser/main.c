/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_hawser: which case was asked for.
 */
#include <stddef.h>
#include <string.h>

#include "bench/hawser/session.h"

static const struct {
  const char *name;
  void (*run)(const struct plan *plan);
} cases[] = {
    {"rtt64", bench_rtt},
    {"bulk64k", bench_bulk},
    {"bulk256k", bench_bulk},
    {"bulk1000", bench_bulk_many},
    {"inflight64", bench_inflight},
    {"oneway64", bench_oneway},
    {"oneway64_batch", bench_oneway_batch},
    {"openclose", bench_openclose},
    {"idle_memory", bench_idle},
    {"victim", bench_victim},
    {"cancel", bench_cancel},
};

int main(int argc, char **argv) {
  struct plan plan = plan_parse(argc, argv);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (strcmp(cases[i].name, plan.bench) != 0) continue;
    cases[i].run(&plan);
    return 0;
  }
  fail(plan.bench, "no such case");
}
