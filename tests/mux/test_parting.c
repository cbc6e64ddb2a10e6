/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-26: from the last word of a session to the end of its connection. Nothing that was taken is thrown away on its
 * way, and a close that could not wait says so.
 */
#include "tests/mux/peer.h"

enum { BIG = 60000 };
static uint8_t bytes[BIG];

/* MUX-26: what was said is taken before the connection goes. Behind the last word our direction ends; what the peer
 * says until it ends its own is read, whatever it is, and does no harm; only then the close is over. */
static void close_waits_for_the_peers_end(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "drain=3600s");
  enum { LENGTH = 50000, MORE = 300 };
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  hws_handle theirs = peer_opens(peer, 2);
  pattern_fill(1, 0, bytes, LENGTH);
  for (int i = 0; i < LENGTH; i += 10000) send_all(stream, bytes + i, 10000);
  (void)post_close(world, stream);
  uint64_t closing = post_close(world, peer->session);
  world_until(world, wire_readable(peer->wire) > LENGTH);
  for (int i = 0; i < MORE; i++) {
    assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 10));
    assert_true(peer_say_data(peer, 0, 2, "more of it", 10));
    assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, 7));
    if (i % 50 == 0) world_turn(world);
  }
  peer_expect_pattern(peer, id, 1, 0, LENGTH);
  struct frame frame;
  while (peer_hear(peer, &frame) && frame.type != FRAME_GOAWAY) peer->asked_count = 1, peer->asked[0] = 7;
  assert_int_equal(frame.type, FRAME_GOAWAY);
  peer_expect_end(peer);
  for (int i = 0; i < MORE; i++) assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 10));
  for (int i = 0; i < 20; i++) world_turn(world);
  struct hws_event event;
  assert_false(world_has(world, closing, &event));
  assert_status(recv_status(theirs), HWS_E_CLOSED);
  peer_hang_up(peer);
  event = world_await_status(world, closing, HWS_OK);
  assert_int_equal(event.data, 0);
  peer->session = 0;
  peer_close(peer);
}

/* One that never ends is waited for no longer than `drain`, or until somebody gives the close up; the event says so. */
static void a_peer_that_never_ends(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 3; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, i == 0 ? "drain=30ms" : "drain=3600s");
    uint32_t id = 0;
    hws_handle op = 0;
    send_all(peer_is_opened(peer, &id), "taken", 5);
    struct hws_how how = how_queue(world);
    if (i == 1) how.flags = HWS_RELATIVE, how.deadline_ns = 30 * MILLISECOND;
    hws_result result = hws_close(peer->session, &how, NULL, &op);
    assert_status(result, HWS_OK);
    peer_expect_data(peer, id, "taken");
    peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
    peer_expect_end(peer);
    if (i == 2) assert_int_equal(hws_cancel(op), HWS_OK);
    struct hws_event event = world_await(world, how.tag);
    assert_status(event.status, i == 0 ? HWS_E_TIMEOUT : i == 1 ? HWS_E_DEADLINE : HWS_E_CANCELED);
    assert_int_equal(event.data, 0);
    peer->session = 0;
    peer_close(peer);
  }
}

/* Whole streams, of a receiver that begins to read once the sender has closed everything, and what that stands on: its
 * credit comes in late. */
static void nothing_is_lost(struct world *world, struct pair pair, hws_handle below) {
  enum { STREAMS_EACH = 20, LENGTH = 60000 };
  static uint8_t part[LENGTH];
  hws_handle far[STREAMS_EACH];
  for (int i = 0; i < STREAMS_EACH; i++) {
    hws_handle near = open_stream(pair.client);
    far[i] = accept_stream(pair.server);
    world_await_status(world, post_send(world, near, bytes, LENGTH), HWS_OK);
    (void)post_close(world, near);
  }
  uint64_t closing = post_close(world, pair.client);
  uint64_t closing_below = below ? post_close(world, below) : 0;
  for (int i = 0; i < STREAMS_EACH; i++) {
    recv_exactly(far[i], part, LENGTH);
    pattern_expect(1, 0, part, LENGTH);
    assert_status(recv_status(far[i]), HWS_E_EOF);
  }
  world_await_status(world, closing, HWS_OK);
  if (below) world_await_status(world, closing_below, HWS_OK);
  for (int i = 0; i < STREAMS_EACH; i++) close_handle(far[i]);
  close_handle(pair.server);
}

static void nothing_is_lost_by_a_close(void **state) {
  struct world *world = *state;
  static const char *const schemes[] = {"mem", LOCAL, "tcp"};
  pattern_fill(1, 0, bytes, BIG);
  for (int i = 0; i < 9; i++) nothing_is_lost(world, pair_sessions(world, schemes[i % 3], NULL), 0);
}

/* The same for a session that stands on a stream of another, both closed in one breath. */
static void nothing_is_lost_by_nested_closes(void **state) {
  struct world *world = *state;
  struct pair outer = pair_sessions(world, "tcp", NULL);
  hws_handle near = open_stream(outer.client);
  struct pair inner = {.client = session_of(near, HWS_ROLE_CLIENT, NULL)};
  inner.server = session_of(accept_stream(outer.server), HWS_ROLE_SERVER, NULL);
  pattern_fill(1, 0, bytes, BIG);
  nothing_is_lost(world, inner, outer.client);
  close_handle(outer.server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(close_waits_for_the_peers_end),
      BOTH_MODES(a_peer_that_never_ends),
      BOTH_MODES(nothing_is_lost_by_a_close),
      BOTH_MODES(nothing_is_lost_by_nested_closes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
