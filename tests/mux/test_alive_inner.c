/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-27: what the peer says to an inner session comes behind what it says to others.
 */
#include "tests/mux/peer.h"

static uint8_t bytes[1024 * 1024];

/* It says that much more for another stream, which is read. */
static void say_to_another(struct peer *peer, hws_handle crowd, uint32_t length) {
  static uint8_t sink[64 * 1024];
  struct frame frame;
  assert_true(peer_say_data(peer, 0, 4, bytes, length));
  recv_exactly(crowd, sink, length);
  while (peer_hear_now(peer, &frame)) {
  }
}

static struct peer *inner_open(struct world *world, uint32_t mode, const char *settings, hws_handle *inner,
                               hws_handle *crowd) {
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=0&write_timeout=1000s");
  hws_handle carrier = peer_opens(peer, 2);
  *crowd = peer_opens(peer, 4);
  *inner = session_in(carrier, mode, HWS_ROLE_SERVER, settings);
  return peer;
}

/* As long as others' bytes come, for a while; then without them. */
static void busy_connection_is_no_silence(struct world *world, uint32_t mode, const char *settings, const char *why) {
  hws_handle inner, crowd;
  struct peer *peer = inner_open(world, mode, settings, &inner, &crowd);
  uint64_t watching = post_watch(world, inner);
  for (uint64_t began = hws_now(); hws_now() < began + 3 * SECOND;) {
    say_to_another(peer, crowd, 10);
    for (uint64_t until = hws_now() + 50 * MILLISECOND; hws_now() < until;) world_turn(world);
  }
  assert_status(detail_of(inner).status, HWS_OK);
  world_await_status(world, watching, HWS_E_TIMEOUT);
  expect_detail(inner, HWS_E_TIMEOUT, why);
  assert_status(detail_of(peer->session).status, HWS_OK);
  abort_handle(inner);
  peer_close(peer);
}

static void inner_keepalive_sees_others_bytes(void **state) {
  busy_connection_is_no_silence(*state, HWS_MODE_YAMUX, "keepalive=100ms&keepalive_timeout=1s", "the peer was silent");
}

static void inner_handshake_sees_others_bytes(void **state) {
  busy_connection_is_no_silence(*state, HWS_MODE_NATIVE, "keepalive=0&handshake=1s", "did not introduce itself");
}

/* Credit for a write that stands comes as late. */
static void inner_write_sees_others_bytes(void **state) {
  struct world *world = *state;
  hws_handle inner, crowd;
  struct peer *peer = inner_open(world, HWS_MODE_YAMUX, "keepalive=0&write_timeout=1s", &inner, &crowd);
  struct frame frame;
  uint64_t watching = post_watch(world, inner);
  hws_handle streams[2] = {open_stream(inner), open_stream(inner)}; /* together they send more than the window below */
  for (int i = 0; i < 2; i++) (void)post_send(world, streams[i], bytes, WINDOW_INITIAL);
  for (uint64_t began = hws_now(); hws_now() < began + 3 * SECOND;) {
    say_to_another(peer, crowd, 10);
    for (uint64_t until = hws_now() + 50 * MILLISECOND; hws_now() < until;) {
      while (peer_hear_now(peer, &frame)) {
      }
      world_turn(world);
    }
  }
  assert_status(detail_of(inner).status, HWS_OK);
  world_await_status(world, watching, HWS_E_TIMEOUT);
  expect_detail(inner, HWS_E_TIMEOUT, "a write made no progress");
  for (int i = 0; i < 2; i++) abort_handle(streams[i]);
  abort_handle(inner);
  peer_close(peer);
}

/* One that never says a word is found all the same: others' bytes count for a while only ... */
static void silence_among_others_is_found(void **state) {
  struct world *world = *state;
  const char *settings[] = {"keepalive=50ms&keepalive_timeout=50ms", "keepalive=0&handshake=50ms"};
  for (int i = 0; i < 2; i++) {
    hws_handle inner, crowd;
    struct peer *peer = inner_open(world, i ? HWS_MODE_NATIVE : HWS_MODE_YAMUX, settings[i], &inner, &crowd);
    uint64_t watching = post_watch(world, inner);
    uint64_t until = hws_now() + LIMIT_NS;
    struct hws_event event;
    while (!world_has(world, watching, &event)) {
      assert_true(hws_now() < until);
      say_to_another(peer, crowd, 10);
      world_turn(world);
    }
    assert_status(event.status, HWS_E_TIMEOUT);
    abort_handle(inner);
    peer_close(peer);
  }
}

/* ... and no more than can have stood before its word. */
static void more_than_can_be_under_way_is_silence(void **state) {
  struct world *world = *state;
  hws_handle inner, crowd;
  struct peer *peer = inner_open(world, HWS_MODE_NATIVE, "keepalive=0&handshake=2s", &inner, &crowd);
  uint64_t watching = post_watch(world, inner);
  struct hws_event event;
  uint64_t began = hws_now();
  for (uint32_t said = 0; said < 17 * 1024 * 1024; said += 64 * 1024) say_to_another(peer, crowd, 64 * 1024);
  while (!world_has(world, watching, &event)) {
    say_to_another(peer, crowd, 10);
    assert_true(hws_now() < began + 50 * SECOND); /* others' bytes alone would do for 60 */
    world_turn(world);
  }
  assert_status(event.status, HWS_E_TIMEOUT);
  abort_handle(inner);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(inner_keepalive_sees_others_bytes),     BOTH_MODES(inner_handshake_sees_others_bytes),
      BOTH_MODES(inner_write_sees_others_bytes),         BOTH_MODES(silence_among_others_is_found),
      BOTH_MODES(more_than_can_be_under_way_is_silence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
