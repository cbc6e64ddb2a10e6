/* SPDX-License-Identifier: Apache-2.0
 *
 * cancel: how long after a cancel its event comes. Modes: `recv`, a recv that pends; `send`, a large send to a peer
 * that does not read; `life`, a recv of a stream whose life scope is cancelled, so that the stream is reset.
 */
#include <stdlib.h>

#include "bench/hawser/session.h"

enum { LARGE = 8 << 20 };

struct canceller {
  const struct plan *plan;
  struct end end;
  hws_handle queue;
  hws_handle stream;
  char *large;
};

static void await_canceled(struct canceller *self) {
  struct hws_event event;
  must(hws_queue_wait(self->queue, &event, 1, -1), "hws_queue_wait");
  if (event.status != HWS_E_CANCELED) fail("the event", hws_status_name(event.status));
}

static uint64_t cancel_op(struct canceller *self, hws_result submitted, hws_handle op) {
  if (must(submitted, "an op") != 0) fail("an op", "it did not pend");
  uint64_t begin = now_ns();
  must(hws_cancel(op), "hws_cancel");
  await_canceled(self);
  return now_ns() - begin;
}

static uint64_t step_recv(void *of) {
  struct canceller *self = of;
  struct hws_how how = {.size = sizeof how, .queue = self->queue};
  struct hws_vec vec = {.ptr = self->large, .len = LARGE};
  hws_handle op;
  hws_result submitted = hws_recv(self->stream, &vec, 1, &how, NULL, &op);
  return cancel_op(self, submitted, op);
}

static uint64_t step_send(void *of) {
  struct canceller *self = of;
  struct hws_how how = {.size = sizeof how, .queue = self->queue};
  struct hws_vec vec = {.ptr = self->large, .len = LARGE};
  hws_handle op;
  hws_result submitted = hws_send(self->stream, &vec, 1, &how, NULL, &op);
  return cancel_op(self, submitted, op);
}

static uint64_t step_life(void *of) {
  struct canceller *self = of;
  struct hws_how how = {.size = sizeof how, .queue = self->queue};
  struct hws_vec vec = {.ptr = self->large, .len = LARGE};
  struct hws_open_config config = {.size = sizeof config};
  struct hws_event event;
  hws_handle scope, stream;
  must(hws_scope_open(self->end.runtime, 0, 0, &scope), "hws_scope_open");
  config.life = scope;
  must(hws_open(self->end.session, &config, &how_block, &event, NULL, &stream), "hws_open");
  must(hws_recv(stream, &vec, 1, &how, NULL, NULL), "hws_recv");
  uint64_t begin = now_ns();
  must(hws_scope_cancel(scope, 0, NULL), "hws_scope_cancel");
  await_canceled(self);
  uint64_t took = now_ns() - begin;
  must(hws_close(stream, NULL, NULL, NULL), "hws_close");
  must(hws_close(scope, NULL, NULL, NULL), "hws_close");
  return took;
}

/* The server reads nothing. It keeps the first stream, and of those that come after it the last one: what came before
 * has been reset. */
static void hold(const struct end *end, const struct plan *plan) {
  struct hws_event event = {0};
  hws_handle stream, last = 0;
  end_stream(end->session, plan);
  while (!is_end(event.status, "hws_accept")) {
    must(hws_accept(end->session, 0, &how_block, &event, NULL, &stream), "hws_accept");
    if (last) must(hws_close(last, NULL, NULL, NULL), "hws_close");
    last = stream;
  }
}

void bench_cancel(const struct plan *plan) {
  struct canceller self = {.plan = plan, .end = end_open(plan), .large = calloc(1, LARGE)};
  if (!self.large) fail("the buffer", "out of memory");
  if (plan->server) {
    hold(&self.end, plan);
  } else {
    self.queue = queue_open(&self.end);
    self.stream = end_stream(self.end.session, plan);
    measure_step step = plan_has(plan, "life") ? step_life : plan_has(plan, "send") ? step_send : step_recv;
    measure_parts(plan, step, 0.5, &self);
    must(hws_reset(self.end.session, 0, NULL), "hws_reset");
  }
  end_close(&self.end);
  free(self.large);
}
