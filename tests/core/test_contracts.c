/* SPDX-License-Identifier: Apache-2.0
 *
 * ABI-6, OP-2: what hawser_decl.h says that a function answers. Each row brings one of its errors about, by the call or
 * by its event. tests/abi/test_contracts.py holds the rows and the comments of the header against each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/zoo.h"
#include "tests/mux/wire.h"

static uint8_t byte;
static struct hws_vec one = {.ptr = &byte, .len = 1};

/* All that the rows need; made anew for each. */
struct scene {
  struct world *world;
  struct pair raw;
  struct pair plain;   /* sessions */
  struct pair native;  /* sessions */
  struct pair streams; /* of native */
  hws_handle made;
  char url[URL_MAX];
};

/* By the call or by the event: whichever it was. */
static int32_t ended(hws_result result, const struct hws_event *event) {
  assert_true(result != 0);
  return result < 0 ? result : event->status;
}

#define ROW(name) static int32_t name(struct scene *s)
#define OP(call)                                                                                                       \
  struct hws_how how = how_block();                                                                                    \
  struct hws_event event = {.status = HWS_OK};                                                                         \
  return ended(call, &event)

/* ---- runtimes, queues, scopes ---- */

ROW(wait_on_closed) {
  hws_handle queue = 0;
  struct hws_event event;
  assert_int_equal(hws_queue_open(s->world->runtime, &queue), HWS_OK);
  close_handle(queue);
  /* Whoever waited leaves with HWS_E_CLOSED (core.queue); who comes later has a stale handle. */
  return hws_queue_wait(queue, &event, 1, 0);
}

ROW(waitable_driven) {
  int64_t descriptor = 0;
  hws_handle runtime = 0;
  hws_handle queue = 0;
  struct hws_runtime_config config = {.size = sizeof config, .flags = HWS_RUNTIME_CALLER_DRIVEN};
  (void)s;
  assert_int_equal(hws_runtime_open(&config, &runtime), HWS_OK);
  assert_int_equal(hws_queue_open(runtime, &queue), HWS_OK);
  int32_t status = hws_queue_waitable(queue, &descriptor);
  assert_int_equal(hws_runtime_join(runtime, (int64_t)LIMIT_NS), HWS_OK);
  return status;
}

ROW(scope_canceled) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(s->world->runtime, 0, 0, &scope), HWS_OK);
  assert_int_equal(hws_scope_cancel(scope, 0, NULL), HWS_OK);
  int32_t status = hws_scope_status(scope);
  close_handle(scope);
  return status;
}

ROW(scope_late) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(s->world->runtime, 0, 1, &scope), HWS_OK);
  int32_t status = hws_scope_status(scope);
  close_handle(scope);
  return status;
}

ROW(cancel_harvested) {
  struct hws_how how = how_queue(s->world);
  hws_handle op = 0;
  assert_int_equal(hws_recv(s->raw.client, &one, 1, &how, NULL, &op), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(s->world, how.tag, HWS_E_CANCELED);
  return hws_cancel(op);
}

/* ---- listeners and connections ---- */

ROW(listen_nonsense) {
  OP(hws_listen(s->world->runtime, "nonsense", 0, &how, &event, NULL, &s->made));
}

ROW(listen_twice) {
  char url[URL_MAX];
  hws_handle listener = listen_at(s->world, url_new(url, ""));
  char bound[URL_MAX];
  assert_true(hws_text(listener, HWS_TEXT_LOCAL, bound, sizeof bound) > 0);
  OP(hws_listen(s->world->runtime, bound, 0, &how, &event, NULL, &s->made));
}

ROW(dial_nonsense) {
  OP(hws_dial(s->world->runtime, "nobody://knows", 0, &how, &event, NULL, &s->made));
}

ROW(dial_nobody) {
  char url[URL_MAX];
  local_url(url, sizeof url);
  OP(hws_dial(s->world->runtime, url, 0, &how, &event, NULL, &s->made));
}

ROW(accept_away) {
  struct hws_how queued = how_queue(s->world);
  assert_int_equal(hws_shutdown(s->plain.server, &queued, NULL, NULL), 0);
  OP(hws_accept(s->plain.server, 0, &how, &event, NULL, &s->made));
}

/* ---- sessions ---- */

ROW(session_busy) {
  (void)post_recv(s->world, s->raw.client, &byte, 1);
  return hws_session(s->raw.client, NULL, &s->made);
}

ROW(session_too_deep) {
  hws_handle stream = s->streams.client;
  for (int depth = 1; depth < 4; depth++) {
    hws_handle session = session_of(stream, HWS_ROLE_CLIENT, NULL);
    stream = open_stream(session);
  }
  return hws_session(stream, NULL, &s->made);
}

ROW(session_after_end) {
  shut_down(s->raw.client);
  return hws_session(s->raw.client, NULL, &s->made);
}

static int32_t session_under(struct scene *s, bool late) {
  struct hws_session_config config = {.size = sizeof config};
  assert_int_equal(hws_scope_open(s->world->runtime, 0, late, &config.life), HWS_OK);
  if (!late) assert_int_equal(hws_scope_cancel(config.life, 0, NULL), HWS_OK);
  int32_t status = hws_session(s->raw.client, &config, &s->made);
  close_handle(config.life);
  return status;
}

ROW(session_canceled) {
  return session_under(s, false);
}

ROW(session_late) {
  return session_under(s, true);
}

ROW(open_named_in_plain) {
  struct hws_open_config config = {.size = sizeof config, .name = "name"};
  OP(hws_open(s->plain.client, &config, &how, &event, NULL, &s->made));
}

ROW(open_too_much) {
  struct hws_pair pairs[65];
  struct hws_open_config config = {.size = sizeof config, .metadata = pairs, .metadata_count = 65};
  for (int i = 0; i < 65; i++) pairs[i] = (struct hws_pair){"k", "v", 1, 1};
  OP(hws_open(s->native.client, &config, &how, &event, NULL, &s->made));
}

ROW(open_away) {
  struct hws_how queued = how_queue(s->world);
  assert_int_equal(hws_shutdown(s->plain.client, &queued, NULL, NULL), 0);
  OP(hws_open(s->plain.client, NULL, &how, &event, NULL, &s->made));
}

/* ---- streams ---- */

/* One that nobody has opened yet. */
static hws_handle unborn(struct scene *s) {
  hws_handle stream = 0;
  (void)post_accept(s->world, s->native.client, &stream);
  return stream;
}

ROW(send_unborn) {
  OP(hws_send(unborn(s), &one, 1, &how, &event, NULL));
}

ROW(send_message) {
  struct hws_event event;
  struct hws_how how = how_block();
  how.flags |= HWS_EOM;
  return ended(hws_send(s->raw.client, &one, 1, &how, &event, NULL), &event);
}

ROW(send_after_end) {
  shut_down(s->streams.client);
  OP(hws_send(s->streams.client, &one, 1, &how, &event, NULL));
}

static void cut_off(struct scene *s) {
  uint64_t tag = post_watch(s->world, s->streams.client);
  assert_int_equal(hws_reset(s->streams.server, 9, "enough"), HWS_OK);
  world_await_status(s->world, tag, HWS_E_RESET);
}

ROW(send_reset) {
  cut_off(s);
  OP(hws_send(s->streams.client, &one, 1, &how, &event, NULL));
}

ROW(send_reset_here) {
  assert_int_equal(hws_reset(s->streams.client, 9, "enough"), HWS_OK);
  OP(hws_send(s->streams.client, &one, 1, &how, &event, NULL));
}

ROW(sendfile_no_file) {
  OP(hws_sendfile(s->raw.client, -1, 0, 1, &how, &event, NULL));
}

ROW(recv_unborn) {
  OP(hws_recv(unborn(s), &one, 1, &how, &event, NULL));
}

ROW(recv_end) {
  shut_down(s->streams.server);
  OP(hws_recv(s->streams.client, &one, 1, &how, &event, NULL));
}

ROW(recv_reset) {
  cut_off(s);
  OP(hws_recv(s->streams.client, &one, 1, &how, &event, NULL));
}

ROW(recv_reset_here) {
  assert_int_equal(hws_reset(s->streams.client, 9, "enough"), HWS_OK);
  OP(hws_recv(s->streams.client, &one, 1, &how, &event, NULL));
}

ROW(recv_closed) {
  uint64_t tag = post_recv(s->world, s->streams.client, &byte, 1);
  close_handle(s->streams.client);
  s->streams.client = 0;
  return world_await(s->world, tag).status;
}

ROW(release_twice) {
  struct hws_event event;
  struct hws_how how = how_block();
  send_all(s->streams.server, "lease", 5);
  assert_int_equal(hws_acquire(s->streams.client, &how, &event, NULL), 1);
  assert_int_equal(hws_release(event.code, 5), HWS_OK);
  return hws_release(event.code, 5);
}

ROW(release_too_much) {
  struct hws_event event;
  struct hws_how how = how_block();
  send_all(s->streams.server, "lease", 5);
  assert_int_equal(hws_acquire(s->streams.client, &how, &event, NULL), 1);
  int32_t status = hws_release(event.code, 6);
  assert_int_equal(hws_release(event.code, 5), HWS_OK);
  return status;
}

ROW(release_behind_a_recv) {
  struct hws_event event;
  struct hws_how how = how_block();
  send_all(s->streams.server, "lease", 5);
  assert_int_equal(hws_acquire(s->streams.client, &how, &event, NULL), 1);
  send_all(s->streams.server, "x", 1);
  expect_bytes(s->streams.client, "x");
  int32_t status = hws_release(event.code, 1);
  assert_int_equal(hws_release(event.code, 5), HWS_OK);
  return status;
}

ROW(shutdown_unborn) {
  OP(hws_shutdown(unborn(s), &how, &event, NULL));
}

ROW(shutdown_twice) {
  shut_down(s->streams.client);
  OP(hws_shutdown(s->streams.client, &how, &event, NULL));
}

ROW(stop_in_plain) {
  return hws_stop(s->raw.client, HWS_STOP_SEND, 9, NULL);
}

ROW(stop_unborn) {
  return hws_stop(unborn(s), HWS_STOP_SEND, 9, NULL);
}

ROW(metadata_past_the_last) {
  struct hws_pair pair;
  return hws_metadata(s->streams.client, 0, NULL, 0, &pair);
}

/* ---- any object ---- */

ROW(text_of_raw) {
  assert_int_equal(hws_text(s->raw.client, HWS_TEXT_MODE, NULL, 0), HWS_E_UNSUPPORTED);
  return hws_text(s->raw.client, HWS_TEXT_NAME, NULL, 0);
}

ROW(text_of_session) {
  return hws_text(s->native.client, HWS_TEXT_NAME, NULL, 0);
}

ROW(text_of_listener) {
  char url[URL_MAX];
  hws_handle listener = listen_at(s->world, url_new(url, ""));
  for (uint32_t which = HWS_TEXT_REMOTE; which <= HWS_TEXT_MODE; which++)
    if (which != HWS_TEXT_TRANSPORT) assert_int_equal(hws_text(listener, which, NULL, 0), HWS_E_UNSUPPORTED);
  return hws_text(listener, HWS_TEXT_NAME, NULL, 0);
}

ROW(text_of_queue) {
  return hws_text(s->world->queue, HWS_TEXT_LOCAL, NULL, 0);
}

ROW(peer_unborn) {
  struct hws_peer peer = {.size = sizeof peer};
  char url[URL_MAX];
  hws_handle stream = 0;
  (void)post_accept(s->world, listen_at(s->world, url_new(url, "")), &stream);
  return hws_peer(stream, &peer);
}

ROW(stat_unknown) {
  uint64_t value = 0;
  return hws_stat(s->raw.client, "loop_turns", &value);
}

ROW(plugin_absent) {
  return hws_plugin_load(s->world->runtime, "no_such_plugin");
}

ROW(plugin_past_the_last) {
  struct hws_plugin_info info = {.size = sizeof info};
  return hws_plugin_at(s->world->runtime, 1000, &info);
}

static const struct row {
  const char *function;
  int32_t status;
  int32_t (*bring_about)(struct scene *s);
} rows[] = {
    {"hws_queue_wait", HWS_E_HANDLE, wait_on_closed},
    {"hws_queue_waitable", HWS_E_UNSUPPORTED, waitable_driven},
    {"hws_scope_status", HWS_E_CANCELED, scope_canceled},
    {"hws_scope_status", HWS_E_DEADLINE, scope_late},
    {"hws_cancel", HWS_E_HANDLE, cancel_harvested},
    {"hws_listen", HWS_E_ADDRESS, listen_nonsense},
    {"hws_listen", HWS_E_IN_USE, listen_twice},
    {"hws_dial", HWS_E_ADDRESS, dial_nonsense},
    {"hws_dial", HWS_E_REFUSED, dial_nobody},
    {"hws_accept", HWS_E_CLOSED, accept_away},
    {"hws_session", HWS_E_BUSY, session_busy},
    {"hws_session", HWS_E_LIMIT, session_too_deep},
    {"hws_session", HWS_E_CLOSED, session_after_end},
    {"hws_session", HWS_E_CANCELED, session_canceled},
    {"hws_session", HWS_E_DEADLINE, session_late},
    {"hws_open", HWS_E_UNSUPPORTED, open_named_in_plain},
    {"hws_open", HWS_E_INVAL, open_too_much},
    {"hws_open", HWS_E_CLOSED, open_away},
    {"hws_send", HWS_E_BUSY, send_unborn},
    {"hws_send", HWS_E_UNSUPPORTED, send_message},
    {"hws_send", HWS_E_CLOSED, send_after_end},
    {"hws_send", HWS_E_RESET, send_reset},
    {"hws_send", HWS_E_CANCELED, send_reset_here},
    {"hws_sendfile", HWS_E_INVAL, sendfile_no_file},
    {"hws_recv", HWS_E_BUSY, recv_unborn},
    {"hws_recv", HWS_E_EOF, recv_end},
    {"hws_recv", HWS_E_RESET, recv_reset},
    {"hws_recv", HWS_E_CANCELED, recv_reset_here},
    {"hws_recv", HWS_E_CLOSED, recv_closed},
    {"hws_release", HWS_E_HANDLE, release_twice},
    {"hws_release", HWS_E_INVAL, release_too_much},
    {"hws_release", HWS_E_BUSY, release_behind_a_recv},
    {"hws_shutdown", HWS_E_BUSY, shutdown_unborn},
    {"hws_shutdown", HWS_E_CLOSED, shutdown_twice},
    {"hws_stop", HWS_E_UNSUPPORTED, stop_in_plain},
    {"hws_stop", HWS_E_BUSY, stop_unborn},
    {"hws_metadata", HWS_E_INVAL, metadata_past_the_last},
    {"hws_text", HWS_E_UNSUPPORTED, text_of_raw},
    {"hws_text", HWS_E_UNSUPPORTED, text_of_session},
    {"hws_text", HWS_E_UNSUPPORTED, text_of_listener},
    {"hws_text", HWS_E_UNSUPPORTED, text_of_queue},
    {"hws_peer", HWS_E_UNSUPPORTED, peer_unborn},
    {"hws_stat", HWS_E_UNSUPPORTED, stat_unknown},
    {"hws_plugin_load", HWS_E_PLUGIN, plugin_absent},
    {"hws_plugin_at", HWS_E_INVAL, plugin_past_the_last},
};

static void as_the_header_says(void **state) {
  const char *wanted = getenv("HAWSER_TEST_ROWS"); /* where to note them */
  FILE *notes = wanted ? fopen(wanted, "w") : NULL;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct scene s = {.world = world_open(0)};
    s.raw = pair_raw(s.world, "mem");
    struct pair native = pair_raw(s.world, "mem");
    s.plain = pair_sessions(s.world, "mem", NULL);
    s.native = (struct pair){session_in(native.client, HWS_MODE_NATIVE, HWS_ROLE_CLIENT, NULL),
                             session_in(native.server, HWS_MODE_NATIVE, HWS_ROLE_SERVER, NULL)};
    s.streams.client = open_stream(s.native.client);
    s.streams.server = accept_stream(s.native.server);
    int32_t status = rows[i].bring_about(&s);
    if (status != rows[i].status)
      fail_msg("row %zu, %s: %s, not %s", i, rows[i].function, hws_status_name(status),
               hws_status_name(rows[i].status));
    if (notes) fprintf(notes, "%s %s\n", rows[i].function, hws_status_name(rows[i].status));
    world_join(s.world);
  }
  if (notes) fclose(notes);
}

/* ---- hws_peer: whoever carries it ---- */

static void expect_peer(hws_handle object, const struct hws_peer *wanted) {
  struct hws_peer peer = {.size = sizeof peer};
  assert_status(hws_peer(object, &peer), wanted ? HWS_OK : HWS_E_UNSUPPORTED);
  if (wanted) assert_memory_equal(&peer, wanted, sizeof peer);
}

/* Dialled, accepted, by a filter or not; as a session, its streams of either side, and sessions on these. */
static void everything_on_a_connection_has_its_peer(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, LOCAL);
  struct hws_peer found[2] = {{.size = sizeof *found}, {.size = sizeof *found}};
  hws_handle ends[2] = {raw.client, raw.server};
  const struct hws_peer *wanted[2] = {NULL, NULL};
  for (int i = 0; i < 2; i++) {
    assert_status(hws_peer(ends[i], &found[i]), local_knows_peers ? HWS_OK : HWS_E_UNSUPPORTED);
    if (local_knows_peers) wanted[i] = &found[i];
    if (local_knows_peers) assert_true(found[i].flags & HWS_PEER_PID);
  }
  for (int depth = 0; depth < 2; depth++) {
    struct pair sessions = {session_of(ends[0], HWS_ROLE_CLIENT, NULL), session_of(ends[1], HWS_ROLE_SERVER, NULL)};
    expect_peer(sessions.client, wanted[0]);
    expect_peer(sessions.server, wanted[1]);
    ends[0] = open_stream(sessions.client);
    ends[1] = accept_stream(sessions.server);
    expect_peer(ends[0], wanted[0]);
    expect_peer(ends[1], wanted[1]);
  }
  struct hws_peer peer = {.size = sizeof peer};
  assert_status(hws_peer(world->queue, &peer), HWS_E_HANDLE);
}

static void expect_no_peer(hws_handle object, int32_t status, const char *why) {
  struct hws_peer peer = {.size = sizeof peer};
  struct hws_detail detail = {.size = sizeof detail};
  assert_status(hws_peer(object, &peer), status);
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  if (!strstr(detail.text, why)) fail_msg("'%s' is not said in: %s", why, detail.text);
}

/* The refusal says what could be asked, and what is missing. */
static void who_has_no_peer_hears_why(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle stream = 0, scope = 0;
  hws_handle listener = listen_at(world, url_new(url, ""));
  struct hws_detail detail = {.size = sizeof detail};
  expect_no_peer(listener, HWS_E_HANDLE, "that of a listener, not of a stream or a session");
  expect_no_peer(0, HWS_E_HANDLE, "not that of a stream or a session");
  (void)post_accept(world, listener, &stream);
  expect_no_peer(stream, HWS_E_UNSUPPORTED, "the stream is not connected");
  expect_no_peer(pair_raw(world, "tcp").client, HWS_E_UNSUPPORTED, "the transport does not tell");
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
  assert_status(hws_reset(scope, 0, NULL), HWS_E_HANDLE);
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_non_null(strstr(detail.text, "not of a stream or a session"));
  assert_status(hws_shutdown(scope, NULL, NULL, NULL), HWS_E_HANDLE);
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_non_null(strstr(detail.text, "not of a stream or a session"));
  struct hws_how how = {.size = sizeof how, .queue = world->queue};
  assert_status(hws_accept(scope, 0, &how, NULL, NULL, &stream), HWS_E_HANDLE);
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_non_null(strstr(detail.text, "not of a listener or a session"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLACED(as_the_header_says, 0, "mem"),
      BOTH_MODES(everything_on_a_connection_has_its_peer),
      BOTH_MODES(who_has_no_peer_hears_why),
  };
  return cmocka_run_group_tests_name("contracts", tests, NULL, NULL);
}
