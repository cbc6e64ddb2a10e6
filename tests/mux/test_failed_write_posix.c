/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-19, MUX-21: a write that fails while there is still something to read. A Unix socket can be brought to that; TCP
 * cannot.
 */
#include "tests/mux/peer.h"
#include "tests/mux/wire_posix.h"

/* The peer reads no more, but sends: writes fail at once, and what comes is still read. */
static void failed_write_leaves_reading(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle opener = peer_is_opened(peer, &id);
  hws_handle acceptor = peer_opens(peer, 2);
  hws_handle none = 0;
  wire_refuse(peer->wire);
  int32_t status = HWS_OK;
  world_until(world, (status = send_status(opener)) != HWS_OK);
  assert_status(status, HWS_E_CLOSED);
  assert_status(send_status(acceptor), HWS_E_CANCELED);
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
  assert_status(event.status, HWS_E_CLOSED);
  assert_true(peer_say_data(peer, 0, 1, "still heard", 11));
  assert_true(peer_say_data(peer, FRAME_FIN, 2, "here too", 8));
  expect_bytes(opener, "still heard");
  expect_bytes(acceptor, "here too");
  assert_status(recv_status(acceptor), HWS_E_EOF);
  peer_hang_up(peer);
  assert_status(recv_status(opener), HWS_E_CLOSED);
  peer_close(peer);
}

/* One that neither reads nor ends does not hold the session for long. */
static void failed_write_ends_the_session(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle opener = peer_is_opened(peer, &id);
  uint64_t watching = post_watch(world, peer->session);
  wire_refuse(peer->wire);
  world_until(world, send_status(opener) != HWS_OK);
  world_await_status(world, watching, HWS_E_CLOSED);
  assert_status(recv_status(opener), HWS_E_CLOSED);
  peer_close(peer);
}

/* MUX-19: once nothing can be written, answers do not stand in the way of what can be read. */
static void refusals_nobody_can_hear_do_not_stop_the_reader(void **state) {
  struct world *world = *state;
  enum { OPENS = 3000 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "backlog=1");
  static uint8_t opens[OPENS * FRAME_HEADER_SIZE];
  for (uint32_t i = 0; i < OPENS; i++)
    frame_encode(opens + (size_t)i * FRAME_HEADER_SIZE, &(struct frame){FRAME_WINDOW, FRAME_SYN, 6 + 2 * i, 0});
  hws_handle stream = peer_opens(peer, 2);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 4, 0)); /* fills the backlog */
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 4, 0);
  wire_refuse(peer->wire);
  assert_true(peer_say_raw(peer, opens, sizeof opens));
  assert_true(peer_say_data(peer, 0, 2, "still heard", 11));
  expect_bytes(stream, "still heard");
  assert_status(send_status(stream), HWS_E_CANCELED);
  peer_close(peer);
}

/* MUX-10, MUX-19: streams that come then are taken like those before; nobody would hear that they were refused. */
static void streams_still_arrive(void **state) {
  struct world *world = *state;
  enum { STREAMS = 40 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle before = peer_opens(peer, 2);
  wire_refuse(peer->wire);
  int32_t status = HWS_OK;
  world_until(world, (status = send_status(before)) != HWS_OK);
  for (uint32_t i = 0; i < STREAMS; i++) {
    assert_true(peer_say_data(peer, FRAME_SYN, 4 + 2 * i, "arrived", 7));
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 4 + 2 * i, 0));
  }
  peer_hang_up(peer);
  for (uint32_t i = 0; i < STREAMS; i++) {
    hws_handle stream = accept_stream(peer->session);
    expect_bytes(stream, "arrived");
    assert_status(recv_status(stream), HWS_E_EOF);
    assert_status(send_status(stream), HWS_E_CANCELED);
    close_handle(stream);
  }
  assert_int_equal(stat_of(peer->session, "streams_refused"), 0);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {BOTH_MODES(failed_write_leaves_reading), BOTH_MODES(failed_write_ends_the_session),
                                     BOTH_MODES(refusals_nobody_can_hear_do_not_stop_the_reader),
                                     BOTH_MODES(streams_still_arrive)};
  return cmocka_run_group_tests_name("failed write", tests, NULL, NULL);
}
