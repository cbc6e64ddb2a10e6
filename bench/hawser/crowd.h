/* SPDX-License-Identifier: Apache-2.0
 *
 * Many streams at once: as many as the mode says, over as many sessions as that takes.
 */
#ifndef HAWSER_BENCH_CROWD_H
#define HAWSER_BENCH_CROWD_H

#include "bench/hawser/session.h"

struct crowd {
  struct end end;
  uint32_t session_count;
  hws_handle *sessions;
  uint32_t room; /* `streams=` of the mode */
  uint32_t count;
  hws_handle *streams;
};

/* All sessions, and no stream yet. */
struct crowd crowd_open(const struct plan *plan);

/* Streams up to that many: each opened, and used for one byte there and one back. */
void crowd_grow(struct crowd *crowd, const struct plan *plan, uint32_t count);

void crowd_close(struct crowd *crowd);

#endif
