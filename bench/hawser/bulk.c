/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk64k, bulk256k: one stream, blocking sends of that size. The receiver takes leases (mode `acquire`) or copies out
 * into a buffer of that size (mode `recv`).
 */
#include <stdlib.h>

#include "bench/hawser/session.h"

struct bulk {
  hws_handle stream;
  uint64_t size;
  char *buffer;
};

static uint64_t step_send(void *self) {
  struct bulk *bulk = self;
  send_all(bulk->stream, bulk->buffer, bulk->size);
  return bulk->size;
}

static uint64_t step_recv(void *self) {
  struct bulk *bulk = self;
  return recv_some(bulk->stream, bulk->buffer, bulk->size);
}

static uint64_t step_acquire(void *self) {
  struct bulk *bulk = self;
  struct hws_event event;
  must(hws_acquire(bulk->stream, &how_block, &event, NULL), "hws_acquire");
  if (is_end(event.status, "hws_acquire")) return 0;
  must(hws_release(event.code, event.bytes), "hws_release");
  return event.bytes;
}

static void say_enough(void *self) {
  stream_say_enough(((struct bulk *)self)->stream);
}

static int is_enough(void *self) {
  return stream_is_enough(((struct bulk *)self)->stream);
}

void bench_bulk(const struct plan *plan) {
  struct end end = end_open(plan);
  struct bulk bulk = {.stream = end_stream(end.session, plan), .size = plan_size(plan)};
  bulk.buffer = calloc(1, bulk.size);
  if (!bulk.buffer) fail("the buffer", "out of memory");
  if (plan->server)
    measure_rate(plan, plan_has(plan, "recv") ? step_recv : step_acquire, say_enough, &bulk, plan_scale(plan),
                 plan_unit(plan));
  else
    measure_feed(plan, step_send, is_enough, &bulk);
  stream_finish(plan, bulk.stream);
  end_close(&end);
  free(bulk.buffer);
}
