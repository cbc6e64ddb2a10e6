/* SPDX-License-Identifier: Apache-2.0
 *
 * It is the same for both modes, so that what differs is the near end's; see far.h. By leases, as nothing is then
 * copied here.
 */
#include "bench/readiness/far.h"

#include <stdbool.h>
#include <stdio.h>

#include "bench/readiness/must.h"

#define ACCEPT_TAG UINT64_MAX

enum { ACCEPTS = 32, EVENTS = 64, URL_MAX = 512 };

struct far_end {
  hws_handle runtime;
  hws_handle queue;
  hws_handle listener;
  hws_handle first;
  bool over;
};

static struct hws_how how_of(const struct far_end *far_end, uint64_t tag) {
  return (struct hws_how){.size = sizeof(struct hws_how), .queue = far_end->queue, .tag = tag};
}

static void post_accept(const struct far_end *far_end) {
  hws_handle stream;
  struct hws_how how = how_of(far_end, ACCEPT_TAG);
  must(hws_accept(far_end->listener, 0, &how, NULL, NULL, &stream), "hws_accept");
}

static void post_acquire(const struct far_end *far_end, hws_handle stream) {
  struct hws_how how = how_of(far_end, 0);
  must(hws_acquire(stream, &how, NULL, NULL), "hws_acquire");
}

/* The lease comes back as the tag. */
static void send_back(const struct far_end *far_end, const struct hws_event *event) {
  const struct hws_vec vec = {.ptr = (void *)(uintptr_t)event->data, .len = event->bytes};
  struct hws_how how = how_of(far_end, event->code);
  must(hws_send(event->object, &vec, 1, &how, NULL, NULL), "hws_send");
}

static void end_stream(struct far_end *far_end, hws_handle stream) {
  static const struct hws_how how = {.size = sizeof how, .flags = HWS_ABORT};
  far_end->over |= stream == far_end->first;
  (void)hws_close(stream, &how, NULL, NULL);
}

static void accepted(struct far_end *far_end, const struct hws_event *event) {
  must(event->status, "an accept");
  if (!far_end->first) far_end->first = event->object;
  post_acquire(far_end, event->object);
  post_accept(far_end);
}

static void handle(struct far_end *far_end, const struct hws_event *event) {
  bool good = event->status == HWS_OK;
  switch (event->kind) {
  case HWS_KIND_ACCEPT:
    accepted(far_end, event);
    break;
  case HWS_KIND_ACQUIRE:
    if (good) send_back(far_end, event);
    break;
  case HWS_KIND_SEND:
    must(hws_release(event->tag, event->bytes), "hws_release");
    if (good) post_acquire(far_end, event->object);
    break;
  default:
    break;
  }
  if (!good) end_stream(far_end, event->object);
}

void far_run(const char *url) {
  struct far_end far_end = {.first = 0};
  struct hws_event events[EVENTS];
  char text[URL_MAX];
  const struct hws_how block = {.size = sizeof block, .flags = HWS_BLOCK};
  const struct hws_runtime_config config = {.size = sizeof config, .flags = HWS_RUNTIME_CALLER_DRIVEN};
  must(hws_runtime_open(&config, &far_end.runtime), "hws_runtime_open");
  must(hws_queue_open(far_end.runtime, &far_end.queue), "hws_queue_open");
  must(hws_listen(far_end.runtime, url, 0, &block, events, NULL, &far_end.listener), url);
  must(events[0].status, url);
  must(hws_text(far_end.listener, HWS_TEXT_LOCAL, text, sizeof text), "hws_text");
  (void)printf("ready %s\n", text);
  (void)fflush(stdout);
  for (unsigned i = 0; i < ACCEPTS; i++) post_accept(&far_end);
  while (!far_end.over) {
    hws_result count = must(hws_queue_wait(far_end.queue, events, EVENTS, -1), "hws_queue_wait");
    for (hws_result i = 0; i < count; i++) handle(&far_end, &events[i]);
  }
  must(hws_runtime_join(far_end.runtime, -1), "hws_runtime_join");
}
