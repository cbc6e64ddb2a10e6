/* SPDX-License-Identifier: Apache-2.0
 *
 * oneway64: one stream, one plain send for each message: done at once as a rule, blocking when it would pend.
 * oneway64_batch: the caller says that more follows (mode `more`), or hands over 64 messages at once (mode `vector`).
 * The receiver copies out as much as there is.
 */
#include <stdlib.h>

#include "bench/hawser/session.h"

enum { MESSAGE = 64, BATCH = 64, BUFFER = 64 * 1024 };

struct oneway {
  hws_handle stream;
  char messages[BATCH * MESSAGE];
  char buffer[BUFFER];
};

/* What is taken at once is; the rest is waited for. */
static void send_vector(struct oneway *oneway, const struct hws_vec *vec, uint32_t count, uint32_t flags) {
  const struct hws_how at_once = {.size = sizeof at_once, .flags = HWS_TRY | flags};
  struct hws_event event;
  hws_result result = hws_send(oneway->stream, vec, count, &at_once, &event, NULL);
  uint64_t total = (uint64_t)count * MESSAGE, done = result == HWS_E_AGAIN ? 0 : event.bytes;
  if (result != HWS_E_AGAIN) must(result, "hws_send");
  if (result != HWS_E_AGAIN && event.status != HWS_OK) fail("hws_send", hws_status_name(event.status));
  if (done < total) send_all(oneway->stream, oneway->messages, total - done); /* they are all alike */
}

static uint64_t step_send(void *self) {
  struct oneway *oneway = self;
  send_vector(oneway, &(struct hws_vec){.ptr = oneway->messages, .len = MESSAGE}, 1, 0);
  return 1;
}

static uint64_t step_send_more(void *self) {
  struct oneway *oneway = self;
  send_vector(oneway, &(struct hws_vec){.ptr = oneway->messages, .len = MESSAGE}, 1, HWS_MORE);
  return 1;
}

static uint64_t step_send_vector(void *self) {
  struct oneway *oneway = self;
  struct hws_vec vec[BATCH];
  for (int i = 0; i < BATCH; i++)
    vec[i] = (struct hws_vec){.ptr = oneway->messages + (size_t)i * MESSAGE, .len = MESSAGE};
  send_vector(oneway, vec, BATCH, 0);
  return BATCH;
}

static uint64_t step_recv(void *self) {
  struct oneway *oneway = self;
  return recv_some(oneway->stream, oneway->buffer, BUFFER);
}

static void say_enough(void *self) {
  stream_say_enough(((struct oneway *)self)->stream);
}

static int is_enough(void *self) {
  return stream_is_enough(((struct oneway *)self)->stream);
}

static void run(const struct plan *plan, measure_step feed) {
  struct oneway *oneway = calloc(1, sizeof *oneway);
  if (!oneway) fail("the buffer", "out of memory");
  struct end end = end_open(plan);
  oneway->stream = end_stream(end.session, plan);
  if (plan->server)
    measure_rate(plan, step_recv, say_enough, oneway, plan_scale(plan), plan_unit(plan));
  else
    measure_feed(plan, feed, is_enough, oneway);
  stream_finish(plan, oneway->stream);
  end_close(&end);
  free(oneway);
}

void bench_oneway(const struct plan *plan) {
  run(plan, step_send);
}

void bench_oneway_batch(const struct plan *plan) {
  run(plan, plan_has(plan, "vector") ? step_send_vector : step_send_more);
}
