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

int main(void) {
  const struct CMUnitTest tests[] = {BOTH_MODES(failed_write_leaves_reading),
                                     BOTH_MODES(failed_write_ends_the_session)};
  return cmocka_run_group_tests_name("failed write", tests, NULL, NULL);
}
