/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-26, MUX-10: what comes for a stream that its application has closed without having read all of it. The peer
 * learns of it, or at least gets on: two that close face to face do not wait for each other.
 */
#include <string.h>

#include "tests/mux/peer.h"

enum { PIECE = 16 * 1024, DROPPED_MAX = 1 << 20 };
static uint8_t bytes[WINDOW_INITIAL];

static const uint32_t modes[] = {HWS_MODE_YAMUX, HWS_MODE_NATIVE};

/* No limit of time is ever reached. */
static struct pair sessions_in(struct world *world, uint32_t mode) {
  static const char settings[] = "drain=3600s&linger=3600s&keepalive=0";
  struct pair raw = pair_raw(world, LOCAL);
  return (struct pair){.client = session_in(raw.client, mode, HWS_ROLE_CLIENT, settings),
                       .server = session_in(raw.server, mode, HWS_ROLE_SERVER, settings)};
}

/* Send until nothing is taken any more; turns in between, so that what the peer lets come has gone. */
static void fill(struct world *world, hws_handle stream) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = bytes, .len = PIECE};
  struct hws_event event;
  for (int idle = 0; idle < 20;) {
    bool taken = hws_send(stream, &vec, 1, &how, &event, NULL) == 1 && event.status == HWS_OK;
    idle = taken ? 0 : idle + 1;
    if (!taken) world_turn(world);
  }
}

/* Both have sent what goes, neither has read. */
static struct pair stand_face_to_face(struct world *world, const struct pair *sessions) {
  struct pair streams = {.client = open_stream(sessions->client)};
  send_all(streams.client, "x", 1);
  streams.server = accept_stream(sessions->server);
  fill(world, streams.client);
  fill(world, streams.server);
  return streams;
}

static void hear_of_closes(struct world *world, const uint64_t tags[2], int32_t wanted) {
  for (int i = 0; i < 2; i++) {
    struct hws_event event = world_await_status(world, tags[i], wanted);
    assert_int_equal(event.data != 0, wanted != HWS_OK);
    if (wanted != HWS_OK) assert_true(event.flags & HWS_EVENT_REMOTE);
  }
}

/* In native each hears that the other does not read, and its close tells what that cost. In plain yamux nothing can say
 * so: all of it is sent, and dropped there. */
static void closes_of_streams_face_to_face(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 2; i++) {
    struct pair sessions = sessions_in(world, modes[i]);
    struct pair streams = stand_face_to_face(world, &sessions);
    uint64_t closing[2] = {post_close(world, streams.client), post_close(world, streams.server)};
    hear_of_closes(world, closing, modes[i] == HWS_MODE_NATIVE ? HWS_E_RESET : HWS_OK);
    uint64_t ending[2] = {post_close(world, sessions.client), post_close(world, sessions.server)};
    hear_of_closes(world, ending, HWS_OK);
  }
}

/* The streams are the sessions' to end: what was taken is sent, and dropped there. Whoever is through first hangs up,
 * and the other may not be through yet. */
static void closes_of_sessions_face_to_face(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 2; i++) {
    struct pair sessions = sessions_in(world, modes[i]);
    struct pair streams = stand_face_to_face(world, &sessions);
    uint64_t ending[2] = {post_close(world, sessions.client), post_close(world, sessions.server)};
    bool hung_up = false;
    for (int k = 0; k < 2; k++) {
      struct hws_event event = world_await(world, ending[k]);
      if (event.status == HWS_OK && !event.data) continue;
      assert_status(event.status, HWS_E_CLOSED);
      assert_true(event.data);
      assert_false(hung_up);
      hung_up = true;
    }
    abort_handle(streams.client);
    abort_handle(streams.server);
  }
}

/* One closes, the other sends on and does not read: it hears of it by its sends, and the one that closed gets away. */
static void an_unread_close_ends_the_peers_sends(void **state) {
  struct world *world = *state;
  struct pair sessions = sessions_in(world, HWS_MODE_NATIVE);
  struct pair streams = stand_face_to_face(world, &sessions);
  uint64_t sending = post_send(world, streams.server, bytes, sizeof bytes);
  (void)post_close(world, streams.client);
  struct hws_event event = world_await_status(world, sending, HWS_E_RESET);
  assert_int_equal(event.code, HWS_CODE_CANCELED);
  assert_status(send_status(streams.server), HWS_E_RESET);
}

/* What was dropped by the close, or is on loan, is told at once, and nothing where all was read. */
static void native_peers_are_told_at_once(void **state) {
  struct world *world = *state;
  for (int leased = 0; leased < 2; leased++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    hws_handle stream = peer_opens_native(peer, 2);
    assert_true(peer_say_data(peer, 0, 2, "unread", 6));
    struct hws_how how = how_block();
    struct hws_event event = {0};
    if (leased) assert_int_equal(hws_acquire(stream, &how, &event, NULL), 1);
    peer_expect_quiet(peer);
    uint64_t closing = post_close(world, stream);
    peer_expect_reset(peer, 2, HWS_CODE_CANCELED, RESET_STOP, "");
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
    world_await_status(world, closing, HWS_OK);
    if (leased) assert_int_equal(hws_release(event.code, 0), HWS_OK);
    stream = peer_opens_native(peer, 4);
    assert_true(peer_say_data(peer, 0, 4, "read", 4));
    expect_bytes(stream, "read");
    closing = post_close(world, stream);
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 4, 0);
    world_await_status(world, closing, HWS_OK);
    peer_expect_quiet(peer);
    peer_close(peer);
  }
}

/* A window of data comes for a stream that is closed; returns the credit that it earned. */
static uint32_t drop_a_window(struct peer *peer, uint32_t window) {
  uint32_t credit = 0;
  struct frame frame;
  for (uint32_t said = 0, part; said < window; said += part) {
    part = window - said < PIECE ? window - said : PIECE;
    assert_true(peer_say_data(peer, 0, 2, bytes, part));
  }
  /* The answer to a ping goes first: what was to be said with it has come once the next is answered. */
  for (int i = 0; i < 2; i++) {
    assert_true(peer_ping(peer));
    while (peer->asked_count) {
      if (!peer_hear(peer, &frame)) fail_msg("the session hung up");
      if (frame.type == FRAME_PING) continue;
      assert_int_equal(frame.type, FRAME_WINDOW);
      assert_int_equal(frame.flags, 0);
      assert_int_equal(frame.stream, 2);
      credit += frame.length;
    }
  }
  return credit;
}

/* A peer that writes all before it reads gets to our bytes: what it writes is dropped, and earns credit, up to a limit.
 * No reset takes from it what it has not read; only its silence ends that. */
static void plain_peers_get_on(void **state) {
  struct world *world = *state;
  for (int ends = 0; ends < 2; ends++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, ends ? "linger=3600s" : "linger=500ms");
    hws_handle stream = peer_opens(peer, 2);
    for (uint32_t said = 0; said < WINDOW_INITIAL; said += PIECE) assert_true(peer_say_data(peer, 0, 2, bytes, PIECE));
    peer_expect_quiet(peer);
    send_all(stream, "an answer", 9);
    peer_expect_data(peer, 2, "an answer");
    uint64_t closing = post_close(world, stream);
    peer_expect(peer, FRAME_WINDOW, 0, 2, WINDOW_INITIAL);
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
    world_await_status(world, closing, HWS_OK);
    uint32_t total = WINDOW_INITIAL, window = WINDOW_INITIAL;
    while (ends ? total < DROPPED_MAX / 2 : window) total += window = drop_a_window(peer, window);
    if (!ends) assert_in_range(total, DROPPED_MAX, DROPPED_MAX + WINDOW_INITIAL);
    if (ends)
      assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 2, 0));
    else
      peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2, HWS_CODE_CANCELED);
    peer_expect_quiet(peer);
    world_until(world, stat_of(peer->session, "streams") == 0);
    peer_close(peer);
  }
}

/* Nothing of ours can be lost where nothing was sent: it hears at once that nobody reads. */
static void plain_peers_that_were_sent_nothing_are_reset(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "linger=3600s");
  hws_handle stream = peer_opens(peer, 2);
  assert_true(peer_say_data(peer, 0, 2, "unread", 6));
  peer_expect_quiet(peer);
  uint64_t closing = post_close(world, stream);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  world_await_status(world, closing, HWS_OK);
  assert_true(peer_say_data(peer, 0, 2, "more", 4));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2, HWS_CODE_CANCELED);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* The carrier takes nothing more for as long as the peer does not read. */
static void fill_carrier(struct peer *peer) {
  enum { BIG = 8 << 20, STILL = 60 };
  static uint8_t big[BIG];
  uint32_t id = 0;
  hws_handle stream = peer_is_opened_native(peer, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, BIG));
  peer_expect_quiet(peer);
  (void)post_send(peer->world, stream, big, BIG);
  size_t before = 0;
  for (int still = 0; still < STILL; still++) {
    world_turn(peer->world);
    if (wire_readable(peer->wire) != before || !before) still = 0;
    before = wire_readable(peer->wire);
  }
}

/* All of the window was read, and no credit for more could be said before the close: without either the peer would
 * wait. */
static void native_peers_without_credit_are_told(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "linger=3600s&write_timeout=3600s&keepalive=0");
  hws_handle stream = peer_opens_native(peer, 2);
  fill_carrier(peer);
  static uint8_t found[NATIVE_INITIAL];
  for (uint32_t said = 0; said < NATIVE_INITIAL; said += PIECE) assert_true(peer_say_data(peer, 0, 2, bytes, PIECE));
  recv_exactly(stream, found, NATIVE_INITIAL);
  (void)post_close(world, stream);
  for (bool told = false, ended = false; !told || !ended;) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    if (frame.stream != 2) continue;
    told |= frame.type == FRAME_RESET || frame.length;
    ended |= frame.type == FRAME_WINDOW && frame.flags == FRAME_FIN;
  }
  peer_close(peer);
}

/* The session has nothing left to send: it goes away, and its close ends once the peer has gone. */
static void expect_close(struct peer *peer, uint64_t closing) {
  struct frame frame = {0};
  while (frame.type != FRAME_GOAWAY) assert_true(peer_hear(peer, &frame));
  peer_hang_up(peer);
  assert_int_equal(world_await_status(peer->world, closing, HWS_OK).data, 0);
  peer->session = 0;
  peer_close(peer);
}

/* The peer reads no more of what a closed session still owes it: that was the last debt. */
static void a_stop_ends_the_debt_of_a_closed_session(void **state) {
  struct world *world = *state;
  for (int both = 0; both < 2; both++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "drain=3600s&keepalive=0");
    hws_handle stream = peer_opens_native(peer, 2);
    fill(world, stream);
    uint64_t closing = post_close(world, peer->session);
    assert_true(peer_say_reset(peer, 2, 7, RESET_STOP, ""));
    if (both) assert_true(peer_say_reset(peer, 2, 7, RESET_ABORT, ""));
    expect_close(peer, closing);
  }
}

/* A stream of a closed session that its peer has stopped is not over for the peer: what comes is dropped, and earns
 * credit. */
static void a_stopped_stream_of_a_closed_session_takes_on(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "drain=3600s&keepalive=0");
  hws_handle streams[2] = {peer_opens_native(peer, 2), peer_opens_native(peer, 4)};
  for (int i = 1; i >= 0; i--) fill(world, streams[i]);
  for (uint32_t said = 0; said < NATIVE_INITIAL; said += PIECE) assert_true(peer_say_data(peer, 0, 2, bytes, PIECE));
  assert_true(peer_say_reset(peer, 2, 7, RESET_STOP, ""));
  peer_settle(peer);
  uint64_t closing = post_close(world, peer->session);
  peer_expect(peer, FRAME_WINDOW, 0, 2, NATIVE_INITIAL);
  for (uint32_t total = 0, window = NATIVE_INITIAL; total < DROPPED_MAX / 2; total += window)
    assert_true((window = drop_a_window(peer, window)) > 0);
  assert_true(peer_say_reset(peer, 4, 7, RESET_STOP, ""));
  expect_close(peer, closing);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(closes_of_streams_face_to_face),
      BOTH_MODES(closes_of_sessions_face_to_face),
      BOTH_MODES(an_unread_close_ends_the_peers_sends),
      BOTH_MODES(native_peers_are_told_at_once),
      BOTH_MODES(native_peers_without_credit_are_told),
      BOTH_MODES(a_stop_ends_the_debt_of_a_closed_session),
      BOTH_MODES(a_stopped_stream_of_a_closed_session_takes_on),
      BOTH_MODES(plain_peers_get_on),
      BOTH_MODES(plain_peers_that_were_sent_nothing_are_reset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
