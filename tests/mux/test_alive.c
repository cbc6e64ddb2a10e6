/* SPDX-License-Identifier: Apache-2.0
 *
 * Time in a session. MUX-16: keep-alive. Streams that linger, writes that stall.
 *
 * Limits are short where a test waits for them to pass, and long where it must not be beaten by them.
 */
#include "tests/mux/peer.h"

#include <stdlib.h>
#include <string.h>

static uint8_t bytes[8 << 20];

/* One ping at a time, a new number each, and the round trip is measured. */
static void pings_measure_the_round_trip(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=10ms&keepalive_timeout=60s");
  uint32_t last = 0;
  peer->keeps_pings = true;
  for (int i = 0; i < 5; i++) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.type, FRAME_PING);
    assert_int_equal(frame.flags, FRAME_SYN);
    assert_true(i == 0 || frame.length != last);
    last = frame.length;
    uint64_t until = hws_now() + 2 * MILLISECOND;
    while (hws_now() < until) world_turn(world);
    peer->pinged = false;
    assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, frame.length));
    world_until(world, stat_of(peer->session, "rtt_ns") >= 2 * MILLISECOND);
  }
  assert_true(stat_of(peer->session, "pings_out") >= 5);
  peer_close(peer);
}

/* A peer that says other things but does not answer is alive, and is not asked twice. */
static void a_second_ping_waits_for_the_first(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=5ms&keepalive_timeout=60s&useless_rate=1000000000");
  struct frame frame;
  peer->keeps_pings = true;
  assert_true(peer_hear(peer, &frame));
  uint64_t until = hws_now() + 100 * MILLISECOND;
  while (hws_now() < until) {
    assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, frame.length + 1)); /* not the answer */
    world_turn(world);
    assert_false(peer_hear_now(peer, &frame));
  }
  assert_int_equal(stat_of(peer->session, "pings_out"), 1);
  peer_close(peer);
}

static void wait_for(struct world *world, uint64_t ns) {
  for (uint64_t until = hws_now() + ns; hws_now() < until;) world_turn(world);
}

/* One that sniffs says nothing before its peer does, and has a limit of its own for that. */
static void one_that_sniffs_asks_nothing(void **state) {
  struct world *world = *state;
  struct frame frame;
  struct peer *peer =
      peer_open_in(world, HWS_MODE_AUTO, HWS_ROLE_CLIENT, "sniff=1&handshake=60s&keepalive=5ms&keepalive_timeout=10ms");
  wait_for(world, 60 * MILLISECOND);
  assert_false(peer_hear_now(peer, &frame));
  assert_int_equal(stat_of(peer->session, "pings_out"), 0);
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_close(peer);
}

/* One that was closed has another limit (`drain`): it asks no more, and an answer that still comes is none too many. */
static void one_that_drains_asks_nothing(void **state) {
  struct world *world = *state;
  struct frame frame;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=50ms&keepalive_timeout=2s&drain=60s");
  hws_handle stream = peer_opens(peer, 2);
  peer->keeps_pings = true;
  uint64_t sending = post_send(world, stream, bytes, WINDOW_INITIAL);
  for (uint64_t heard = 0; heard < WINDOW_INITIAL || !peer->pinged;) {
    assert_true(peer_hear(peer, &frame));
    heard += frame.type == FRAME_DATA ? frame.length : 0;
  }
  assert_int_equal(frame.type, FRAME_PING);
  world_await_status(world, sending, HWS_OK);
  send_all(stream, "taken", 5);
  uint64_t closing = post_close(world, stream);
  uint64_t ending = post_close(world, peer->session);
  wait_for(world, 2500 * MILLISECOND);
  peer->pinged = false;
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, frame.length));
  wait_for(world, 100 * MILLISECOND);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 2, 5));
  peer_expect_data(peer, 2, "taken");
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
  world_await_status(world, closing, HWS_OK);
  peer_hang_up(peer);
  world_await_status(world, ending, HWS_OK);
  free(peer);
}

static void silence_ends_the_session(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=20ms&keepalive_timeout=30ms");
  uint32_t id = 0;
  uint8_t byte;
  hws_handle opener = open_stream(peer->session);
  hws_handle acceptor = 0;
  (void)id;
  assert_true(peer_say_data(peer, FRAME_SYN, 2, "last words", 10));
  acceptor = accept_stream(peer->session);
  uint64_t began = hws_now();
  uint64_t watching = post_watch(world, peer->session);
  uint64_t receiving = post_recv(world, opener, &byte, 1);
  world_await_status(world, watching, HWS_E_TIMEOUT);
  world_await_status(world, receiving, HWS_E_TIMEOUT);
  assert_true(hws_now() - began >= 30 * MILLISECOND);
  expect_detail(peer->session, HWS_E_TIMEOUT, "the peer was silent");
  expect_bytes(acceptor, "last words");
  assert_status(recv_status(acceptor), HWS_E_TIMEOUT);
  peer_close(peer);
}

/* Any byte is a sign of life, also one of a header that is not whole. */
static void any_byte_is_life(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=20ms&keepalive_timeout=1s");
  hws_handle stream = peer_opens(peer, 2);
  uint8_t said[FRAME_HEADER_SIZE + 40] = {0};
  frame_encode(said, &(struct frame){FRAME_DATA, 0, 2, 40});
  uint64_t began = hws_now();
  for (size_t i = 0; i < sizeof said; i++) {
    assert_true(peer_say_raw(peer, said + i, 1));
    uint64_t until = hws_now() + 40 * MILLISECOND;
    while (hws_now() < until) world_turn(world);
  }
  assert_true(hws_now() - began > 2 * SECOND);
  assert_status(detail_of(peer->session).status, HWS_OK);
  recv_exactly(stream, said, 40);
  peer_close(peer);
}

static void no_pings_where_none_are_wanted(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=0&keepalive_timeout=1ms");
  uint64_t until = hws_now() + 50 * MILLISECOND;
  peer->keeps_pings = true;
  while (hws_now() < until) world_turn(world);
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "pings_out"), 0);
  peer_close(peer);
}

/* A stream that was closed here, and whose peer stays silent, is reset after a while: data for it has nowhere to go. */
static void closed_stream_is_reset_after_a_while(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, TEST_SLOWNESS > 1 ? "linger=400ms" : "linger=40ms");
  hws_handle streams[3];
  uint32_t id = 0;
  uint64_t began = hws_now();
  for (uint32_t i = 0; i < 3; i++) {
    streams[i] = peer_is_opened(peer, &id);
    close_handle(streams[i]);
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  }
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 3, 0)); /* this one ends as it should */
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 1, HWS_CODE_CANCELED);
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 5, HWS_CODE_CANCELED);
  assert_true(hws_now() - began >= 40 * MILLISECOND);
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams"), 0);
  peer_close(peer);
}

/* Never from a half-close: the peer may take its time. */
static void half_closed_stream_is_not_reset(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=10ms");
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  shut_down(stream);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  uint64_t until = hws_now() + 100 * MILLISECOND;
  while (hws_now() < until) world_turn(world);
  peer_expect_quiet(peer);
  assert_true(peer_say_data(peer, FRAME_FIN, id, "at last", 7));
  expect_bytes(stream, "at last");
  peer_close(peer);
}

/* A close that waits for credit lingers no longer than that, and its event comes. */
static void close_without_credit_ends_after_a_while(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, TEST_SLOWNESS > 1 ? "linger=400ms" : "linger=40ms");
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(6, 0, bytes, WINDOW_INITIAL);
  uint64_t sending = post_send(world, stream, bytes, WINDOW_INITIAL);
  peer_expect_pattern(peer, id, 6, 0, WINDOW_INITIAL);
  world_await_status(world, sending, HWS_OK);
  send_all(stream, "taken", 5);
  uint64_t closing = post_close(world, stream);
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, id, HWS_CODE_CANCELED);
  world_await(world, closing);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* A write that makes no progress ends the session and wakes everyone. */
static void stalled_write_ends_the_session(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "write_timeout=60ms");
  uint32_t id = 0;
  uint8_t byte;
  hws_handle stream = peer_is_opened(peer, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, sizeof bytes));
  assert_true(peer_say_data(peer, 0, id, "x", 1));
  expect_bytes(stream, "x");
  uint64_t sending = post_send(world, stream, bytes, sizeof bytes);
  uint64_t receiving = post_recv(world, stream, &byte, 1);
  struct hws_event event = world_await_status(world, sending, HWS_E_TIMEOUT);
  assert_true(event.bytes < sizeof bytes);
  world_await_status(world, receiving, HWS_E_TIMEOUT);
  expect_detail(peer->session, HWS_E_TIMEOUT, "a write made no progress");
  peer_close(peer);
}

/* One that is slow, but goes on, does not. */
static void slow_write_goes_on(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "write_timeout=2s");
  uint32_t id = 0;
  uint64_t heard = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, sizeof bytes));
  pattern_fill(5, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stream, bytes, sizeof bytes);
  uint64_t began = hws_now();
  while (heard < sizeof bytes) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    pattern_expect(5, heard, peer->body, frame.length);
    heard += frame.length;
    uint64_t until = hws_now() + 20 * MILLISECOND;
    while (hws_now() < until) world_turn(world);
  }
  assert_true(hws_now() - began > 2 * SECOND);
  world_await_status(world, sending, HWS_OK);
  peer_close(peer);
}

/* ---- MUX-27: progress is what the peer's side took, not what our side of the carrier took ---- */

enum { SIP = 40 * 1024 };

/* The peer reads that much at a time, for so long. */
static void sip(struct peer *peer, uint64_t apart, uint64_t lasting) {
  static uint8_t sink[SIP];
  for (uint64_t began = hws_now(); hws_now() < began + lasting;) {
    (void)wire_recv(peer->wire, sink, sizeof sink);
    for (uint64_t until = hws_now() + apart; hws_now() < until;) world_turn(peer->world);
  }
}

/* A full socket of the system's takes nothing more until most of it is empty, and a ping waits behind all of it. */
static void slow_reader_lives(void **state, const char *settings) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, settings);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, sizeof bytes));
  (void)post_send(world, stream, bytes, sizeof bytes);
  sip(peer, 600 * MILLISECOND, 5 * SECOND);
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_close(peer);
}

static void slow_reader_is_no_stall(void **state) {
  slow_reader_lives(state, "keepalive=0&write_timeout=2s");
}

static void slow_reader_is_not_silent(void **state) {
  slow_reader_lives(state, "write_timeout=1000s&keepalive=500ms&keepalive_timeout=1500ms");
}

/* A system takes bytes for a process that hangs: once the ping has arrived only the peer itself counts. */
static void taking_without_a_word_is_silence(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=100ms&keepalive_timeout=300ms");
  static uint8_t sink[4096];
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  uint64_t watching = post_watch(world, peer->session);
  uint64_t until = hws_now() + LIMIT_NS;
  struct hws_event event;
  while (!world_has(world, watching, &event)) {
    assert_true(hws_now() < until);
    if (stat_of(peer->session, "bytes_out") < WINDOW_INITIAL) (void)send_status(stream);
    (void)wire_recv(peer->wire, sink, sizeof sink);
    world_turn(world);
  }
  assert_status(event.status, HWS_E_TIMEOUT);
  expect_detail(peer->session, HWS_E_TIMEOUT, "the peer was silent");
  peer_close(peer);
}

/* A session on a stream of another: what waits there behind the bytes of others moves with these, and stands with them.
 */
static void an_inner_session_waits_its_turn(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=0&write_timeout=1000s");
  uint32_t id = 0;
  hws_handle crowd = peer_is_opened(peer, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, sizeof bytes));
  hws_handle inner = session_of(peer_is_opened(peer, &id), HWS_ROLE_CLIENT,
                                "write_timeout=1500ms&keepalive=500ms&keepalive_timeout=1500ms");
  (void)post_send(world, crowd, bytes, sizeof bytes);
  hws_handle stream = open_stream(inner);
  uint64_t sending = post_send(world, stream, bytes, WINDOW_INITIAL);
  uint64_t watching = post_watch(world, inner);
  sip(peer, 400 * MILLISECOND, 4 * SECOND);
  assert_status(detail_of(inner).status, HWS_OK);
  world_await_status(world, watching, HWS_E_TIMEOUT);
  world_await(world, sending);
  assert_status(detail_of(peer->session).status, HWS_OK);
  abort_handle(stream);
  abort_handle(inner);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(pings_measure_the_round_trip),
      BOTH_MODES(one_that_sniffs_asks_nothing),
      BOTH_MODES(one_that_drains_asks_nothing),
      BOTH_MODES(a_second_ping_waits_for_the_first),
      BOTH_MODES(silence_ends_the_session),
      BOTH_MODES(any_byte_is_life),
      BOTH_MODES(no_pings_where_none_are_wanted),
      BOTH_MODES(closed_stream_is_reset_after_a_while),
      BOTH_MODES(half_closed_stream_is_not_reset),
      BOTH_MODES(close_without_credit_ends_after_a_while),
      BOTH_MODES(stalled_write_ends_the_session),
      BOTH_MODES(slow_write_goes_on),
      cmocka_unit_test_setup_teardown(slow_reader_is_no_stall, world_threaded, world_close),
      BOTH_MODES(slow_reader_is_not_silent),
      BOTH_MODES(taking_without_a_word_is_silence),
      BOTH_MODES(an_inner_session_waits_its_turn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
