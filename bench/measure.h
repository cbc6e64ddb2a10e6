/* SPDX-License-Identifier: Apache-2.0
 *
 * What every measuring program shares: its command line, and how a step that is repeated becomes one figure. A program
 * runs as `server` or as `client`; the side that knows the figure prints it as one line, "VALUE UNIT OPS", where OPS
 * counts all that was done, warm-up and drain included. The server prints "ready URL" first.
 */
#ifndef HAWSER_BENCH_MEASURE_H
#define HAWSER_BENCH_MEASURE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct plan {
  const char *bench; /* the case: "rtt64" */
  const char *mode;  /* words with commas between: "caller,think=10" */
  const char *url;
  uint64_t warmup_ns;
  uint64_t measure_ns;
  uint64_t think_ns; /* the client's pause between an answer and its next request, spent spinning */
  int server;
};

/* One op, or a few: returns how many were done (operations or bytes), 0 at the end, and ends the process on errors. */
typedef uint64_t (*measure_step)(void *self);

/* Parse `PROGRAM server|client CASE MODE URL SECONDS`; on a mistake say so and exit with 2. */
struct plan plan_parse(int argc, char **argv);

/* Whether a word stands in the mode. */
int plan_has(const struct plan *plan, const char *word);

/* The number behind a word of the mode ("streams=" of "io,streams=100"), or what it is without that word. */
uint32_t plan_number(const struct plan *plan, const char *word, uint32_t otherwise);

/* The size of one send: what the digits in the name of the case say ("bulk64k", "rtt64"); 64k in bulk1000. */
uint32_t plan_size(const struct plan *plan);

/* Whether the sender of this case only sends and the receiver counts. */
int plan_is_feed(const struct plan *plan);

/* How a feed's receiver counts: bytes by 1e9 a second, or messages of that case by 1e6. */
double plan_scale(const struct plan *plan);
const char *plan_unit(const struct plan *plan);

uint64_t now_ns(void);

/* Print "PROGRAM: what: why" and exit with 1. */
__attribute__((noreturn)) void fail(const char *what, const char *why);

/* The time of one step, in us: its median, or with that quantile, between 0 and 1, of all steps. */
void measure_latency(const struct plan *plan, measure_step step, double quantile, void *self);

/* The same of steps that say themselves how long the part took that counts, in nanoseconds. */
void measure_parts(const struct plan *plan, measure_step step, double quantile, void *self);

/* Units a step reports, a second, divided by scale. Warm-up begins at the first step's end. With enough: call it when
 * the time is over, to tell the feeding side, and go on until a step returns 0 before printing. */
void measure_rate(const struct plan *plan, measure_step step, void (*enough)(void *self), void *self, double scale,
                  const char *unit);

/* The other end of measure_rate: repeat a step until the measuring side has enough. That is asked for only once the
 * time is over, so as not to be part of what is measured. */
void measure_feed(const struct plan *plan, measure_step step, int (*is_enough)(void *self), void *self);

/* What a side that was asked for it (mode `side=client`, `side=server`) says at the end. */
void measure_print(double value, const char *unit, uint64_t ops);

#ifdef __cplusplus
}
#endif

#endif
