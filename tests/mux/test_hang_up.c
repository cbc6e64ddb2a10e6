/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-11, MUX-20: a peer that hangs up in the middle of what we send. Nothing of what is closed then waits for a
 * time-out.
 */
#include "tests/mux/peer.h"

#include <pthread.h>

/* Well below the five seconds that an endpoint grants a plugin, and the shortest time-out of a session. */
#define PROMPT_NS (4 * SECOND)

enum { ROUNDS = 3000 / TEST_SLOWNESS };

/* The peer hangs up the moment it has read something: while who sent that is still on the way out of its send. */
static void *hang_up(void *argument) {
  struct peer *peer = argument;
  const uint64_t until = hws_now() + LIMIT_NS;
  uint8_t bytes[64];

  while (wire_recv(peer->wire, bytes, sizeof bytes) <= 0 && hws_now() < until) {
  }
  peer_hang_up(peer);
  return NULL;
}

/* Whether the bytes left before the peer did is a matter of luck; a close tells which it was (MUX-26). */
static void expect_close(struct world *world, hws_handle object) {
  struct hws_event event = world_await(world, post_close(world, object));

  assert_status(event.status, event.data ? HWS_E_CLOSED : HWS_OK);
  assert_true(event.data <= 4);
}

static void closes_are_prompt(void **state) {
  struct world *world = *state;

  for (unsigned round = 0; round < ROUNDS; round++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    const hws_handle stream = peer_is_opened(peer, &id);
    pthread_t thread;
    uint64_t begin;

    assert_int_equal(pthread_create(&thread, NULL, hang_up, peer), 0);
    send_all(stream, "drop", 4);
    assert_status(recv_status(stream), HWS_E_CLOSED);
    begin = hws_now();
    expect_close(world, stream);
    expect_close(world, peer->session);
    assert_true(hws_now() - begin < PROMPT_NS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    peer->session = 0;
    peer_close(peer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(closes_are_prompt),
  };

  return cmocka_run_group_tests_name("hang_up", tests, NULL, NULL);
}
