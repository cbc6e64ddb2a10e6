/* SPDX-License-Identifier: Apache-2.0
 *
 * The conformance kit: which cases are run, in which variants, and what is printed of them.
 */
#include "plugins/check/check.h"

#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/memory.h"
#include "plugins/check/plugin_file.h"
#include "plugins/check/process.h"

enum { PATIENCE_MS = 10000, LIMIT_PATIENCES = 3, NAME_MAX_BYTES = 96 };

/* A way in which a host may tell of readiness. Whether it tells hang-ups apart goes along with it. */
static const struct variant {
  const char *suffix;
  enum check_arming arming;
  bool tells_hangups;
} variants[CHECK_ARM_ONE_SHOT + 1] = {
    {"", CHECK_ARM_AT_ONCE, true},
    {", armed on demand", CHECK_ARM_ON_DEMAND, false},
    {", armed one-shot", CHECK_ARM_ONE_SHOT, true},
};

static const struct check_case *const groups[] = {
    check_cases_manifest, check_cases_connect,   check_cases_data,   check_cases_messages,
    check_cases_file,     check_cases_readiness, check_cases_end,    check_cases_cancel,
    check_cases_shortage, check_cases_threads,   check_cases_filter,
};

const struct hws_plugin *check_manifest(const struct check_config *config) {
  return config->plugin ? check_plugin_open(config->plugin) : config->manifest;
}

/* ---- in the case's own process ----------------------------------------------------------------------------------- */

struct job {
  const struct check_config *config;
  const struct check_case *run;
  const struct variant *variant;
};

static void run_on_host(const struct job *job) {
  struct fixture fixture = {.config = job->config};
  const struct hws_plugin *manifest = check_manifest(job->config);
  const struct hws_plugin *under = job->config->under ? check_plugin_open(job->config->under) : NULL;
  fixture.host = check_host_start(under ? under : manifest, job->variant->arming, job->variant->tells_hangups,
                                  job->config->patience_ms);
  if (under) check_host_start_filter(fixture.host, manifest);
  check_host_settle(fixture.host);
  /* What the plugin's open and the system's first use of something have opened stays. */
  unsigned descriptors = check_descriptors_open();
  int64_t memory = check_memory_live();
  job->run->run(&fixture);
  check_host_settle(fixture.host); /* what is still in the loop must not be of an endpoint that is gone */
  CHECK(check_memory_live() == memory, "%lld pieces of the host's memory were not released",
        (long long)(check_memory_live() - memory));
  unsigned left = check_descriptors_open();
  CHECK(left == descriptors, "there are %u descriptors open where there were %u", left, descriptors);
  check_host_stop(fixture.host);
}

static void run_job(void *argument) {
  const struct job *job = argument;
  if (job->run->flags & CHECK_NO_HOST) {
    struct fixture fixture = {.config = job->config};
    job->run->run(&fixture);
  } else {
    run_on_host(job);
  }
}

/* ---- in the caller's process ------------------------------------------------------------------------------------- */

static void print_result(FILE *out, struct check_report *report, const char *name, const char *failure) {
  if (failure) {
    report->failed++;
    (void)fprintf(out, "FAIL %s: %s\n", name, failure);
  } else {
    report->passed++;
    (void)fprintf(out, "ok %s\n", name);
  }
  (void)fflush(out);
}

static void run_variant(const struct job *job, FILE *out, struct check_report *report) {
  char name[NAME_MAX_BYTES];
  char failure[512];
  (void)snprintf(name, sizeof name, "%s%s", job->run->name, job->variant->suffix);
  const char *only = job->config->only;
  if (only && strncmp(name, only, strlen(only)) != 0) return;
  (void)fflush(NULL);
  unsigned limit_ms = job->config->patience_ms * LIMIT_PATIENCES;
  const char *wrong = check_process_run(run_job, (void *)(uintptr_t)job, limit_ms, failure, sizeof failure);
  print_result(out, report, name, wrong);
}

/* Of the plugin, or of a filter with what it stands on. */
struct traits {
  uint64_t capabilities;
  uint64_t host_needs;
  bool filter;
};

static const char *missing(const struct check_case *run, const struct traits *traits) {
  uint64_t lacks = run->needs & ~traits->capabilities;
  if ((run->flags & CHECK_TRANSPORT) && traits->filter) return "no transport";
  if (lacks & HWS_CAP_LISTEN) return "LISTEN";
  if (lacks & HWS_CAP_DIAL) return "DIAL";
  if (lacks & HWS_CAP_HALF_CLOSE) return "HALF_CLOSE";
  if (lacks & HWS_CAP_REVOKE) return "REVOKE";
  if (lacks & HWS_CAP_PEER) return "PEER";
  if (lacks & HWS_CAP_SENDFILE) return "SENDFILE";
  if (lacks & HWS_CAP_MESSAGES) return "MESSAGES";
  if ((run->flags & CHECK_NEEDS_WATCH) && !(traits->host_needs & HWS_HOST_WATCH)) return "WATCH";
  return NULL;
}

static void run_case(const struct check_config *config, const struct check_case *run, const struct traits *traits,
                     FILE *out, struct check_report *report) {
  if ((run->flags & CHECK_FILTER) && !traits->filter) return;
  const char *lacks = missing(run, traits);
  if (lacks) {
    if (config->only && strncmp(run->name, config->only, strlen(config->only)) != 0) return;
    report->not_offered++;
    (void)fprintf(out, "-- %s: not offered (%s)\n", run->name, lacks);
    return;
  }
  bool every = (run->flags & CHECK_EVERY_ARMING) && (traits->host_needs & HWS_HOST_WATCH);
  size_t count = every ? check_poller_armings() : 1;
  for (size_t i = 0; i < count; i++) {
    struct job job = {.config = config, .run = run, .variant = &variants[i]};
    run_variant(&job, out, report);
  }
}

/* The plugin is never loaded into the caller's process, so what it says of itself comes through shared memory. */
struct inquiry {
  const struct check_config *config;
  struct traits *answer;
};

static void inquire(void *argument) {
  struct inquiry *inquiry = argument;
  const struct hws_plugin *manifest = check_manifest(inquiry->config);
  struct traits *traits = inquiry->answer;
  uint64_t capabilities = manifest->capabilities & ~inquiry->config->without;
  *traits = (struct traits){.capabilities = capabilities, .host_needs = manifest->host_needs};
  if (inquiry->config->watches) traits->host_needs |= HWS_HOST_WATCH;
  traits->filter = manifest->capabilities & HWS_CAP_FILTER;
  if (!traits->filter) return;
  CHECK(inquiry->config->under, "is a filter, and no transport to stand on was given");
  const struct hws_plugin *under = check_plugin_open(inquiry->config->under);
  /* It listens and dials by what is below, and can promise only for itself. */
  traits->capabilities |= under->capabilities & (HWS_CAP_LISTEN | HWS_CAP_DIAL);
  traits->host_needs |= under->host_needs;
}

int check_run(const struct check_config *given, FILE *out, struct check_report *report) {
  struct check_config config = *given;
  if (config.patience_ms == 0) config.patience_ms = PATIENCE_MS;
  memset(report, 0, sizeof *report);
  struct traits *traits = check_process_share(sizeof *traits);
  struct inquiry inquiry = {.config = &config, .answer = traits};
  char failure[512];
  (void)fflush(NULL);
  const char *wrong = traits ? check_process_run(inquire, &inquiry, config.patience_ms, failure, sizeof failure)
                             : "the kit cannot share memory";
  if (wrong) print_result(out, report, "load", wrong);
  for (size_t i = 0; !wrong && i < sizeof groups / sizeof groups[0]; i++) {
    for (const struct check_case *run = groups[i]; run->name; run++) run_case(&config, run, traits, out, report);
  }
  check_process_unshare(traits, sizeof *traits);
  return report->failed == 0 ? 0 : -1;
}
