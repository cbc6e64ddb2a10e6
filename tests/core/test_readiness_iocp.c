/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-1..NTF-4, NTF-8: the core's watches on a completion port, by connections of `tcp://...?io=readiness`, in both
 * progress modes: over AFD polls, and over our own ProcessSocketNotifications.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/core/fake_psn_win32.h"
#include "tests/core/notify_win32.h"
#include "tests/core/places.h"

enum { ROUNDS = 300 / TEST_SLOWNESS, MANY = 20, STREAMS = 20, BULK = 3 << 20 };

#define READINESS "?io=readiness"
#define NOTIFIED "?io=readiness&accept=readiness"

static struct pair pair_open(struct world *world) {
  hws_handle listener = listen_at(world, "tcp://127.0.0.1:0" READINESS);
  struct pair pair = connect_at(world, listener, READINESS);
  close_handle(listener);
  return pair;
}

static void pair_close(struct pair pair) {
  close_handle(pair.client);
  close_handle(pair.server);
}

/* NTF-1: what is used can be asked. */
static void tells_what_it_uses(void **state) {
  struct world *world = *state;
  assert_int_equal(stat_of(world->runtime, "loop_readiness"), notify_psn_found() ? 2 : 3);
}

static void ping_pong(void **state) {
  struct pair pair = pair_open(*state);
  for (int round = 0; round < ROUNDS; round++) {
    send_all(pair.client, "ping", 4);
    expect_bytes(pair.server, "ping");
    send_all(pair.server, "pong", 4);
    expect_bytes(pair.client, "pong");
  }
  shut_down(pair.client);
  assert_status(recv_status(pair.server), HWS_E_EOF);
  send_all(pair.server, "last", 4);
  expect_bytes(pair.client, "last");
  pair_close(pair);
}

/* A sender that fills the connection waits for it to become writable. */
static void bulk(void **state) {
  struct world *world = *state;
  struct pair pair = pair_open(world);
  uint8_t *bytes = malloc(BULK);
  uint8_t *room = malloc(BULK);
  assert_true(bytes && room);
  pattern_fill(1, 0, bytes, BULK);
  uint64_t sent = post_send(world, pair.client, bytes, BULK);
  recv_exactly(pair.server, room, BULK);
  pattern_expect(1, 0, room, BULK);
  assert_int_equal(world_await_status(world, sent, HWS_OK).bytes, BULK);
  free(bytes);
  free(room);
  pair_close(pair);
}

static void accepted_on_notification(void **state) {
  struct world *world = *state;
  struct pair pairs[MANY];
  hws_handle listener = listen_at(world, "tcp://127.0.0.1:0" NOTIFIED);
  for (int i = 0; i < MANY; i++) pairs[i] = connect_at(world, listener, READINESS);
  for (int i = 0; i < MANY; i++) send_all(pairs[i].client, "one", 3);
  for (int i = MANY - 1; i >= 0; i--) expect_bytes(pairs[i].server, "one");
  hws_handle never = 0;
  uint64_t pending = post_accept(world, listener, &never);
  close_handle(listener);
  assert_true(world_await(world, pending).status < 0);
  for (int i = 0; i < MANY; i++) pair_close(pairs[i]);
}

static void sessions(void **state) {
  struct world *world = *state;
  struct pair raw = pair_open(world);
  struct pair pair = {.client = session_of(raw.client, HWS_ROLE_DEFAULT, NULL),
                      .server = session_of(raw.server, HWS_ROLE_DEFAULT, NULL)};
  for (int i = 0; i < STREAMS; i++) {
    hws_handle server = 0;
    uint64_t accepted = post_accept(world, pair.server, &server);
    hws_handle client = open_stream(pair.client);
    world_await_status(world, accepted, HWS_OK);
    send_all(client, "hello", 5);
    expect_bytes(server, "hello");
    close_handle(client);
    close_handle(server);
  }
  pair_close(pair);
}

/* NTF-8: bytes before the end; an abort is told as a reset. */
static void ends(void **state) {
  struct world *world = *state;
  struct pair pair = pair_open(world);
  char room[16];
  send_all(pair.client, "bytes", 5);
  close_handle(pair.client);
  expect_bytes(pair.server, "bytes");
  assert_status(recv_status(pair.server), HWS_E_EOF);
  close_handle(pair.server);
  pair = pair_open(world);
  uint64_t waiting = post_recv(world, pair.server, room, sizeof room);
  abort_handle(pair.client);
  world_await_status(world, waiting, HWS_E_RESET);
  close_handle(pair.server);
}

static void cancelled(void **state) {
  struct world *world = *state;
  struct pair pair = pair_open(world);
  char room[16];
  uint64_t op = 0;
  struct hws_how how = how_queue(world);
  struct hws_vec vec = {.ptr = room, .len = sizeof room};
  assert_int_equal(hws_recv(pair.server, &vec, 1, &how, NULL, &op), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  send_all(pair.client, "after", 5);
  expect_bytes(pair.server, "after");
  pair_close(pair);
}

/* ---- NTF-3 ------------------------------------------------------------------------------------------------------- */

static bool is_open(SOCKET socket) {
  int type = 0;
  int size = sizeof type;
  return getsockopt(socket, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0;
}

/* A connection that is closed keeps its socket until the system has said that its registration is over. */
static void closed_after_remove(void **state) {
  struct world *world = *state;
  struct pair pair = pair_open(world);
  SOCKET sockets[2];
  assert_int_equal(fake_psn_sockets(sockets, 2), 2);
  fake_psn_hold_removals();
  uint64_t closes[] = {post_close(world, pair.client), post_close(world, pair.server)};
  while (!fake_psn_find(sockets[0]).removing || !fake_psn_find(sockets[1]).removing) world_turn(world);
  for (int turn = 0; turn < 20; turn++) world_turn(world);
  for (int i = 0; i < 2; i++) {
    struct hws_event event;
    assert_true(is_open(sockets[i]));
    assert_false(world_has(world, closes[i], &event));
  }
  assert_int_equal(fake_psn_release_removals(), 2);
  for (int i = 0; i < 2; i++) world_await_status(world, closes[i], HWS_OK);
  for (int i = 0; i < 2; i++) assert_false(is_open(sockets[i]));
}

/* ---- where ------------------------------------------------------------------------------------------------------- */

static int fake_threaded(void **state) {
  fake_psn_begin();
  fake_psn_run();
  return world_threaded(state);
}

static int fake_driven(void **state) {
  fake_psn_begin();
  fake_psn_run();
  return world_driven(state);
}

static int fake_close(void **state) {
  int result = world_close(state);
  fake_psn_halt();
  fake_psn_end();
  return result;
}

#define FAKED(test)                                                                                                    \
  {#test " (by notifications)", test, fake_threaded, fake_close, NULL}, {                                              \
#test " (by notifications, caller-driven)", test, fake_driven, fake_close, NULL                                    \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(tells_what_it_uses),
      FAKED(tells_what_it_uses),
      BOTH_MODES(ping_pong),
      FAKED(ping_pong),
      BOTH_MODES(bulk),
      FAKED(bulk),
      BOTH_MODES(sessions),
      FAKED(sessions),
      BOTH_MODES(ends),
      FAKED(ends),
      BOTH_MODES(cancelled),
      FAKED(cancelled),
      BOTH_MODES(accepted_on_notification),
      FAKED(accepted_on_notification),
      FAKED(closed_after_remove),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
