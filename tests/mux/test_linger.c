/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream that was closed here goes on until its peer has had all of it: only a peer that is silent has a limit
 * (`linger`). MUX-26: what was taken arrives, or its loss is told.
 */
#include "tests/mux/peer.h"

#include <stdlib.h>

enum { PART = 10000, PARTS = 6 };
static uint8_t bytes[WINDOW_INITIAL + PART * PARTS];

/* The peer opened a stream; the application sends more than there is credit for, and closes. */
static uint64_t send_and_close(struct peer *peer, bool ended) {
  hws_handle stream = peer_opens(peer, 2);
  if (ended) assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 2, 0));
  pattern_fill(1, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(peer->world, stream, bytes, WINDOW_INITIAL);
  peer_expect_pattern(peer, 2, 1, 0, WINDOW_INITIAL);
  world_await_status(peer->world, sending, HWS_OK);
  for (int i = 0; i < PARTS; i++) send_all(stream, bytes + WINDOW_INITIAL + (size_t)i * PART, PART);
  return post_close(peer->world, stream);
}

static void wait_for(struct world *world, uint64_t ns) {
  for (uint64_t until = hws_now() + ns; hws_now() < until;) world_turn(world);
}

/* It takes longer than `linger` to read, and says so by its credit: whether its own direction has ended or not. */
static void slow_readers_get_all(void **state) {
  struct world *world = *state;
  for (int ended = 0; ended < 2; ended++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=2s");
    uint64_t closing = send_and_close(peer, ended);
    for (int i = 0; i < PARTS; i++) {
      wait_for(world, SECOND / 2);
      assert_true(peer_say(peer, FRAME_WINDOW, 0, 2, PART));
      peer_expect_pattern(peer, 2, 1, WINDOW_INITIAL + (uint64_t)i * PART, PART);
    }
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
    assert_int_equal(world_await_status(world, closing, HWS_OK).data, 0);
    peer_close(peer);
  }
}

/* One that takes nothing is given up, and the close tells what it has not had. */
static void silent_ones_are_given_up(void **state) {
  struct world *world = *state;
  for (int ended = 0; ended < 2; ended++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=50ms");
    uint64_t closing = send_and_close(peer, ended);
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2, HWS_CODE_CANCELED);
    struct hws_event event = world_await_status(world, closing, HWS_E_TIMEOUT);
    assert_int_equal(event.data, PART * PARTS);
    peer_close(peer);
  }
}

/* What comes for a closed stream does not take from the peer what it is still to be sent, and earns credit: it may be
 * waiting for that before it reads. */
static void data_does_not_cut_a_close_short(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint64_t closing = send_and_close(peer, false);
  for (uint32_t half = 0; half < 2; half++) {
    for (uint32_t said = 0; said < WINDOW_INITIAL / 2; said += 65536)
      assert_true(peer_say_data(peer, 0, 2, bytes, 65536));
    peer_expect(peer, FRAME_WINDOW, 0, 2, WINDOW_INITIAL / 2);
  }
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 2, PART * PARTS));
  peer_expect_pattern(peer, 2, 1, WINDOW_INITIAL, (size_t)PART * PARTS);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  world_await_status(world, closing, HWS_OK);
  peer_close(peer);
}

/* The same in native, where the peer can be told at once that nobody reads. */
static void data_stops_in_native(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens_native(peer, 2);
  pattern_fill(1, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stream, bytes, NATIVE_INITIAL);
  peer_expect_pattern(peer, 2, 1, 0, NATIVE_INITIAL);
  world_await_status(world, sending, HWS_OK);
  send_all(stream, bytes + NATIVE_INITIAL, PART);
  uint64_t closing = post_close(world, stream);
  assert_true(peer_say_data(peer, 0, 2, "late", 4));
  peer_expect_reset(peer, 2, HWS_CODE_CANCELED, RESET_STOP, "");
  assert_true(peer_say_data(peer, 0, 2, "later", 5));
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 2, PART));
  peer_expect_pattern(peer, 2, 1, NATIVE_INITIAL, PART);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  world_await_status(world, closing, HWS_OK);
  peer_close(peer);
}

/* The end that a shutdown asked for stands behind a send that the close ends: it is said all the same. */
static void the_end_of_a_shutdown_is_said(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=3600s");
  hws_handle stream = peer_opens(peer, 2);
  pattern_fill(1, 0, bytes, sizeof bytes);
  uint64_t filling = post_send(world, stream, bytes, WINDOW_INITIAL);
  peer_expect_pattern(peer, 2, 1, 0, WINDOW_INITIAL);
  world_await_status(world, filling, HWS_OK);
  /* More than is copied, so that it pends for want of credit. */
  uint8_t *more = calloc(1, 4U << 20);
  assert_non_null(more);
  uint64_t sending = post_send(world, stream, more, 4U << 20);
  uint64_t shutting = post_shutdown(world, stream);
  uint64_t closing = post_close(world, stream);
  struct hws_event sent = world_await_status(world, sending, HWS_E_CLOSED);
  world_await_status(world, shutting, HWS_E_CLOSED);
  assert_int_equal(sent.bytes, 0);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  world_await_status(world, closing, HWS_OK);
  free(more);
  peer_close(peer);
}

/* Each lingers for its own time, and the first that is over takes no other with it. */
static void each_has_its_own_time(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=600ms");
  hws_handle first = peer_opens(peer, 2), second = peer_opens(peer, 4);
  uint64_t began = hws_now();
  uint64_t closing[] = {post_close(world, first), 0};
  wait_for(world, 300 * MILLISECOND);
  closing[1] = post_close(world, second);
  uint64_t later = hws_now();
  for (uint32_t id = 2; id <= 4; id += 2) peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2, HWS_CODE_CANCELED);
  assert_true(hws_now() - began >= 600 * MILLISECOND);
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 4, HWS_CODE_CANCELED);
  assert_true(hws_now() - later >= 600 * MILLISECOND);
  for (int i = 0; i < 2; i++) world_await_status(world, closing[i], HWS_OK); /* all that was taken had gone */
  peer_close(peer);
}

/* What holds a stream up is the carrier, which has limits of its own: its peer is not silent, it cannot have it yet. */
static void what_waits_for_the_carrier_is_not_given_up(void **state) {
  struct world *world = *state;
  enum { BIG = 8 << 20, LINGER_MS = 50 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=50ms&write_timeout=60s");
  hws_handle big = peer_opens(peer, 2), small = peer_opens(peer, 4);
  uint8_t *much = calloc(1, BIG);
  assert_non_null(much);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 2, BIG));
  uint64_t sending = post_send(world, big, much, BIG);
  world_until(world, wire_readable(peer->wire) > 100000); /* the carrier is full */
  send_all(small, "waits", 5);
  uint64_t closing = post_close(world, small);
  wait_for(world, UINT64_C(4) * LINGER_MS * MILLISECOND);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 4, 0));
  struct frame frame = {0};
  uint64_t heard = 0;
  bool said = false, ended = false;
  while (heard < BIG || !ended) {
    assert_true(peer_hear(peer, &frame));
    assert_false(frame.flags & FRAME_RST);
    if (frame.stream == 2) heard += frame.length;
    if (frame.stream == 4) said = said || frame.length == 5;
    ended = ended || (frame.flags & FRAME_FIN);
  }
  assert_true(said);
  world_await_status(world, sending, HWS_OK);
  assert_int_equal(world_await_status(world, closing, HWS_OK).data, 0);
  free(much);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(slow_readers_get_all),
      BOTH_MODES(silent_ones_are_given_up),
      BOTH_MODES(data_does_not_cut_a_close_short),
      BOTH_MODES(data_stops_in_native),
      BOTH_MODES(the_end_of_a_shutdown_is_said),
      BOTH_MODES(each_has_its_own_time),
      BOTH_MODES(what_waits_for_the_carrier_is_not_given_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
