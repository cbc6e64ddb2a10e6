/* SPDX-License-Identifier: Apache-2.0
 *
 * From repeated steps to one figure; see measure.h.
 */
#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES_MAX = 1 << 22, FEED_STEPS = 64 };

static const char *program = "bench";

void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s: %s\n", program, what, why);
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static __attribute__((noreturn)) void usage(const char *wrong) {
  fprintf(stderr, "%s: %s\nusage: %s server|client CASE MODE URL SECONDS\n", program, wrong, program);
  exit(2);
}

static double number_parse(const char *text, double low, double high, const char *wrong) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || (*end != 0 && *end != ',') || !(value >= low && value <= high)) usage(wrong);
  return value;
}

/* The rest of the word in the mode that begins with `name`, or NULL. */
static const char *mode_find(const char *mode, const char *name, int whole) {
  size_t len = strlen(name);
  for (const char *word = mode; word; word = strchr(word, ',')) {
    word += *word == ',';
    if (strncmp(word, name, len) != 0) continue;
    if (!whole || word[len] == 0 || word[len] == ',') return word + len;
  }
  return NULL;
}

int plan_has(const struct plan *plan, const char *word) {
  return mode_find(plan->mode, word, 1) != NULL;
}

uint32_t plan_number(const struct plan *plan, const char *word, uint32_t otherwise) {
  const char *text = mode_find(plan->mode, word, 0);
  return text ? (uint32_t)number_parse(text, 1, 1e6, "a count is between 1 and 1000000") : otherwise;
}

uint32_t plan_size(const struct plan *plan) {
  if (strcmp(plan->bench, "bulk1000") == 0) return 64 * 1024; /* the digits say how many streams there are */
  const char *digits = plan->bench + strcspn(plan->bench, "0123456789");
  char *end;
  unsigned long size = strtoul(digits, &end, 10);
  if (end == digits || size == 0 || size > 1024) usage("the case names no size");
  return (uint32_t)(*end == 'k' ? size * 1024 : size);
}

static int is_bulk(const struct plan *plan) {
  return strncmp(plan->bench, "bulk", 4) == 0;
}

int plan_is_feed(const struct plan *plan) {
  return is_bulk(plan) || strncmp(plan->bench, "oneway", 6) == 0;
}

double plan_scale(const struct plan *plan) {
  return is_bulk(plan) ? 1e9 : 1e6 * plan_size(plan);
}

const char *plan_unit(const struct plan *plan) {
  return is_bulk(plan) ? "GB/s" : "M msg/s";
}

struct plan plan_parse(int argc, char **argv) {
  if (argc > 0) {
    const char *slash = strrchr(argv[0], '/');
    program = slash ? slash + 1 : argv[0];
  }
  if (argc != 6) usage("five arguments are needed");
  struct plan plan = {.bench = argv[2], .mode = argv[3], .url = argv[4]};
  plan.server = strcmp(argv[1], "server") == 0;
  if (!plan.server && strcmp(argv[1], "client") != 0) usage("the role is server or client");
  double seconds = number_parse(argv[5], 0.01, 60, "SECONDS is between 0.01 and 60");
  plan.measure_ns = (uint64_t)(seconds * 1e9);
  plan.warmup_ns = 50000000u + plan.measure_ns / 5;
  const char *think = mode_find(plan.mode, "think=", 0);
  if (think) plan.think_ns = (uint64_t)(number_parse(think, 0, 1000, "think is between 0 and 1000 us") * 1e3);
  return plan;
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

void measure_print(double value, const char *unit, uint64_t ops) {
  printf("%.4f %s %llu\n", value, unit, (unsigned long long)ops);
}

static void print_quantile(uint32_t *samples, size_t count, double quantile, uint64_t ops) {
  qsort(samples, count, sizeof *samples, compare_u32);
  measure_print(samples[(size_t)((double)(count - 1) * quantile)] / 1e3, "us", ops);
}

/* timed: a sample is the whole step; else what the step returned. */
static void measure_samples(const struct plan *plan, measure_step step, double quantile, int timed, void *self) {
  uint32_t *samples = malloc(SAMPLES_MAX * sizeof *samples);
  if (!samples) fail("samples", "out of memory");
  uint64_t start = now_ns(), from = start + plan->warmup_ns, to = UINT64_MAX, ops = 0;
  size_t count = 0;
  for (uint64_t begin = start; begin < to && count < SAMPLES_MAX; ops++) {
    uint64_t part = step(self);
    if (part == 0) fail("a step", "the other end is gone");
    uint64_t end = now_ns();
    if (begin >= from) {
      if (count == 0) to = begin + plan->measure_ns;
      samples[count++] = (uint32_t)(timed ? end - begin : part);
    }
    begin = end;
    while (begin - end < plan->think_ns) begin = now_ns();
  }
  print_quantile(samples, count, quantile, ops);
  free(samples);
}

void measure_latency(const struct plan *plan, measure_step step, double quantile, void *self) {
  measure_samples(plan, step, quantile, 1, self);
}

void measure_parts(const struct plan *plan, measure_step step, double quantile, void *self) {
  measure_samples(plan, step, quantile, 0, self);
}

void measure_rate(const struct plan *plan, measure_step step, void (*enough)(void *self), void *self, double scale,
                  const char *unit) {
  uint64_t total = step(self), from = now_ns() + plan->warmup_ns, to = UINT64_MAX;
  uint64_t base = 0, base_at = 0, now = 0;
  while (now < to) {
    uint64_t done = step(self);
    if (done == 0) fail("the stream", "ended before the time was over");
    total += done;
    now = now_ns();
    if (to == UINT64_MAX && now >= from) {
      base = total;
      base_at = now;
      to = now + plan->measure_ns; /* a whole window, however late the end of warm-up was noticed */
    }
  }
  double rate = (double)(total - base) / ((double)(now - base_at) / 1e9) / scale;
  if (enough) {
    enough(self);
    for (uint64_t done = 1; done != 0; total += done) done = step(self);
  }
  measure_print(rate, unit, total);
}

void measure_feed(const struct plan *plan, measure_step step, int (*is_enough)(void *self), void *self) {
  uint64_t to = now_ns() + plan->warmup_ns + plan->measure_ns;
  while (now_ns() < to || !is_enough(self))
    for (int i = 0; i < FEED_STEPS; i++) step(self);
}
