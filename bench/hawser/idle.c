/* SPDX-License-Identifier: Apache-2.0
 *
 * idle_memory: what each of many streams costs that were used once and wait, with nothing asked of them. The side that
 * the mode names (`client` or `server`) says it. What a session itself costs does not count: those are there before.
 */
#include "bench/hawser/crowd.h"
#include "bench/memory.h"

void bench_idle(const struct plan *plan) {
  struct crowd crowd = crowd_open(plan);
  uint32_t first = crowd.session_count * 2; /* the streams that memory is counted from */
  if (first >= crowd.room) fail(plan->mode, "too few streams");
  crowd_grow(&crowd, plan, first);
  uint64_t before = memory_used();
  crowd_grow(&crowd, plan, crowd.room);
  uint64_t after = memory_used();
  if (plan_has(plan, "server") == plan->server)
    measure_print((double)(after - before) / (crowd.room - first), "B/stream", crowd.room);
  stream_finish(plan, crowd.streams[0]);
  crowd_close(&crowd);
}
