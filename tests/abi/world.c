/* SPDX-License-Identifier: Apache-2.0
 *
 * The state that the scenarios share: one runtime, one queue, and the events that came before they were asked for.
 */
#include "tests/abi/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_EVENTS = 64 };

struct world world;

static struct event early[MOST_EVENTS];
static size_t early_count;
static uint64_t last_tag;

void assert_ok(int64_t result) {
  if (result < 0) fail_msg("%s", (const char *)foreign_address(CALL("hws_status_name", (uint64_t)result)));
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

void *how_queued(uint64_t scope) {
  void *how = foreign_new("hws_how");
  foreign_set(how, "hws_how", "queue", world.queue);
  foreign_set(how, "hws_how", "tag", ++last_tag);
  foreign_set(how, "hws_how", "scope", scope);
  return how;
}

void *how_flagged(const char *flag) {
  void *how = how_queued(0);
  foreign_set(how, "hws_how", "flags", C(flag));
  return how;
}

uint64_t tag_of(const void *how) {
  return (uint64_t)foreign_get(how, "hws_how", "tag");
}

struct event event_read(const void *memory) {
  return (struct event){
      .tag = (uint64_t)foreign_get(memory, "hws_event", "tag"),
      .object = (uint64_t)foreign_get(memory, "hws_event", "object"),
      .status = foreign_get(memory, "hws_event", "status"),
      .kind = foreign_get(memory, "hws_event", "kind"),
      .bytes = (uint64_t)foreign_get(memory, "hws_event", "bytes"),
      .data = (uint64_t)foreign_get(memory, "hws_event", "data"),
      .code = (uint64_t)foreign_get(memory, "hws_event", "code"),
  };
}

int64_t harvest(uint64_t timeout_ns) {
  char *memory = calloc(8, foreign_size("hws_event"));
  assert_non_null(memory);
  int64_t count = CALL("hws_queue_wait", world.queue, P(memory), 8, timeout_ns);
  for (int64_t i = 0; i < count; i++) {
    assert_in_range(early_count, 0, MOST_EVENTS - 1);
    early[early_count++] = event_read(memory + (size_t)i * foreign_size("hws_event"));
  }
  free(memory);
  return count;
}

struct event event_wait(uint64_t tag, const char *kind) {
  uint64_t end = (uint64_t)CALL("hws_now") + LIMIT;
  for (;;) {
    for (size_t i = 0; i < early_count; i++) {
      struct event found = early[i];
      if (found.tag != tag) continue;
      early[i] = early[--early_count];
      assert_int_equal(found.kind, C(kind));
      return found;
    }
    assert_ok(harvest((uint64_t)SECOND));
    if ((uint64_t)CALL("hws_now") > end) fail_msg("no %s event", kind);
  }
}

struct event event_ok(const void *how, const char *kind) {
  struct event event = event_wait(tag_of(how), kind);
  assert_ok(event.status);
  return event;
}

void *vec_of(const void *memory, uint64_t len) {
  void *vec = foreign_new("hws_vec");
  foreign_set(vec, "hws_vec", "ptr", P(memory));
  foreign_set(vec, "hws_vec", "len", len);
  return vec;
}

void send_text(uint64_t stream, const char *text) {
  void *how = how_queued(0);
  assert_int_equal(CALL("hws_send", stream, P(vec_of(text, strlen(text))), 1, P(how), 0, 0), 0);
  assert_int_equal(event_ok(how, "HWS_KIND_SEND").bytes, strlen(text));
}

void recv_text(uint64_t stream, const char *expected) {
  char text[64] = {0};
  size_t length = 0;
  while (length < strlen(expected)) {
    void *how = how_queued(0);
    assert_int_equal(CALL("hws_recv", stream, P(vec_of(text + length, 63 - length)), 1, P(how), 0, 0), 0);
    length += event_ok(how, "HWS_KIND_RECV").bytes;
  }
  assert_string_equal(text, expected);
}

struct event recv_end(uint64_t stream) {
  static char text[8];
  void *how = how_queued(0);
  assert_int_equal(CALL("hws_recv", stream, P(vec_of(text, sizeof text)), 1, P(how), 0, 0), 0);
  struct event event = event_wait(tag_of(how), "HWS_KIND_RECV");
  assert_int_equal(event.bytes, 0);
  return event;
}

void close_object(uint64_t object) {
  void *how = how_queued(0);
  assert_int_equal(CALL("hws_close", object, P(how), 0, 0), 0);
  (void)event_ok(how, "HWS_KIND_CLOSE");
  assert_int_equal(CALL("hws_close", object, 0, 0, 0), foreign_constant("HWS_E_HANDLE"));
}

/* ---- a runtime for each test ------------------------------------------------------------------------------------- */

int world_open(void **state) {
  (void)state;
  memset(&world, 0, sizeof world);
  early_count = 0;
  (void)snprintf(world.folder, sizeof world.folder, "/tmp/hawser-abi-XXXXXX");
  assert_non_null(mkdtemp(world.folder));
  void *config = foreign_new("hws_runtime_config");
  foreign_set(config, "hws_runtime_config", "plugin_dir", P(TEST_PLUGIN_DIR));
  assert_ok(CALL("hws_runtime_open", P(config), P(&world.runtime)));
  assert_ok(CALL("hws_queue_open", world.runtime, P(&world.queue)));
  return 0;
}

int world_close(void **state) {
  (void)state;
  assert_ok(CALL("hws_close", world.queue, 0, 0, 0));
  assert_ok(CALL("hws_runtime_join", world.runtime, LIMIT));
  assert_int_equal(CALL("hws_runtime_join", world.runtime, LIMIT), foreign_constant("HWS_E_HANDLE"));
  assert_int_equal(rmdir(world.folder), 0);
  foreign_free();
  return 0;
}

struct pair pair_open(const char *url) {
  struct pair pair = {0};
  void *listen = how_queued(0);
  assert_int_equal(CALL("hws_listen", world.runtime, P(url), 0, P(listen), 0, 0, P(&pair.listener)), 0);
  assert_int_equal(event_ok(listen, "HWS_KIND_LISTEN").object, pair.listener);
  void *accept = how_queued(0);
  void *dial = how_queued(0);
  assert_int_equal(CALL("hws_accept", pair.listener, 0, P(accept), 0, 0, P(&pair.far)), 0);
  assert_int_equal(CALL("hws_dial", world.runtime, P(url), 0, P(dial), 0, 0, P(&pair.near)), 0);
  assert_int_equal(event_ok(dial, "HWS_KIND_DIAL").object, pair.near);
  assert_int_equal(event_ok(accept, "HWS_KIND_ACCEPT").object, pair.far);
  return pair;
}

struct pair session_open(const char *url, const char *mode) {
  struct pair below = pair_open(url);
  struct pair pair = {.listener = below.listener};
  void *config = foreign_new("hws_session_config");
  foreign_set(config, "hws_session_config", "mode", (uint64_t)foreign_constant(mode));
  assert_ok(CALL("hws_session", below.near, P(config), P(&pair.near)));
  assert_ok(CALL("hws_session", below.far, P(config), P(&pair.far)));
  /* Consumed: the stream's handle is stale. */
  assert_int_equal(CALL("hws_flush", below.near), foreign_constant("HWS_E_HANDLE"));
  return pair;
}

struct pair stream_open(const struct pair *session, uint64_t life) {
  struct pair stream = {0};
  void *config = foreign_new("hws_open_config");
  void *payload = vec_of("first ", 6);
  foreign_set(config, "hws_open_config", "life", life);
  foreign_set(config, "hws_open_config", "payload", P(payload));
  foreign_set(config, "hws_open_config", "payload_count", 1);
  void *accept = how_queued(0);
  void *open = how_queued(0);
  assert_int_equal(CALL("hws_accept", session->far, 0, P(accept), 0, 0, P(&stream.far)), 0);
  assert_int_equal(CALL("hws_open", session->near, P(config), P(open), 0, 0, P(&stream.near)), 0);
  assert_int_equal(event_ok(open, "HWS_KIND_OPEN").bytes, 6);
  (void)event_ok(accept, "HWS_KIND_ACCEPT");
  recv_text(stream.far, "first ");
  return stream;
}

void pair_close(const struct pair *pair) {
  close_object(pair->near);
  close_object(pair->far);
  if (pair->listener != 0) close_object(pair->listener);
}
