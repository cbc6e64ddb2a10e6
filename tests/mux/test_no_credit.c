/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits where the peer grants nothing: the end of a message, which costs a byte of credit (MUX-23), a close behind
 * it (MUX-26), and the question whether one could send.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/mux/peer.h"

enum { TAKEN = 65536 }; /* unsent_max of these sessions */
static uint8_t bytes[WINDOW_INITIAL + TAKEN];

static void grant(struct peer *peer, uint32_t id, uint32_t credit) {
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, credit));
}

/* Use up all but so much of what the peer grants from the beginning. */
static void use_up(struct peer *peer, hws_handle stream, uint32_t id, uint32_t window, uint32_t left) {
  pattern_fill(id, 0, bytes, window);
  uint64_t sending = post_send(peer->world, stream, bytes, window - left);
  peer_expect_pattern(peer, id, id, 0, window - left);
  world_await_status(peer->world, sending, HWS_OK);
}

/* A message that is taken at once. */
static void send_message(hws_handle stream, const void *message, size_t length) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY | HWS_EOM};
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)message, .len = length};
  struct hws_event event;
  assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(event.bytes, length);
}

/* Its bytes leave as they may, and the end with the last of them, or alone when there was a byte too little. */
static void ends_of_messages_wait(void **state) {
  struct world *world = *state;
  enum { LENGTH = 1000, LEFT = 300 };
  for (uint32_t missing = 0; missing < 2; missing++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    hws_handle stream = peer_opens_native(peer, 2);
    use_up(peer, stream, 2, NATIVE_INITIAL, LEFT);
    pattern_fill(9, 0, bytes, LENGTH);
    send_message(stream, bytes, LENGTH);
    peer_expect(peer, FRAME_DATA, 0, 2, LEFT);
    peer_expect_quiet(peer);
    grant(peer, 2, LENGTH - LEFT + 1 - missing);
    peer_expect(peer, FRAME_DATA, missing ? 0 : FRAME_EOM, 2, LENGTH - LEFT);
    peer_expect_quiet(peer);
    if (missing) grant(peer, 2, 1);
    if (missing) peer_expect(peer, FRAME_DATA, FRAME_EOM, 2, 0);
    assert_int_equal(peer_stream(peer, 2)->messages, 1);
    peer_close(peer);
  }
}

/* A session that is closed owes the end of a message like any byte that it took: no go-away before it. */
static void closes_wait_for_ends_of_messages(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens_native(peer, 2);
  use_up(peer, stream, 2, NATIVE_INITIAL, 0);
  send_message(stream, "", 0);
  uint64_t closing = post_close(world, stream);
  uint64_t ending = post_close(world, peer->session);
  peer_expect_quiet(peer);
  grant(peer, 2, 1);
  peer_expect(peer, FRAME_DATA, FRAME_EOM, 2, 0);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
  assert_int_equal(world_await_status(world, closing, HWS_OK).data, 0);
  peer_hang_up(peer);
  assert_int_equal(world_await_status(world, ending, HWS_OK).data, 0);
  free(peer);
}

/* Where only a part of a first message is taken its end is for the rest to say. */
static void opens_end_no_part_of_a_message(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "unsent_max=64k");
  struct hws_vec payload = {.ptr = bytes, .len = sizeof bytes};
  struct hws_open_config config = {.size = sizeof config, .payload = &payload, .payload_count = 1};
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY | HWS_EOM};
  struct hws_event event;
  hws_handle stream = 0;
  assert_int_equal(hws_open(peer->session, &config, &how, &event, NULL, &stream), 1);
  assert_status(event.status, HWS_OK);
  assert_in_range(event.bytes, 1, sizeof bytes - 1);
  struct frame frame;
  for (uint64_t heard = 0; heard < event.bytes && heard < NATIVE_INITIAL;) {
    assert_true(peer_hear(peer, &frame));
    assert_false(frame.flags & FRAME_EOM);
    heard += frame.type == FRAME_OPEN ? frame.length - OPEN_FIXED_SIZE : frame.length;
  }
  assert_int_equal(peer_stream(peer, 1)->messages, 0);
  peer_close(peer);
}

/* HWS_MORE with the end of a message holds nothing back: a message is to be had whole. */
static void the_end_of_a_message_is_not_held_back(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens_native(peer, 2);
  struct hws_how how = how_queue(world);
  struct hws_vec vec = {.ptr = "a message", .len = 9};
  how.flags |= HWS_MORE | HWS_EOM;
  assert_int_equal(hws_send(stream, &vec, 1, &how, NULL, NULL), 0);
  peer_expect(peer, FRAME_DATA, FRAME_EOM, 2, 9);
  world_await_status(world, how.tag, HWS_OK);
  peer_close(peer);
}

/* All that the session takes is taken, of a stream without credit. Nobody writes, so another's byte would leave at
 * once: the answer is yes. */
static void questions_do_not_wait_for_those_without_credit(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "unsent_max=64k");
  hws_handle full = peer_opens(peer, 2), other = peer_opens(peer, 4);
  use_up(peer, full, 2, WINDOW_INITIAL, 0);
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = bytes, .len = TAKEN};
  struct hws_event event;
  assert_int_equal(hws_send(full, &vec, 1, &how, &event, NULL), 1);
  assert_int_equal(event.bytes, TAKEN);
  assert_int_equal(hws_send(full, &vec, 1, &how, &event, NULL), HWS_E_AGAIN);
  world_await_status(world, post_send(world, other, NULL, 0), HWS_OK);
  uint64_t asking = post_send(world, full, NULL, 0);
  uint64_t sending = post_send(world, other, bytes, 5);
  peer_expect(peer, FRAME_DATA, 0, 4, 5);
  world_await_status(world, sending, HWS_OK);
  assert_false(world_has(world, asking, &event)); /* that one has no credit */
  grant(peer, 2, TAKEN + 1);
  world_await_status(world, asking, HWS_OK);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(opens_end_no_part_of_a_message),
      BOTH_MODES(ends_of_messages_wait),
      BOTH_MODES(closes_wait_for_ends_of_messages),
      BOTH_MODES(the_end_of_a_message_is_not_held_back),
      BOTH_MODES(questions_do_not_wait_for_those_without_credit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
