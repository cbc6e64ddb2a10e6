/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread drives the runtime and harvests its queue; every op ends by an event. See near.h.
 */
#include "bench/readiness/near.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/readiness/must.h"

enum { EVENTS = 64, DIALS = 32 };

struct near_connection {
  hws_handle stream;
  uint32_t came; /* bytes of the trip that is under way */
  char idle_byte;
};

/* All that is sent, and where it comes back to: nobody looks at it. */
static char sent[NEAR_SIZE_MAX];
static char received[NEAR_SIZE_MAX];

/* ---- one connection ---------------------------------------------------------------------------------------------- */

static struct hws_how how_of(const struct near_end *near_end, unsigned index) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = near_end->queue, .tag = index};
}

static void dial(struct near_end *near_end, unsigned index) {
  struct hws_how how = how_of(near_end, index);
  must(hws_dial(near_end->runtime, near_end->url, 0, &how, NULL, NULL, &near_end->connections[index].stream),
       near_end->url);
}

static void post_recv(struct near_end *near_end, unsigned index, void *bytes, uint64_t room) {
  const struct hws_vec vec = {.ptr = bytes, .len = room};
  struct hws_how how = how_of(near_end, index);
  must(hws_recv(near_end->connections[index].stream, &vec, 1, &how, NULL, NULL), "hws_recv");
}

static void begin_trip(struct near_end *near_end, unsigned index) {
  const struct hws_vec vec = {.ptr = sent, .len = near_end->size};
  struct hws_how how = how_of(near_end, index);
  near_end->connections[index].came = 0;
  must(hws_send(near_end->connections[index].stream, &vec, 1, &how, NULL, NULL), "hws_send");
}

static void trip_over(struct near_end *near_end, unsigned index) {
  near_end->trips++;
  if (hws_now() < near_end->until_ns) {
    begin_trip(near_end, index);
    return;
  }
  near_end->under_way--;
  /* The far end says nothing by itself, so that this waits until the end. */
  if (index >= near_end->busy) post_recv(near_end, index, &near_end->connections[index].idle_byte, 1);
}

static void came(struct near_end *near_end, unsigned index, uint64_t bytes) {
  struct near_connection *connection = &near_end->connections[index];
  connection->came += (uint32_t)bytes;
  if (connection->came == near_end->size)
    trip_over(near_end, index);
  else
    post_recv(near_end, index, received, near_end->size - connection->came);
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static void handle(struct near_end *near_end, const struct hws_event *event) {
  unsigned index = (unsigned)event->tag;
  must(event->status, near_end->url);
  switch (event->kind) {
  case HWS_KIND_DIAL:
    begin_trip(near_end, index);
    break;
  case HWS_KIND_SEND:
    post_recv(near_end, index, received, near_end->size);
    break;
  default:
    came(near_end, index, event->bytes);
  }
}

static void harvest(struct near_end *near_end) {
  struct hws_event events[EVENTS];
  hws_result count = must(hws_queue_wait(near_end->queue, events, EVENTS, -1), "hws_queue_wait");
  for (hws_result i = 0; i < count; i++) handle(near_end, &events[i]);
}

void near_open(struct near_end *near_end, const char *url, unsigned busy, unsigned idle) {
  const struct hws_runtime_config config = {.size = sizeof config, .flags = HWS_RUNTIME_CALLER_DRIVEN};
  *near_end = (struct near_end){.busy = busy};
  (void)snprintf(near_end->url, sizeof near_end->url, "%s", url);
  near_end->connections = must_allocate(busy + idle, sizeof *near_end->connections);
  must(hws_runtime_open(&config, &near_end->runtime), "hws_runtime_open");
  must(hws_queue_open(near_end->runtime, &near_end->queue), "hws_queue_open");
  near_grow(near_end, busy);
}

void near_grow(struct near_end *near_end, unsigned count) {
  near_end->size = 1;
  near_end->until_ns = 0;
  while (near_end->count < count || near_end->under_way > 0) {
    for (; near_end->count < count && near_end->under_way < DIALS; near_end->under_way++)
      dial(near_end, near_end->count++);
    harvest(near_end);
  }
}

static uint64_t stat_of(const struct near_end *near_end, const char *name) {
  uint64_t value = 0;
  must(hws_stat(near_end->runtime, name, &value), name);
  return value;
}

struct near_trips near_measure(struct near_end *near_end, uint32_t size, uint64_t ns) {
  uint64_t turns = stat_of(near_end, "loop_turns");
  uint64_t transfers = stat_of(near_end, "transfers");
  uint64_t begin_ns = hws_now();
  near_end->size = size;
  near_end->trips = 0;
  near_end->until_ns = begin_ns + ns;
  for (unsigned i = 0; i < near_end->busy; i++) begin_trip(near_end, i);
  near_end->under_way = near_end->busy;
  while (near_end->under_way > 0) harvest(near_end);
  return (struct near_trips){.seconds = (double)(hws_now() - begin_ns) / 1e9,
                             .trips = near_end->trips,
                             .turns = stat_of(near_end, "loop_turns") - turns,
                             .transfers = stat_of(near_end, "transfers") - transfers};
}

/* By resets, so that no ports are used up. */
void near_close(struct near_end *near_end) {
  static const struct hws_how how = {.size = sizeof how, .flags = HWS_ABORT};
  for (unsigned i = 0; i < near_end->count; i++)
    must(hws_close(near_end->connections[i].stream, &how, NULL, NULL), "hws_close");
  must(hws_runtime_join(near_end->runtime, -1), "hws_runtime_join");
  free(near_end->connections);
}
