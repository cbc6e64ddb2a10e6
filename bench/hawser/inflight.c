/* SPDX-License-Identifier: Apache-2.0
 *
 * inflight64: 64 streams on one session, each in lockstep, one thread a side. Events are harvested in batches; answers
 * are sent with HWS_MORE and leave together at the next wait.
 */
#include <stdlib.h>

#include "bench/hawser/session.h"

enum { LANES = 64, MESSAGE = 64 };

struct lane {
  hws_handle stream;
  uint64_t have;
  char in[MESSAGE];
  char out[MESSAGE];
};

struct flight {
  struct end end;
  hws_handle queue;
  struct lane lanes[LANES];
};

/* A send that pends ends before its answer can come, so `out` is free again by then. That the other end is gone is told
 * by the recv. */
static void lane_send(struct flight *flight, struct lane *lane) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_MORE, .queue = flight->queue};
  struct hws_vec vec = {.ptr = lane->out, .len = MESSAGE};
  struct hws_event event;
  hws_result result = hws_send(lane->stream, &vec, 1, &how, &event, NULL);
  if (result != 0) is_end(result < 0 ? result : event.status, "hws_send");
}

/* Have `got` bytes received, answer whole messages, and go on receiving. Returns how many messages came; adds to
 * *ended when the stream is at its end. */
static uint64_t lane_turn(struct flight *flight, struct lane *lane, uint64_t got, int *ended) {
  struct hws_how how = {.size = sizeof how, .queue = flight->queue, .tag = (uint64_t)(lane - flight->lanes)};
  uint64_t messages = 0;
  for (;;) {
    lane->have += got;
    if (lane->have == MESSAGE) {
      lane->have = 0;
      messages++;
      lane_send(flight, lane);
    }
    struct hws_vec vec = {.ptr = lane->in + lane->have, .len = MESSAGE - lane->have};
    struct hws_event event;
    hws_result result = hws_recv(lane->stream, &vec, 1, &how, &event, NULL);
    if (result == 0) return messages;
    if (is_end(result < 0 ? result : event.status, "hws_recv")) {
      ++*ended;
      return messages;
    }
    got = event.bytes;
  }
}

/* One harvest. Returns 0 once a stream ended. */
static uint64_t step_harvest(void *self) {
  struct flight *flight = self;
  struct hws_event events[LANES];
  uint64_t messages = 0;
  int ended = 0;
  while (messages == 0 && !ended) {
    hws_result count = must(hws_queue_wait(flight->queue, events, LANES, -1), "hws_queue_wait");
    for (hws_result i = 0; i < count; i++) {
      if (is_end(events[i].status, "an event"))
        ended++;
      else if (events[i].kind == HWS_KIND_RECV)
        messages += lane_turn(flight, &flight->lanes[events[i].tag], events[i].bytes, &ended);
    }
  }
  return ended ? 0 : messages;
}

void bench_inflight(const struct plan *plan) {
  struct flight *flight = calloc(1, sizeof *flight);
  if (!flight) fail("the lanes", "out of memory");
  flight->end = end_open(plan);
  flight->queue = queue_open(&flight->end);
  for (int i = 0; i < LANES; i++) flight->lanes[i].stream = end_stream(flight->end.session, plan);
  int ended = 0;
  for (int i = 0; i < LANES; i++) {
    if (!plan->server) lane_send(flight, &flight->lanes[i]);
    lane_turn(flight, &flight->lanes[i], 0, &ended);
  }
  if (plan->server)
    while (step_harvest(flight)) continue;
  else
    measure_rate(plan, step_harvest, NULL, flight, 1e3, "k req/s");
  end_close(&flight->end);
  free(flight);
}
