/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-0, CAN-2, CAN-3, CAN-7, CAN-12: cancelling an op ends that op only. Nothing is lost, nothing is sent twice, and
 * what was cancelled before it began has no effect at all.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/core/scenes.h"

enum { SEED = 11, LARGE = 8 << 20, TOO_MUCH = 1 << 20 /* for the room that a full carrier may have once more */ };

/* ---- CAN-3: cancelled before ---- */

enum before { CANCELED_SCOPE, LATE_SCOPE, LATE_DEADLINE, BEFORES };

static struct hws_how how_before(struct world *world, enum before before) {
  struct hws_how how = how_queue(world);
  if (before == LATE_DEADLINE) how.deadline_ns = 1;
  if (before == LATE_DEADLINE) return how;
  assert_int_equal(hws_scope_open(world->runtime, 0, before == LATE_SCOPE ? 1 : 0, &how.scope), HWS_OK);
  if (before == CANCELED_SCOPE) assert_int_equal(hws_scope_cancel(how.scope, 0, NULL), HWS_OK);
  return how;
}

static int32_t status_of(enum before before) {
  return before == CANCELED_SCOPE ? HWS_E_CANCELED : HWS_E_DEADLINE;
}

/* Every pending kind, through the queue and through an out. */
static void precancelled_ops_end_at_once(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++)
    for (unsigned before = 0; before < BEFORES * 2; before++) {
      struct scene scene;
      struct hws_event event;
      hws_handle op = 0;
      if (!scene_open(&scene, world, &scene_kinds[i])) continue;
      struct hws_how how = how_before(world, before % BEFORES);
      bool out = before >= BEFORES;
      hws_result result = scene_kinds[i].submit(&scene, &how, out ? &event : NULL, &op);
      if (result != out) fail_msg("%s: %d", scene_kinds[i].name, result);
      if (!out) event = world_await(world, how.tag);
      assert_status(event.status, status_of(before % BEFORES));
      assert_int_equal(event.flags, HWS_EVENT_OP); /* OP-9 */
      assert_int_equal(event.tag, how.tag);
      assert_int_equal(event.bytes, 0);
      scene_close(&scene);
      if (scene.blocker) world_await(world, scene.blocker);
      if (how.scope) close_handle(how.scope);
    }
}

static void precancelled_ops_do_nothing(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  struct hws_event event;
  hws_handle made = 0;
  hws_handle listener = listen_at(world, url_new(url, ""));
  struct link link = link_open(world, MUX);
  uint64_t opened = stat_of(link.sessions.client, "streams_opened");
  uint64_t out = stat_of(link.sessions.client, "bytes_out");
  for (enum before before = 0; before < BEFORES; before++) {
    struct hws_how how = how_before(world, before);
    struct hws_vec vec = {.ptr = (char[]){'x'}, .len = 1};
    char other[URL_MAX];
    assert_int_equal(hws_dial(world->runtime, url, 0, &how, &event, NULL, &made), 1);
    assert_true(made == 0 && event.object == 0);
    assert_int_equal(hws_open(link.sessions.client, NULL, &how, &event, NULL, &made), 1);
    assert_true(made == 0 && event.object == 0);
    assert_int_equal(hws_send(link.ends.client, &vec, 1, &how, &event, NULL), 1);
    assert_int_equal(hws_shutdown(link.ends.client, &how, &event, NULL), 1);
    assert_int_equal(hws_listen(world->runtime, url_new(other, ""), 0, &how, &event, NULL, &made), 1);
    assert_true(made == 0 && event.object == 0);
    hws_handle later = listen_at(world, other); /* nobody else does */
    close_handle(later);
    if (how.scope) close_handle(how.scope);
  }
  world_turn(world);
  assert_int_equal(stat_of(listener, "accepted"), 0);
  assert_int_equal(stat_of(link.sessions.client, "streams_opened"), opened);
  assert_int_equal(stat_of(link.sessions.client, "bytes_out"), out);
  struct hws_how try = {.size = sizeof try, .flags = HWS_TRY};
  assert_status(hws_accept(listener, 0, &try, &event, NULL, &made), HWS_E_AGAIN);
  send_all(link.ends.client, "still open", 10);
  expect_bytes(link.ends.server, "still open");
}

/* The life scope of what would be made, too. */
static void precancelled_lives_make_nothing(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  struct hws_event event;
  hws_handle life = 0, made = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &life), HWS_OK);
  assert_int_equal(hws_scope_cancel(life, 0, NULL), HWS_OK);
  hws_handle listener = listen_at(world, url_new(url, ""));
  struct link link = link_open(world, MUX);
  struct hws_how how = how_queue(world);
  uint64_t opened = stat_of(link.sessions.client, "streams_opened");
  assert_int_equal(hws_dial(world->runtime, url, life, &how, &event, NULL, &made), 1);
  assert_status(event.status, HWS_E_CANCELED);
  assert_int_equal(hws_accept(listener, life, &how, &event, NULL, &made), 1);
  assert_status(event.status, HWS_E_CANCELED);
  struct hws_open_config config = {.size = sizeof config, .life = life};
  assert_int_equal(hws_open(link.sessions.client, &config, &how, &event, NULL, &made), 1);
  assert_status(event.status, HWS_E_CANCELED);
  assert_true(made == 0);
  world_turn(world);
  assert_int_equal(stat_of(listener, "accepted"), 0);
  assert_int_equal(stat_of(link.sessions.client, "streams_opened"), opened);
  struct pair raw = pair_raw(world, here->scheme);
  struct hws_session_config session = {.size = sizeof session, .life = life};
  assert_status(hws_session(raw.client, &session, &made), HWS_E_CANCELED);
  send_all(raw.client, "not consumed", 12);
  expect_bytes(raw.server, "not consumed");
}

/* ---- CAN-0: the stream stays usable ---- */

static void recv_loses_nothing(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    char buffer[64];
    uint64_t sent = 0;
    for (int i = 0; i < 50; i++) {
      hws_handle op = 0;
      struct hws_how how = how_queue(world);
      struct hws_vec vec = {.ptr = buffer, .len = sizeof buffer};
      bool acquire = i % 3 == 0;
      hws_result result = acquire ? hws_acquire(link.ends.server, &how, NULL, &op)
                                  : hws_recv(link.ends.server, &vec, 1, &how, NULL, &op);
      assert_status(result, HWS_OK);
      memset(buffer, 0, sizeof buffer);
      assert_int_equal(hws_cancel(op), HWS_OK);
      assert_int_equal(hws_cancel(op), HWS_OK); /* CAN-7 */
      world_await_status(world, how.tag, HWS_E_CANCELED);
      uint8_t bytes[40];
      pattern_fill(SEED, sent, bytes, sizeof bytes);
      send_all(link.ends.client, bytes, sizeof bytes);
      drain(link.ends.server, SEED, sent, sizeof bytes);
      sent += sizeof bytes;
      assert_int_equal(buffer[0], 0); /* the memory of the cancelled one was not touched */
    }
    link_close(&link);
  }
}

/* A large send cut off in its middle says how many bytes are on their way; what is sent next follows those. */
static void send_reports_what_was_taken(void **state) {
  struct world *world = *state;
  uint8_t *bytes = malloc(LARGE);
  assert_non_null(bytes);
  pattern_fill(SEED, 0, bytes, LARGE);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++)
    for (uint64_t before = 0; before <= 3 << 20; before += (1 << 20) + 12345) {
      struct link link = link_open(world, carrier);
      hws_handle op = 0;
      struct hws_how how = how_queue(world);
      struct hws_vec vec = {.ptr = bytes, .len = LARGE};
      assert_int_equal(hws_send(link.ends.client, &vec, 1, &how, NULL, &op), 0);
      drain(link.ends.server, SEED, 0, before);
      assert_int_equal(hws_cancel(op), HWS_OK);
      struct hws_event event = world_await_status(world, how.tag, HWS_E_CANCELED);
      assert_true(event.bytes >= before && event.bytes < LARGE);
      memset(bytes, 0xee, LARGE); /* ours again */
      uint8_t tail[100];
      pattern_fill(SEED, event.bytes, tail, sizeof tail);
      uint64_t sent = post_send(world, link.ends.client, tail, sizeof tail);
      uint64_t ended = post_shutdown(world, link.ends.client);
      drain(link.ends.server, SEED, before, event.bytes + sizeof tail - before);
      assert_status(recv_status(link.ends.server), HWS_E_EOF);
      world_await_status(world, sent, HWS_OK);
      world_await_status(world, ended, HWS_OK);
      pattern_fill(SEED, 0, bytes, LARGE);
      link_close(&link);
    }
  free(bytes);
}

/* Of several that wait, one in the middle: those before and after it go on. */
static void cancel_takes_one_of_many(void **state) {
  struct world *world = *state;
  uint8_t *bytes = malloc(TOO_MUCH);
  assert_non_null(bytes);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    uint64_t filled = fill_up(link.ends.client, SEED);
    uint8_t small[2][2000];
    uint64_t tags[3];
    hws_handle ops[3];
    const struct hws_vec out[3] = {{.ptr = bytes, .len = TOO_MUCH},
                                   {.ptr = small[0], .len = sizeof small[0]},
                                   {.ptr = small[1], .len = sizeof small[1]}};
    pattern_fill(SEED, filled, bytes, TOO_MUCH);
    memset(small[0], 0xdd, sizeof small[0]);
    pattern_fill(SEED, filled + TOO_MUCH, small[1], sizeof small[1]);
    for (int i = 0; i < 3; i++) {
      struct hws_how how = how_queue(world);
      tags[i] = how.tag;
      assert_int_equal(hws_send(link.ends.client, &out[i], 1, &how, NULL, &ops[i]), 0);
    }
    assert_int_equal(hws_cancel(ops[1]), HWS_OK);
    assert_int_equal(world_await_status(world, tags[1], HWS_E_CANCELED).bytes, 0);
    drain(link.ends.server, SEED, 0, filled + TOO_MUCH + sizeof small[1]);
    world_await_status(world, tags[0], HWS_OK);
    world_await_status(world, tags[2], HWS_OK);
    link_close(&link);
  }
  free(bytes);
}

/* A shutdown that was cancelled did not happen. */
static void cancelled_shutdown_leaves_it_open(void **state) {
  struct world *world = *state;
  uint8_t *bytes = malloc(TOO_MUCH);
  assert_non_null(bytes);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    uint64_t filled = fill_up(link.ends.client, SEED);
    pattern_fill(SEED, filled, bytes, TOO_MUCH);
    uint64_t sent = post_send(world, link.ends.client, bytes, TOO_MUCH);
    struct hws_how how = how_queue(world);
    hws_handle op = 0;
    assert_int_equal(hws_shutdown(link.ends.client, &how, NULL, &op), 0);
    assert_int_equal(hws_cancel(op), HWS_OK);
    world_await_status(world, how.tag, HWS_E_CANCELED);
    drain(link.ends.server, SEED, 0, filled + TOO_MUCH);
    world_await_status(world, sent, HWS_OK);
    send_all(link.ends.client, "more", 4);
    expect_bytes(link.ends.server, "more");
    shut_down(link.ends.client);
    assert_status(recv_status(link.ends.server), HWS_E_EOF);
    link_close(&link);
  }
  free(bytes);
}

/* CAN-12: a cancel that comes when the end was decided already changes nothing. */
static void cancel_after_the_end(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  char buffer[8];
  hws_handle op = 0;
  struct hws_how how = how_queue(world);
  struct hws_vec vec = {.ptr = buffer, .len = sizeof buffer};
  assert_int_equal(hws_recv(link.ends.server, &vec, 1, &how, NULL, &op), 0);
  send_all(link.ends.client, "done", 4);
  struct hws_event event;
  while (!world_has(world, how.tag, &event)) world_turn(world);
  assert_status(event.status, HWS_OK);
  assert_int_equal(event.bytes, 4);
  assert_status(hws_cancel(op), HWS_E_HANDLE);

  /* Ended and not harvested: harmless. */
  send_all(link.ends.client, "x", 1);
  world_await_status(world, post_recv(world, link.ends.server, NULL, 0), HWS_OK); /* it is there */
  how = how_queue(world);
  assert_int_equal(hws_recv(link.ends.server, &vec, 1, &how, NULL, &op), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  assert_int_equal(world_await_status(world, how.tag, HWS_OK).bytes, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(precancelled_ops_end_at_once),      EVERYWHERE(precancelled_ops_do_nothing),
      EVERYWHERE(precancelled_lives_make_nothing),   EVERYWHERE(recv_loses_nothing),
      EVERYWHERE(send_reports_what_was_taken),       EVERYWHERE(cancel_takes_one_of_many),
      EVERYWHERE(cancelled_shutdown_leaves_it_open), EVERYWHERE(cancel_after_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
