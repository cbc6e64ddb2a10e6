/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions on streams of sessions: a stream of a session is a stream. At most four deep, over every transport.
 */
#include "tests/mux/world.h"

#include <string.h>

enum { DEEPEST = 4 };

struct tower {
  struct pair sessions[DEEPEST];
  struct pair top; /* streams of the topmost session */
  unsigned depth;
};

static struct pair open_pair(const struct pair *sessions) {
  struct pair streams = {.client = open_stream(sessions->client)};
  streams.server = accept_stream(sessions->server);
  return streams;
}

static struct tower build(struct world *world, const char *scheme, unsigned depth) {
  struct tower tower = {.depth = depth};
  tower.sessions[0] = pair_sessions(world, scheme, NULL);
  for (unsigned i = 1; i < depth; i++) {
    struct pair streams = open_pair(&tower.sessions[i - 1]);
    tower.sessions[i] = (struct pair){.client = session_in(streams.client, pair_mode(), HWS_ROLE_DEFAULT, NULL),
                                      .server = session_in(streams.server, pair_mode(), HWS_ROLE_DEFAULT, NULL)};
  }
  tower.top = open_pair(&tower.sessions[depth - 1]);
  return tower;
}

static void tear_down(struct tower *tower) {
  close_handle(tower->top.client);
  close_handle(tower->top.server);
  for (unsigned i = tower->depth; i-- > 0;) {
    close_handle(tower->sessions[i].client);
    close_handle(tower->sessions[i].server);
  }
}

static const char *const schemes[] = {"mem", LOCAL};

/* Traffic both ways at every depth, more than any window on the way. */
static void traffic_goes_through(void **state) {
  struct world *world = *state;
  enum { TOTAL = 1 << 20 };
  static uint8_t said[TOTAL];
  static uint8_t heard[2][TOTAL];
  pattern_fill(11, 0, said, TOTAL);
  for (unsigned s = 0; s < 2; s++)
    for (unsigned depth = 1; depth <= DEEPEST; depth++) {
      struct tower tower = build(world, schemes[s], depth);
      hws_handle ends[2] = {tower.top.client, tower.top.server};
      uint64_t sends[2];
      uint64_t recvs[2];
      size_t got[2] = {0};
      for (int i = 0; i < 2; i++) {
        sends[i] = post_send(world, ends[i], said, TOTAL);
        recvs[i] = post_recv(world, ends[i], heard[i], TOTAL);
      }
      while (got[0] < TOTAL || got[1] < TOTAL)
        for (int i = 0; i < 2; i++) {
          if (got[i] == TOTAL) continue;
          struct hws_event event = world_await_status(world, recvs[i], HWS_OK);
          got[i] += event.bytes;
          if (got[i] < TOTAL) recvs[i] = post_recv(world, ends[i], heard[i] + got[i], TOTAL - got[i]);
        }
      for (int i = 0; i < 2; i++) {
        world_await_status(world, sends[i], HWS_OK);
        assert_memory_equal(heard[i], said, TOTAL);
      }
      shut_down(ends[0]);
      assert_status(recv_status(ends[1]), HWS_E_EOF);
      tear_down(&tower);
    }
}

/* The fifth is refused, and its stream stays what it was. */
static void the_fifth_is_refused(void **state) {
  struct world *world = *state;
  struct tower tower = build(world, "mem", DEEPEST);
  hws_handle session = 0;
  assert_status(hws_session(tower.top.client, NULL, &session), HWS_E_LIMIT);
  assert_int_equal(session, 0);
  send_all(tower.top.client, "a stream still", 14);
  expect_bytes(tower.top.server, "a stream still");
  tear_down(&tower);
}

/* A stream with an op or a lease on it is not consumed; one that was is stale. */
static void a_session_consumes_its_stream(void **state) {
  struct world *world = *state;
  struct pair outer = pair_sessions(world, "mem", NULL);
  struct pair streams = open_pair(&outer);
  uint8_t byte;
  hws_handle op = 0;
  hws_handle session = 0;
  struct hws_session_config plain = {.size = sizeof plain, .mode = HWS_MODE_YAMUX}; /* says nothing at first */
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_recv(streams.client, &vec, 1, &how, NULL, &op), HWS_OK);
  assert_status(hws_session(streams.client, &plain, &session), HWS_E_BUSY);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  send_all(streams.server, "leased", 6);
  how = how_block();
  struct hws_event event;
  assert_int_equal(hws_acquire(streams.client, &how, &event, NULL), 1);
  assert_status(hws_session(streams.client, &plain, &session), HWS_E_BUSY);
  assert_int_equal(hws_release(event.code, event.bytes), HWS_OK);
  assert_int_equal(hws_session(streams.client, &plain, &session), HWS_OK);
  assert_status(hws_close(streams.client, NULL, NULL, NULL), HWS_E_HANDLE);
  abort_handle(session);
  assert_status(recv_status(streams.server), HWS_E_RESET);
  close_handle(streams.server);
  close_handle(outer.client);
  close_handle(outer.server);
}

/* CAN-1: a cancel at the top reaches only what it names; a reset in the middle ends what stands on it. */
static void ends_stay_where_they_belong(void **state) {
  struct world *world = *state;
  for (unsigned s = 0; s < 2; s++) {
    struct tower tower = build(world, schemes[s], 3);
    struct pair beside = open_pair(&tower.sessions[2]);
    struct pair below = open_pair(&tower.sessions[1]);
    uint8_t byte;
    hws_handle op = 0;
    struct hws_vec vec = {.ptr = &byte, .len = 1};
    struct hws_how how = how_queue(world);
    assert_int_equal(hws_recv(tower.top.client, &vec, 1, &how, NULL, &op), HWS_OK);
    assert_int_equal(hws_cancel(op), HWS_OK);
    world_await_status(world, how.tag, HWS_E_CANCELED);
    assert_int_equal(hws_reset(tower.top.client, 70000, NULL), HWS_OK);
    assert_status(recv_status(tower.top.server), HWS_E_RESET);
    assert_int_equal(detail_of(tower.top.server).code, 70000);
    send_all(beside.client, "beside", 6);
    expect_bytes(beside.server, "beside");
    uint64_t watching = post_watch(world, tower.sessions[2].server);
    uint64_t receiving = post_recv(world, beside.server, &byte, 1);
    assert_int_equal(hws_reset(tower.sessions[2].client, 0, "the top goes"), HWS_OK);
    world_await_status(world, watching, HWS_E_CLOSED);
    world_await_status(world, receiving, HWS_E_CANCELED);
    assert_status(recv_status(beside.client), HWS_E_CANCELED);
    send_all(below.client, "below", 5);
    expect_bytes(below.server, "below");
    close_handle(beside.client);
    close_handle(beside.server);
    close_handle(below.client);
    close_handle(below.server);
    tear_down(&tower);
  }
}

/* The end of the lowest ends the whole tower, with the cause of the first. */
static void the_lowest_carries_all(void **state) {
  struct world *world = *state;
  for (unsigned s = 0; s < 2; s++) {
    struct tower tower = build(world, schemes[s], DEEPEST);
    uint8_t bytes[2];
    uint64_t near = post_recv(world, tower.top.client, &bytes[0], 1);
    uint64_t far = post_recv(world, tower.top.server, &bytes[1], 1);
    assert_int_equal(hws_reset(tower.sessions[0].client, 0, "the ground goes"), HWS_OK);
    struct hws_event event = world_await(world, near);
    assert_true(event.status == HWS_E_CANCELED || event.status == HWS_E_CLOSED);
    event = world_await(world, far);
    assert_true(event.status == HWS_E_CANCELED || event.status == HWS_E_CLOSED);
    expect_detail(tower.sessions[0].client, HWS_E_CANCELED, "the ground goes");
    tear_down(&tower);
  }
}

/* The same while the top has more to write than the ground takes: its end is no cancel of a write. */
static void a_busy_tower_falls(void **state) {
  struct world *world = *state;
  static uint8_t much[3 << 20];
  for (unsigned s = 0; s < 2; s++) {
    struct tower tower = build(world, schemes[s], 2);
    hws_handle more = open_stream(tower.sessions[1].client);
    uint64_t sending = post_send(world, tower.top.client, much, sizeof much);
    uint64_t next = post_send(world, more, much, sizeof much);
    for (int i = 0; i < 5; i++) world_turn(world);
    assert_int_equal(hws_reset(tower.sessions[0].client, 0, "the ground goes"), HWS_OK);
    assert_true(world_await(world, sending).status < 0);
    assert_true(world_await(world, next).status < 0);
    close_handle(more);
    tear_down(&tower);
  }
}

/* A stalled reader at the top stalls neither the carrier below nor its neighbours. */
static void a_stalled_top_stalls_itself(void **state) {
  struct world *world = *state;
  static uint8_t much[3 << 20];
  struct tower tower = build(world, LOCAL, 2);
  struct pair beside = open_pair(&tower.sessions[1]);
  uint64_t sending = post_send(world, tower.top.client, much, sizeof much);
  for (int i = 0; i < 50; i++) {
    send_all(beside.client, "passes", 6);
    expect_bytes(beside.server, "passes");
  }
  struct hws_event event;
  assert_false(world_has(world, sending, &event));
  static uint8_t heard[sizeof much];
  recv_exactly(tower.top.server, heard, sizeof heard);
  world_await_status(world, sending, HWS_OK);
  close_handle(beside.client);
  close_handle(beside.server);
  tear_down(&tower);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(traffic_goes_through),
      BOTH_MODES(the_fifth_is_refused),
      BOTH_MODES(a_session_consumes_its_stream),
      BOTH_MODES(ends_stay_where_they_belong),
      BOTH_MODES(the_lowest_carries_all),
      BOTH_MODES(a_stalled_top_stalls_itself),
      BOTH_MODES(a_busy_tower_falls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
