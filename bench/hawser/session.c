/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-up, tear-down and blocking calls of the cases; see session.h.
 */
#include "bench/hawser/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t JOIN_NS = 5000000000;
const struct hws_how how_block = {.size = sizeof how_block, .flags = HWS_BLOCK};

static _Noreturn void fail_status(const char *what, int32_t status) {
  char why[128];
  snprintf(why, sizeof why, "%s: %s", hws_status_name(status), hws_status_text(status));
  fail(what, why);
}

hws_result must(hws_result result, const char *what) {
  if (result < 0) fail_status(what, result);
  return result;
}

int is_end(int32_t status, const char *what) {
  switch (status) {
  case HWS_OK:
    return 0;
  case HWS_E_EOF:
  case HWS_E_RESET:
  case HWS_E_CLOSED:
  case HWS_E_CANCELED:
    return 1;
  default:
    fail_status(what, status);
  }
}

static void must_event(hws_result result, const struct hws_event *event, const char *what) {
  must(result, what);
  if (event->status != HWS_OK) fail_status(what, event->status);
}

static hws_handle listen_at(const struct end *end, const struct plan *plan) {
  struct hws_event event;
  hws_handle listener;
  char url[512];
  must_event(hws_listen(end->runtime, plan->url, 0, &how_block, &event, NULL, &listener), &event, plan->url);
  must(hws_text(listener, HWS_TEXT_LOCAL, url, sizeof url), "hws_text");
  printf("ready %s\n", url);
  fflush(stdout);
  return listener;
}

struct end end_open(const struct plan *plan) {
  struct end end = {0};
  struct hws_runtime_config config = {.size = sizeof config};
  if (plan_has(plan, "caller")) config.flags = HWS_RUNTIME_CALLER_DRIVEN;
  must(hws_runtime_open(&config, &end.runtime), "hws_runtime_open");
  if (plan->server) end.listener = listen_at(&end, plan);
  end.session = end_session(&end, plan);
  return end;
}

hws_handle end_connection(const struct end *end, const struct plan *plan) {
  hws_handle stream;
  struct hws_event event;
  if (plan->server)
    must_event(hws_accept(end->listener, 0, &how_block, &event, NULL, &stream), &event, "hws_accept");
  else
    must_event(hws_dial(end->runtime, plan->url, 0, &how_block, &event, NULL, &stream), &event, plan->url);
  return stream;
}

int is_native(const struct plan *plan) {
  return plan_has(plan, "native") || plan_has(plan, "auto");
}

/* Room for what a case does; the other settings keep their defaults. */
static void settings_of(const struct plan *plan, char *text, size_t size) {
  uint32_t streams = plan_number(plan, "streams=", 0);
  text[0] = 0;
  if (streams) snprintf(text, size, "streams_max=%u&backlog=%u", streams, streams);
  if (strcmp(plan->bench, "cancel") == 0) snprintf(text, size, "resets_burst=1000000000");
}

hws_handle end_session(const struct end *end, const struct plan *plan) {
  hws_handle session;
  char settings[128];
  settings_of(plan, settings, sizeof settings);
  struct hws_session_config config = {.size = sizeof config, .mode = HWS_MODE_YAMUX, .settings = settings};
  if (plan_has(plan, "native")) config.mode = HWS_MODE_NATIVE;
  if (plan_has(plan, "auto")) config.mode = HWS_MODE_AUTO;
  must(hws_session(end_connection(end, plan), &config, &session), "hws_session");
  return session;
}

hws_handle end_stream(hws_handle session, const struct plan *plan) {
  hws_handle stream;
  struct hws_event event;
  if (plan->server)
    must_event(hws_accept(session, 0, &how_block, &event, NULL, &stream), &event, "hws_accept");
  else
    must_event(hws_open(session, NULL, &how_block, &event, NULL, &stream), &event, "hws_open");
  return stream;
}

hws_handle queue_open(const struct end *end) {
  hws_handle queue;
  must(hws_queue_open(end->runtime, &queue), "hws_queue_open");
  return queue;
}

void stream_finish(const struct plan *plan, hws_handle stream) {
  struct hws_event event;
  char byte;
  must(hws_shutdown(stream, &how_block, &event, NULL), "hws_shutdown");
  if (!plan->server && recv_some(stream, &byte, 1) != 0) fail("the stream", "unexpected bytes at its end");
  must(hws_close(stream, &how_block, &event, NULL), "hws_close");
}

void end_close(const struct end *end) {
  struct hws_event event;
  must(hws_close(end->session, &how_block, &event, NULL), "hws_close");
  must(hws_runtime_join(end->runtime, JOIN_NS), "hws_runtime_join");
}

void send_all(hws_handle stream, void *bytes, uint64_t len) {
  struct hws_vec vec = {.ptr = bytes, .len = len};
  struct hws_event event;
  must_event(hws_send(stream, &vec, 1, &how_block, &event, NULL), &event, "hws_send");
}

uint64_t recv_some(hws_handle stream, void *bytes, uint64_t room) {
  struct hws_vec vec = {.ptr = bytes, .len = room};
  struct hws_event event;
  must(hws_recv(stream, &vec, 1, &how_block, &event, NULL), "hws_recv");
  return is_end(event.status, "hws_recv") ? 0 : event.bytes;
}

int recv_all(hws_handle stream, void *bytes, uint64_t len) {
  for (uint64_t have = 0; have < len;) {
    uint64_t got = recv_some(stream, (char *)bytes + have, len - have);
    if (got == 0) return 0;
    have += got;
  }
  return 1;
}

void stream_say_enough(hws_handle stream) {
  char byte = 0;
  send_all(stream, &byte, 1);
}

int stream_is_enough(hws_handle stream) {
  static const struct hws_how at_once = {.size = sizeof at_once, .flags = HWS_TRY};
  char byte;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_event event;
  hws_result result = hws_recv(stream, &vec, 1, &at_once, &event, NULL);
  if (result == HWS_E_AGAIN) return 0;
  must_event(result, &event, "hws_recv");
  return 1;
}
