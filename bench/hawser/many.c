/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk1000: 64 KiB sends on as many streams as the mode says (`streams=`), one of each in flight, one thread a side.
 * Events are harvested in batches; the receiver takes leases. One stream alone is measured by bulk.c.
 */
#include <stdlib.h>

#include "bench/hawser/crowd.h"

enum { EVENTS = 256 };

struct many {
  struct crowd crowd;
  hws_handle queue;
  uint32_t live; /* streams that an event will come of */
  int draining;  /* no more sends */
  uint64_t size;
  char *buffer;
};

static struct hws_how how_of(const struct many *many, uint32_t lane) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = many->queue, .tag = lane};
}

static void lane_send(struct many *many, uint32_t lane) {
  struct hws_how how = how_of(many, lane);
  struct hws_vec vec = {.ptr = many->buffer, .len = many->size};
  must(hws_send(many->crowd.streams[lane], &vec, 1, &how, NULL, NULL), "hws_send");
}

static void lane_acquire(struct many *many, uint32_t lane) {
  struct hws_how how = how_of(many, lane);
  must(hws_acquire(many->crowd.streams[lane], &how, NULL, NULL), "hws_acquire");
}

static uint64_t step_feed(void *self) {
  struct many *many = self;
  struct hws_event events[EVENTS];
  hws_result count = must(hws_queue_wait(many->queue, events, EVENTS, -1), "hws_queue_wait");
  for (hws_result i = 0; i < count; i++) {
    if (is_end(events[i].status, "hws_send")) fail("hws_send", "the other end is gone");
    if (many->draining)
      many->live--;
    else
      lane_send(many, (uint32_t)events[i].tag);
  }
  return (uint64_t)count;
}

static uint64_t step_take(void *self) {
  struct many *many = self;
  struct hws_event events[EVENTS];
  uint64_t bytes = 0;
  while (bytes == 0 && many->live) {
    hws_result count = must(hws_queue_wait(many->queue, events, EVENTS, -1), "hws_queue_wait");
    for (hws_result i = 0; i < count; i++) {
      if (is_end(events[i].status, "hws_acquire")) {
        many->live--;
        continue;
      }
      bytes += events[i].bytes;
      must(hws_release(events[i].code, events[i].bytes), "hws_release");
      lane_acquire(many, (uint32_t)events[i].tag);
    }
  }
  return bytes;
}

static void say_enough(void *self) {
  stream_say_enough(((struct many *)self)->crowd.streams[0]);
}

static int is_enough(void *self) {
  return stream_is_enough(((struct many *)self)->crowd.streams[0]);
}

static void feed(const struct plan *plan, struct many *many) {
  struct hws_event event;
  for (uint32_t i = 0; i < many->live; i++) lane_send(many, i);
  measure_feed(plan, step_feed, is_enough, many);
  many->draining = 1;
  while (many->live) step_feed(many);
  for (uint32_t i = 0; i < many->crowd.count; i++)
    must(hws_shutdown(many->crowd.streams[i], &how_block, &event, NULL), "hws_shutdown");
  /* The other side ends its direction once it has all. */
  char byte;
  if (recv_some(many->crowd.streams[0], &byte, 1) != 0) fail("the stream", "unexpected bytes at its end");
}

static void take(const struct plan *plan, struct many *many) {
  struct hws_event event;
  for (uint32_t i = 0; i < many->live; i++) lane_acquire(many, i);
  measure_rate(plan, step_take, say_enough, many, plan_scale(plan), plan_unit(plan));
  must(hws_shutdown(many->crowd.streams[0], &how_block, &event, NULL), "hws_shutdown");
}

void bench_bulk_many(const struct plan *plan) {
  if (plan_number(plan, "streams=", 1) == 1) {
    bench_bulk(plan);
    return;
  }
  struct many many = {.crowd = crowd_open(plan), .size = plan_size(plan)};
  crowd_grow(&many.crowd, plan, many.crowd.room);
  many.live = many.crowd.count;
  many.queue = queue_open(&many.crowd.end);
  many.buffer = calloc(1, many.size);
  if (!many.buffer) fail("the buffer", "out of memory");
  if (plan->server)
    take(plan, &many);
  else
    feed(plan, &many);
  crowd_close(&many.crowd);
  free(many.buffer);
}
