/* SPDX-License-Identifier: Apache-2.0
 *
 * The conformance kit against the transports of the simulated network: each case runs as a simulated program, in one
 * schedule after another. What fails in one is told with the schedule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scheduler_sim.h"
#include "core/walk_sim.h"
#include "plugins/check/check.h"
#include "plugins/check/fault.h"
#include "plugins/check/process.h"

const char *__real_check_process_run(void (*run)(void *argument), void *argument, unsigned limit_ms, char *failure,
                                     size_t failure_size);
const char *__wrap_check_process_run(void (*run)(void *argument), void *argument, unsigned limit_ms, char *failure,
                                     size_t failure_size);

static uint64_t schedule;

struct job {
  void (*run)(void *argument);
  void *argument;
};

/* In the process of a case. */
static void run_simulated(void *argument) {
  static const uint64_t one_in[] = {1, 5, 50};
  static struct walk walk;
  static struct sim_result result;
  struct job *job = argument;
  walk_random(&walk, schedule, one_in[schedule % 3]); /* threads of the kit spin, so none may always come first */
  const struct sim_config config = {.walk = &walk, .tick_ns = 20, .steps_limit = 100000000};
  sim_run(&config, job->run, job->argument, &result);
  CHECK(result.verdict != SIM_STUCK, "nobody can run");
  CHECK(result.verdict == SIM_ENDED, "it does not end");
}

const char *__wrap_check_process_run(void (*run)(void *argument), void *argument, unsigned limit_ms, char *failure,
                                     size_t failure_size) {
  struct job job = {run, argument};
  return __real_check_process_run(run_simulated, &job, limit_ms, failure, failure_size);
}

static const struct place {
  const char *plugin;
  const char *url;
  const char *dial_more; /* what the network does */
  uint64_t without;      /* what that takes away */
} places[] = {
    {"sim_ready", "sim://kit", "?messages=1&cut=0&buffer=1000000", 0},
    {"sim_port", "simport://kit", "?messages=1&cut=0&buffer=1000000", 0},
    {"sim_ready", "sim://kit", "?late_us=300&spurious=30&cut=0", HWS_CAP_MESSAGES},
    {"sim_port", "simport://kit", "?late_us=300&cut=50&connect_us=2000", HWS_CAP_MESSAGES},
    {"sim_ready", "sim://kit", "?linger=0&half=0&no_file=1&delay_us=0",
     HWS_CAP_MESSAGES | HWS_CAP_HALF_CLOSE | HWS_CAP_SENDFILE},
};

/* What failed: printed, and how many. */
static unsigned check_once(const struct place *place, const char *only, unsigned *passed) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/%s.so", KIT_PLUGIN_DIR, place->plugin);
  const struct check_config config = {.plugin = path,
                                      .listen_url = place->url,
                                      .dial_more = place->dial_more,
                                      .only = only,
                                      .without = place->without,
                                      .patience_ms = 20000};
  struct check_report report;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out) abort();
  (void)check_run(&config, out, &report);
  (void)fclose(out);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
    if (strncmp(line, "FAIL", 4) == 0)
      printf("%s%s, schedule %llu: %s\n", place->url, place->dial_more, (unsigned long long)schedule, line);
  free(text);
  *passed += report.passed;
  return report.failed;
}

/* conformance [FROM [COUNT [CASE]]]: in so many schedules, cases whose names begin so. */
int main(int argc, char **argv) {
  uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
  uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;
  unsigned passed = 0;
  unsigned failed = 0;
  for (schedule = from; schedule < from + count; schedule++)
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
      failed += check_once(&places[i], argc > 3 ? argv[3] : NULL, &passed);
  printf("%u passed, %u failed\n", passed, failed);
  return failed || !passed;
}
