/* SPDX-License-Identifier: Apache-2.0
 *
 * The near end, which is measured: connections of one mode in a runtime of their own. Each is used for a byte there and
 * a byte back; then the first of them are there to be made busy, and the others wait for what may come.
 */
#ifndef HAWSER_BENCH_READINESS_NEAR_H
#define HAWSER_BENCH_READINESS_NEAR_H

#include "abi/hawser.h"

enum { NEAR_SIZE_MAX = 64 * 1024 };

struct near_connection;

struct near_end {
  hws_handle runtime;
  hws_handle queue;
  char url[512];
  struct near_connection *connections;
  unsigned count;
  unsigned busy;
  /* what goes on */
  unsigned under_way;
  uint32_t size;
  uint64_t until_ns;
  uint64_t trips;
};

/* What the busy connections did, each of which sent so many bytes, and again once they had come back. */
struct near_trips {
  double seconds;
  uint64_t trips;
  uint64_t turns;     /* of the loop */
  uint64_t transfers; /* requests handed to the transport */
};

/* With `busy` connections, and room for `idle` more. */
void near_open(struct near_end *near_end, const char *url, unsigned busy, unsigned idle);

/* Connections up to that many, all together. */
void near_grow(struct near_end *near_end, unsigned count);

/* For that long. */
struct near_trips near_measure(struct near_end *near_end, uint32_t size, uint64_t ns);

void near_close(struct near_end *near_end);

#endif
