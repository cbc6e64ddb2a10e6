/* SPDX-License-Identifier: Apache-2.0
 *
 * victim: the round trips of one stream, of which the slowest hundredth counts (p99), beside a neighbour. Modes:
 * `alone`; `stalled`, a stream of the same session that is sent into and never read; `transfer`, one that is sent into
 * and read without a pause; `hostile`, a peer on another connection that sends frames of one byte each, as fast as it
 * can, and comes again when its session was ended.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bench/hawser/session.h"

enum { MESSAGE = 64, BLOCK = 256 * 1024, HEADER = 12, HOSTILE_FRAMES = 4096 };

struct victim {
  const struct plan *plan;
  struct end end;
  hws_handle stream;
  hws_handle neighbour;
  char message[MESSAGE];
  char *block;
  atomic_int over;
  pthread_t thread;
};

static uint64_t step_ask(void *of) {
  struct victim *self = of;
  send_all(self->stream, self->message, MESSAGE);
  return recv_all(self->stream, self->message, MESSAGE) ? 1 : 0;
}

/* ---- neighbours of the client ---- */

static void *transfer(void *of) {
  struct victim *self = of;
  struct hws_vec vec = {.ptr = self->block, .len = BLOCK};
  struct hws_event event = {0};
  while (!is_end(event.status, "hws_send"))
    must(hws_send(self->neighbour, &vec, 1, &how_block, &event, NULL), "hws_send");
  return NULL;
}

/* More than any window: it pends until the session ends. */
static void stall(struct victim *self) {
  struct hws_how how = {.size = sizeof how, .queue = queue_open(&self->end)};
  struct hws_vec vec[64];
  for (int i = 0; i < 64; i++) vec[i] = (struct hws_vec){.ptr = self->block, .len = BLOCK};
  must(hws_send(self->neighbour, vec, 64, &how, NULL, NULL), "hws_send");
}

/* Frames of yamux: stream 1 is opened, and then given one byte a frame. */
static uint64_t hostile_frames(char *bytes) {
  static const char open[HEADER] = {0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0};
  static const char data[HEADER + 1] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 'x'};
  memcpy(bytes, open, sizeof open);
  for (size_t i = 0; i < HOSTILE_FRAMES; i++) memcpy(bytes + sizeof open + i * sizeof data, data, sizeof data);
  return sizeof open + HOSTILE_FRAMES * sizeof data;
}

static void *hostile(void *of) {
  struct victim *self = of;
  struct hws_vec vec = {.ptr = self->block, .len = hostile_frames(self->block)};
  while (!atomic_load(&self->over)) {
    hws_handle connection = end_connection(&self->end, self->plan);
    struct hws_event event = {0};
    while (!atomic_load(&self->over) && event.status == HWS_OK) {
      must(hws_send(connection, &vec, 1, &how_block, &event, NULL), "hws_send");
      vec.ptr = self->block + HEADER; /* the open only once */
      vec.len = (uint64_t)HOSTILE_FRAMES * (HEADER + 1);
    }
    must(hws_close(connection, NULL, NULL, NULL), "hws_close");
    vec = (struct hws_vec){.ptr = self->block, .len = hostile_frames(self->block)};
  }
  return NULL;
}

/* ---- the server's side of them ---- */

static void *take(void *of) {
  struct victim *self = of;
  while (recv_some(self->neighbour, self->block, BLOCK)) continue;
  return NULL;
}

/* Sessions with whoever comes, for as long as there is a listener; what they open is never looked at. */
static void *welcome(void *of) {
  struct victim *self = of;
  for (;;) {
    struct hws_event event;
    hws_handle stream, session;
    if (hws_accept(self->end.listener, 0, &how_block, &event, NULL, &stream) < 0) return NULL;
    if (event.status != HWS_OK) return NULL;
    must(hws_session(stream, NULL, &session), "hws_session");
  }
}

static void spawn(struct victim *self, void *(*run)(void *)) {
  if (pthread_create(&self->thread, NULL, run, self) != 0) fail("a thread", "it cannot be made");
}

static void begin(struct victim *self) {
  const struct plan *plan = self->plan;
  int transfers = plan_has(plan, "transfer"), stalls = plan_has(plan, "stalled");
  if (transfers || stalls) self->neighbour = end_stream(self->end.session, plan);
  if (transfers) spawn(self, plan->server ? take : transfer);
  if (plan_has(plan, "hostile")) spawn(self, plan->server ? welcome : hostile);
  if (stalls && !plan->server) stall(self);
}

static void end(struct victim *self) {
  struct hws_event event;
  atomic_store(&self->over, 1);
  if (self->plan->server) must(hws_close(self->end.listener, &how_block, &event, NULL), "hws_close");
  must(hws_reset(self->end.session, 0, NULL), "hws_reset");
  if (self->thread) pthread_join(self->thread, NULL);
}

void bench_victim(const struct plan *plan) {
  struct victim *self = calloc(1, sizeof *self);
  if (!self || !(self->block = calloc(1, BLOCK))) fail("the buffer", "out of memory");
  self->plan = plan;
  self->end = end_open(plan);
  self->stream = end_stream(self->end.session, plan);
  begin(self);
  if (plan->server)
    while (recv_all(self->stream, self->message, MESSAGE)) send_all(self->stream, self->message, MESSAGE);
  else
    measure_latency(plan, step_ask, 0.99, self);
  end(self);
  end_close(&self->end);
  free(self->block);
  free(self);
}
