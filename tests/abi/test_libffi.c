/* SPDX-License-Identifier: Apache-2.0
 *
 * ABI-5: drives every exported function as a foreign language does: dlopen, dlsym and libffi, and no header of ours.
 * The scenarios follow the contract in hawser_decl.h, over a memory and a Unix transport.
 */
#define _GNU_SOURCE /* memfd_create */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/abi/world.h"

/* ---- the library, plugins, queues -------------------------------------------------------------------------------- */

/* ABI-4: every status has its own name, and a text. */
static void test_library(void **state) {
  (void)state;
  int64_t value = 0;
  unsigned statuses = 0;
  for (const char *name; (name = foreign_constant_at("HWS_E_", statuses, &value)) != NULL; statuses++) {
    assert_string_equal(foreign_address(CALL("hws_status_name", (uint64_t)value)), name);
    assert_true(strlen(foreign_address(CALL("hws_status_text", (uint64_t)value))) > 0);
  }
  assert_true(statuses > 20);
  assert_non_null(foreign_address(CALL("hws_status_name", (uint64_t)-12345)));
  assert_non_null(foreign_address(CALL("hws_status_text", (uint64_t)-12345)));
  assert_string_equal(foreign_address(CALL("hws_version")), TEST_VERSION);
  assert_true(CALL("hws_abi_version") > 0);
  uint64_t now = (uint64_t)CALL("hws_now");
  assert_true(now > 0 && (uint64_t)CALL("hws_now") >= now);
}

static void test_plugins(void **state) {
  (void)state;
  assert_ok(CALL("hws_plugin_load", world.runtime, P("memory")));
  assert_ok(CALL("hws_plugin_load", world.runtime, P(TEST_PLUGIN_DIR "/unix_epoll.so")));
  assert_int_equal(CALL("hws_plugin_load", world.runtime, P("/nonexistent/absent.so")),
                   foreign_constant("HWS_E_PLUGIN"));
  void *detail = foreign_new("hws_detail");
  assert_ok(CALL("hws_refusal", P(detail)));
  assert_int_equal(foreign_get(detail, "hws_detail", "status"), foreign_constant("HWS_E_PLUGIN"));
  assert_non_null(strstr(foreign_text(detail, "hws_detail", "text"), "absent.so"));

  int64_t count = CALL("hws_plugin_scan", world.runtime);
  assert_true(count >= 2);
  unsigned known = 0;
  for (uint64_t i = 0; i < (uint64_t)count; i++) {
    void *info = foreign_new("hws_plugin_info");
    assert_ok(CALL("hws_plugin_at", world.runtime, i, P(info)));
    const char *name = foreign_address(foreign_get(info, "hws_plugin_info", "name"));
    const char *schemes = foreign_address(foreign_get(info, "hws_plugin_info", "schemes"));
    known += strcmp(name, "memory") == 0 && strcmp(schemes, "mem") == 0;
    known += strcmp(name, "unix_epoll") == 0 && strcmp(schemes, "unix") == 0;
  }
  assert_int_equal(known, 2);
  void *info = foreign_new("hws_plugin_info");
  assert_int_equal(CALL("hws_plugin_at", world.runtime, (uint64_t)count, P(info)), foreign_constant("HWS_E_INVAL"));
}

/* OP-4: a queue is waited on with a timeout, woken, and watched through a descriptor. */
static void test_queue(void **state) {
  (void)state;
  int64_t descriptor = -1;
  assert_ok(CALL("hws_queue_waitable", world.queue, P(&descriptor)));
  struct pollfd watched = {.fd = (int)descriptor, .events = POLLIN};
  assert_int_equal(poll(&watched, 1, 0), 0);
  assert_int_equal(harvest(0), 0);
  assert_ok(CALL("hws_queue_wake", world.queue, 77));
  assert_ok(CALL("hws_queue_wake", world.queue, 77));
  assert_int_equal(poll(&watched, 1, 30000), 1);
  assert_int_equal(event_wait(77, "HWS_KIND_WAKE").data, 2);
  assert_int_equal(poll(&watched, 1, 0), 0);
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static void assert_text(uint64_t object, const char *which, const char *expected) {
  char text[256] = "";
  int64_t length = CALL("hws_text", object, C(which), P(text), sizeof text);
  assert_int_equal(length, strlen(expected));
  assert_string_equal(text, expected);
}

/* A connection is a stream: the same verbs, no session. */
static void drive_connection(const char *url, const char *plugin) {
  struct pair pair = pair_open(url);
  assert_text(pair.listener, "HWS_TEXT_LOCAL", url);
  assert_text(pair.near, "HWS_TEXT_TRANSPORT", plugin);
  send_text(pair.near, "over");
  recv_text(pair.far, "over");
  send_text(pair.far, "back");
  recv_text(pair.near, "back");

  void *nothing = how_flagged("HWS_TRY");
  char text[8];
  void *out = foreign_new("hws_event");
  assert_int_equal(CALL("hws_recv", pair.near, P(vec_of(text, 8)), 1, P(nothing), P(out), 0),
                   foreign_constant("HWS_E_AGAIN"));
  void *blocking = how_flagged("HWS_BLOCK");
  assert_int_equal(CALL("hws_send", pair.near, P(vec_of("x", 1)), 1, P(blocking), P(out), 0), 1);
  assert_int_equal(event_read(out).bytes, 1);
  recv_text(pair.far, "x");

  int file = memfd_create("file", MFD_CLOEXEC);
  assert_int_equal(write(file, "a file's bytes", 14), 14);
  void *sending = how_queued(0);
  assert_int_equal(CALL("hws_sendfile", pair.near, (uint64_t)file, 2, 12, P(sending), 0, 0), 0);
  recv_text(pair.far, "file's bytes");
  assert_int_equal(event_ok(sending, "HWS_KIND_SENDFILE").bytes, 12);
  assert_int_equal(close(file), 0);

  void *shutdown = how_queued(0);
  assert_int_equal(CALL("hws_shutdown", pair.near, P(shutdown), 0, 0), 0);
  (void)event_ok(shutdown, "HWS_KIND_SHUTDOWN");
  assert_int_equal(recv_end(pair.far).status, foreign_constant("HWS_E_EOF"));
  send_text(pair.far, "still");
  recv_text(pair.near, "still");
  pair_close(&pair);
}

static const char *unix_url(void) {
  static char url[128];
  (void)snprintf(url, sizeof url, "unix://%s/socket", world.folder);
  return url;
}

static void test_connection_memory(void **state) {
  (void)state;
  drive_connection("mem://abi", "memory");
}

static void test_connection_unix(void **state) {
  (void)state;
  drive_connection(unix_url(), "unix_epoll");
}

/* UNX-3 */
static void test_peer(void **state) {
  (void)state;
  struct pair pair = pair_open(unix_url());
  void *peer = foreign_new("hws_peer");
  assert_ok(CALL("hws_peer", pair.far, P(peer)));
  assert_int_equal(foreign_get(peer, "hws_peer", "flags"), C("HWS_PEER_UID") | C("HWS_PEER_GID") | C("HWS_PEER_PID"));
  assert_int_equal(foreign_get(peer, "hws_peer", "uid"), getuid());
  assert_int_equal(foreign_get(peer, "hws_peer", "pid"), getpid());
  pair_close(&pair);
}

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

/* MUX-14, MUX-24 */
static void drive_lease(const struct pair *stream) {
  send_text(stream->near, "leased bytes");
  void *how = how_queued(0);
  assert_int_equal(CALL("hws_acquire", stream->far, P(how), 0, 0), 0);
  struct event lease = event_ok(how, "HWS_KIND_ACQUIRE");
  assert_int_equal(lease.bytes, 12);
  assert_memory_equal(foreign_address((int64_t)lease.data), "leased bytes", 12);
  assert_ok(CALL("hws_release", lease.code, 7));
  recv_text(stream->far, "bytes");
  assert_int_equal(CALL("hws_release", lease.code, 7), foreign_constant("HWS_E_HANDLE"));
}

static void drive_more(const struct pair *stream) {
  void *more = how_flagged("HWS_MORE");
  assert_int_equal(CALL("hws_send", stream->near, P(vec_of("held", 4)), 1, P(more), 0, 0), 0);
  assert_ok(CALL("hws_flush", stream->near));
  recv_text(stream->far, "held");
  assert_int_equal(event_ok(more, "HWS_KIND_SEND").bytes, 4);
}

/* CAN-0, CAN-2: an op's cancel, scope and deadline end that op only. */
static void drive_cancel(const struct pair *stream) {
  static char text[8];
  uint64_t parent = 0;
  uint64_t scope = 0;
  uint64_t op = 0;
  assert_ok(CALL("hws_scope_open", world.runtime, 0, 0, P(&parent)));
  assert_ok(CALL("hws_scope_open", world.runtime, parent, 0, P(&scope)));
  assert_int_equal(CALL("hws_scope_status", scope), 0);
  void *scoped = how_queued(scope);
  assert_int_equal(CALL("hws_recv", stream->far, P(vec_of(text, 8)), 1, P(scoped), 0, P(&op)), 0);
  assert_int_not_equal(op, 0);
  assert_ok(CALL("hws_scope_cancel", parent, 0, 0));
  assert_int_equal(event_wait(tag_of(scoped), "HWS_KIND_RECV").status, foreign_constant("HWS_E_CANCELED"));
  assert_int_equal(CALL("hws_scope_status", scope), foreign_constant("HWS_E_CANCELED"));

  void *single = how_queued(0);
  assert_int_equal(CALL("hws_recv", stream->far, P(vec_of(text, 8)), 1, P(single), 0, P(&op)), 0);
  assert_ok(CALL("hws_cancel", op));
  assert_int_equal(event_wait(tag_of(single), "HWS_KIND_RECV").status, foreign_constant("HWS_E_CANCELED"));
  assert_int_equal(CALL("hws_cancel", op), foreign_constant("HWS_E_HANDLE"));

  void *timed = how_flagged("HWS_RELATIVE");
  foreign_set(timed, "hws_how", "deadline_ns", 1000000);
  assert_int_equal(CALL("hws_recv", stream->far, P(vec_of(text, 8)), 1, P(timed), 0, 0), 0);
  assert_int_equal(event_wait(tag_of(timed), "HWS_KIND_RECV").status, foreign_constant("HWS_E_DEADLINE"));

  send_text(stream->near, "usable");
  recv_text(stream->far, "usable");
  close_object(scope);
  close_object(parent);
}

/* CAN-4, MUX-13: both kinds of end, as the other side sees them. */
static void drive_ends(const struct pair *session) {
  struct pair stream = stream_open(session, 0);
  void *shutdown = how_queued(0);
  assert_int_equal(CALL("hws_shutdown", stream.near, P(shutdown), 0, 0), 0);
  (void)event_ok(shutdown, "HWS_KIND_SHUTDOWN");
  assert_int_equal(recv_end(stream.far).status, foreign_constant("HWS_E_EOF"));
  pair_close(&stream);

  uint64_t life = 0;
  assert_ok(CALL("hws_scope_open", world.runtime, 0, 0, P(&life)));
  for (unsigned by_scope = 0; by_scope < 2; by_scope++) {
    uint64_t code = C("HWS_CODE_APPLICATION") + 5 + by_scope;
    stream = stream_open(session, life);
    void *watch = how_queued(0);
    assert_int_equal(CALL("hws_watch", stream.far, P(watch), 0, 0), 0);
    if (by_scope)
      assert_ok(CALL("hws_scope_cancel", life, code, P("enough")));
    else
      assert_ok(CALL("hws_reset", stream.near, code, P("enough")));
    struct event seen = recv_end(stream.far);
    assert_int_equal(seen.status, foreign_constant("HWS_E_RESET"));
    assert_int_equal(seen.code, code);
    seen = event_wait(tag_of(watch), "HWS_KIND_WATCH");
    assert_int_equal(seen.status, foreign_constant("HWS_E_RESET"));
    assert_int_equal(seen.code, code);
    void *detail = foreign_new("hws_detail");
    assert_ok(CALL("hws_detail", stream.far, P(detail)));
    assert_int_equal(foreign_get(detail, "hws_detail", "status"), foreign_constant("HWS_E_RESET"));
    assert_int_equal(foreign_get(detail, "hws_detail", "code"), code);
    assert_ok(CALL("hws_detail_of", stream.far, C("HWS_STOP_SEND"), P(detail)));
    assert_int_equal(foreign_get(detail, "hws_detail", "code"), code);
    pair_close(&stream);
  }
  close_object(life);
}

/* Every counter that is listed can be read. */
static void drive_stats(uint64_t object) {
  uint64_t index = 0;
  uint64_t value = 0;
  for (const char *name; (name = foreign_address(CALL("hws_stat_name", object, index))) != NULL; index++)
    assert_ok(CALL("hws_stat", object, P(name), P(&value)));
  assert_true(index > 0);
  assert_int_equal(CALL("hws_stat", object, P("no such counter"), P(&value)), foreign_constant("HWS_E_UNSUPPORTED"));
}

static void drive_session(const char *url) {
  struct pair session = session_open(url, "HWS_MODE_YAMUX");
  struct pair stream = stream_open(&session, 0);
  send_text(stream.far, "answer");
  recv_text(stream.near, "answer");
  drive_lease(&stream);
  drive_more(&stream);
  drive_cancel(&stream);
  drive_ends(&session);
  drive_stats(world.runtime);
  drive_stats(session.near);
  pair_close(&stream);
  pair_close(&session);
}

static void test_session_memory(void **state) {
  (void)state;
  drive_session("mem://abi");
}

static void test_session_unix(void **state) {
  (void)state;
  drive_session(unix_url());
}

/* A name, metadata, a message, the end of one direction, and going away in order. */
static void test_native(void **state) {
  (void)state;
  struct pair session = session_open("mem://native", "HWS_MODE_NATIVE");
  struct pair stream = {0};
  void *config = foreign_new("hws_open_config");
  void *metadata = foreign_new("hws_pair");
  char text[16] = {0};
  foreign_set(metadata, "hws_pair", "key", P("k"));
  foreign_set(metadata, "hws_pair", "key_len", 1);
  foreign_set(metadata, "hws_pair", "value", P("value"));
  foreign_set(metadata, "hws_pair", "value_len", 5);
  foreign_set(config, "hws_open_config", "name", P("named"));
  foreign_set(config, "hws_open_config", "metadata", P(metadata));
  foreign_set(config, "hws_open_config", "metadata_count", 1);
  void *accept = how_queued(0);
  void *open = how_queued(0);
  assert_int_equal(CALL("hws_accept", session.far, 0, P(accept), 0, 0, P(&stream.far)), 0);
  assert_int_equal(CALL("hws_open", session.near, P(config), P(open), 0, 0, P(&stream.near)), 0);
  (void)event_ok(open, "HWS_KIND_OPEN");
  (void)event_ok(accept, "HWS_KIND_ACCEPT");
  assert_int_equal(CALL("hws_text", stream.far, C("HWS_TEXT_NAME"), P(text), sizeof text), 5);
  assert_string_equal(text, "named");
  void *found = foreign_new("hws_pair");
  assert_int_equal(CALL("hws_metadata", stream.far, 0, P(text), sizeof text, P(found)), 6);
  assert_memory_equal(text, "kvalue", 6);
  assert_int_equal(foreign_get(found, "hws_pair", "value_len"), 5);
  assert_int_equal(CALL("hws_metadata", stream.far, 1, P(text), sizeof text, P(found)),
                   foreign_constant("HWS_E_INVAL"));

  void *message = how_flagged("HWS_EOM");
  assert_int_equal(CALL("hws_send", stream.near, P(vec_of("message", 7)), 1, P(message), 0, 0), 0);
  (void)event_ok(message, "HWS_KIND_SEND");
  recv_text(stream.far, "message");
  assert_ok(CALL("hws_stop", stream.near, C("HWS_STOP_SEND"), C("HWS_CODE_APPLICATION"), P("no more")));
  struct event seen = recv_end(stream.far);
  assert_int_equal(seen.status, foreign_constant("HWS_E_RESET"));
  assert_int_equal(seen.code, C("HWS_CODE_APPLICATION"));
  send_text(stream.far, "still");
  recv_text(stream.near, "still");

  void *drain = how_queued(0);
  assert_int_equal(CALL("hws_shutdown", session.near, P(drain), 0, 0), 0);
  pair_close(&stream);
  (void)event_ok(drain, "HWS_KIND_SHUTDOWN");
  pair_close(&session);
}

/* Last: the tests before it have left no function out. */
static void test_every_function_was_called(void **state) {
  (void)state;
  assert_int_equal(foreign_uncalled(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_library),
      cmocka_unit_test_setup_teardown(test_plugins, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_queue, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_connection_memory, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_connection_unix, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_peer, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_session_memory, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_session_unix, world_open, world_close),
      cmocka_unit_test_setup_teardown(test_native, world_open, world_close),
      cmocka_unit_test(test_every_function_was_called),
  };
  foreign_open(TEST_LIB);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
