/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-4, CAN-5: resets while the carrier is full. Each takes the batch back from the carrier to stand ahead of data;
 * none may take a reset with it that was cut before.
 */
#include "tests/mux/peer.h"

enum { STREAMS = 20, BIG = 4 << 20 };
static uint8_t bytes[BIG];

static void open_all(struct peer *peer, hws_handle *streams, uint32_t *ids) {
  for (int i = 0; i < STREAMS; i++) streams[i] = peer_is_opened(peer, &ids[i]);
}

/* A send of that stream stays under way: the peer does not read. */
static uint64_t fill_carrier(struct peer *peer, hws_handle stream, uint32_t id) {
  uint64_t sending;

  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, BIG));
  sending = post_send(peer->world, stream, bytes, BIG);
  world_until(peer->world, wire_readable(peer->wire) > 100000);
  return sending;
}

/* What the peer hears of each reset, until all of the data came. */
static void hear_resets(struct peer *peer, uint32_t sender, const uint32_t *ids, unsigned *heard) {
  struct frame frame;

  for (uint64_t data = 0; data < BIG;) {
    assert_true(peer_hear(peer, &frame));
    if (frame.type == FRAME_DATA) {
      assert_int_equal(frame.stream, sender);
      pattern_expect(1, data, peer->body, frame.length);
      data += frame.length;
      continue;
    }
    assert_int_equal(frame.flags, FRAME_RST);
    for (int i = 0; i < STREAMS; i++)
      if (ids[i] == frame.stream) heard[i]++;
  }
}

static void every_reset_arrives(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "write_timeout=3600s");
  hws_handle streams[STREAMS];
  uint32_t ids[STREAMS];
  unsigned heard[STREAMS] = {0};
  uint64_t sending;

  pattern_fill(1, 0, bytes, BIG);
  open_all(peer, streams, ids);
  sending = fill_carrier(peer, streams[0], ids[0]);
  for (int i = 1; i < STREAMS; i++) {
    assert_int_equal(hws_reset(streams[i], HWS_CODE_CANCELED, NULL), HWS_OK);
    world_turn(world);
  }
  hear_resets(peer, ids[0], ids, heard);
  world_await_status(world, sending, HWS_OK);
  for (int i = 1; i < STREAMS; i++) assert_int_equal(heard[i], 1);
  peer_expect_quiet(peer);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(every_reset_arrives),
  };

  return cmocka_run_group_tests_name("reset_blocked", tests, NULL, NULL);
}
