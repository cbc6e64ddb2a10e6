/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-18, and performance.md's victim: a peer that sends the smallest frames as fast as it can does not hold up those
 * who share its loop. A session's turn ends by what was read of it, in bytes and in frames.
 */
#include "tests/mux/peer.h"

enum { FRAMES = 4000, FRAME = FRAME_HEADER_SIZE + 1, OF_A_TURN = 1024 };

static void fill_flood(uint8_t *flood, size_t count, struct frame frame) {
  for (size_t i = 0; i < count; i++, frame.stream += frame.stream ? 2 : 0)
    frame_encode(flood + i * FRAME_HEADER_SIZE, &frame);
}

/* What is answered is no exception: the room that writing the answers makes for more is for the next turn. */
static void answered_frames_end_a_turn(void **state) {
  static const struct frame floods[] = {{FRAME_WINDOW, FRAME_SYN, 4, 0}, {FRAME_PING, FRAME_SYN, 0, 1}};
  static uint8_t flood[FRAMES * FRAME_HEADER_SIZE];
  struct world *world = *state;
  for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
    struct peer *hostile = peer_open(world, HWS_ROLE_CLIENT, "backlog=1&useless_rate=1000000");
    struct peer *victim = peer_open(world, HWS_ROLE_CLIENT, "");
    peer_opens(hostile, 2);
    assert_true(peer_say(hostile, FRAME_WINDOW, FRAME_SYN, 10000, 0)); /* that one waits, and fills the backlog */
    peer_expect(hostile, FRAME_WINDOW, FRAME_ACK, 10000, 0);
    hws_handle stream = peer_opens(victim, 2);
    uint64_t before = stat_of(hostile->session, "frames_in");
    char byte;
    uint64_t tag = post_recv(world, stream, &byte, 1);
    fill_flood(flood, FRAMES, floods[i]);
    assert_int_equal(peer_try(hostile, flood, sizeof flood), sizeof flood);
    assert_true(peer_say_data(victim, 0, 2, "v", 1));
    (void)world_await_status(world, tag, HWS_OK);
    assert_in_range(stat_of(hostile->session, "frames_in") - before, 0, 2 * OF_A_TURN);
    world_until(world, stat_of(hostile->session, "frames_in") - before == FRAMES);
    peer_close(hostile);
    peer_close(victim);
  }
}

/* All of them fit into one read; the connection that is ready next has its turn before they were all gone through. */
static void small_frames_end_a_turn(void **state) {
  static uint8_t flood[FRAMES * FRAME];
  struct world *world = *state;
  struct peer *hostile = peer_open(world, HWS_ROLE_CLIENT, "");
  struct peer *victim = peer_open(world, HWS_ROLE_CLIENT, "");
  hws_handle flooded = peer_opens(hostile, 2);
  hws_handle stream = peer_opens(victim, 2);
  uint64_t before = stat_of(hostile->session, "frames_in");
  char byte;
  uint64_t tag = post_recv(world, stream, &byte, 1);
  for (size_t i = 0; i < FRAMES; i++) {
    frame_encode(flood + i * FRAME, &(struct frame){FRAME_DATA, 0, 2, 1});
    flood[i * FRAME + FRAME_HEADER_SIZE] = pattern_at(1, i);
  }
  assert_int_equal(peer_try(hostile, flood, sizeof flood), sizeof flood);
  assert_true(peer_say_data(victim, 0, 2, "v", 1));
  (void)world_await_status(world, tag, HWS_OK);
  assert_in_range(stat_of(hostile->session, "frames_in") - before, 0, 2 * OF_A_TURN);
  static uint8_t got[FRAMES];
  recv_exactly(flooded, got, sizeof got);
  pattern_expect(1, 0, got, sizeof got);
  assert_int_equal(stat_of(hostile->session, "frames_in") - before, FRAMES);
  peer_close(hostile);
  peer_close(victim);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      /* Driven by the caller, so that nothing is read before all of it is there. */
      cmocka_unit_test_setup_teardown(answered_frames_end_a_turn, world_driven, world_close),
      cmocka_unit_test_setup_teardown(small_frames_end_a_turn, world_driven, world_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
