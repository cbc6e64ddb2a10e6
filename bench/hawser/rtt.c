/* SPDX-License-Identifier: Apache-2.0
 *
 * rtt64: one stream, a blocking send and a blocking recv on each side. Modes: `caller` (who waits drives the loop) or
 * `io` (an I/O thread does).
 */
#include "bench/hawser/session.h"

enum { MESSAGE = 64 };

struct asker {
  hws_handle stream;
  char message[MESSAGE];
};

static uint64_t step_ask(void *self) {
  struct asker *asker = self;
  send_all(asker->stream, asker->message, MESSAGE);
  return recv_all(asker->stream, asker->message, MESSAGE) ? 1 : 0;
}

void bench_rtt(const struct plan *plan) {
  struct end end = end_open(plan);
  struct asker asker = {.stream = end_stream(end.session, plan)};
  if (plan->server)
    while (recv_all(asker.stream, asker.message, MESSAGE)) send_all(asker.stream, asker.message, MESSAGE);
  else
    measure_latency(plan, step_ask, 0.5, &asker);
  stream_finish(plan, asker.stream);
  end_close(&end);
}
