/* SPDX-License-Identifier: Apache-2.0
 *
 * Ends: half-closes, what is delivered before an end is reported, and who learns which cause. docs/ends.md is the table
 * that these tests go through.
 */
#include "tests/mux/peer.h"

#include <string.h>

/* ---- MUX-13: half-closes ---- */

/* In both orders, for both roles, data still flows the other way, and then the stream is over. */
static void half_closes_in_any_order(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t id = 2 + 2 * i;
    hws_handle stream = i & 1 ? peer_is_opened(peer, &id) : peer_opens(peer, id);
    uint64_t watching = post_watch(world, stream);
    struct hws_event event;
    send_all(stream, "there", 5);
    peer_expect_data(peer, id, "there");
    if (i & 2) {
      shut_down(stream);
      peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
      assert_status(send_status(stream), HWS_E_CLOSED);
      assert_true(peer_say_data(peer, 0, id, "back", 4));
      expect_bytes(stream, "back");
      assert_false(world_has(world, watching, &event));
      assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, id, 0));
      assert_status(recv_status(stream), HWS_E_EOF);
    } else {
      assert_true(peer_say_data(peer, FRAME_FIN, id, "back", 4));
      expect_bytes(stream, "back");
      assert_status(recv_status(stream), HWS_E_EOF);
      assert_false(world_has(world, watching, &event));
      send_all(stream, "and more", 8);
      peer_expect_data(peer, id, "and more");
      shut_down(stream);
      peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
    }
    world_await_status(world, watching, HWS_OK);
    assert_status(recv_status(stream), HWS_E_EOF);
    world_until(world, stat_of(peer->session, "streams") == 0);
    close_handle(stream);
    peer_expect_quiet(peer);
  }
  peer_close(peer);
}

/* The end stands behind all data, also behind data that waits for credit, and is sent once. */
static void the_end_stands_behind_data(void **state) {
  struct world *world = *state;
  static uint8_t bytes[WINDOW_INITIAL + 50000];
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(3, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stream, bytes, sizeof bytes);
  uint64_t ending = post_shutdown(world, stream);
  peer_expect_pattern(peer, id, 3, 0, WINDOW_INITIAL);
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 40000));
  peer_expect_pattern(peer, id, 3, WINDOW_INITIAL, 40000);
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 40000));
  peer_expect_pattern(peer, id, 3, WINDOW_INITIAL + 40000, 10000);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  world_await_status(world, sending, HWS_OK);
  world_await_status(world, ending, HWS_OK);
  close_handle(stream); /* has no end of its own to send */
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, id, 0));
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams"), 0);
  peer_close(peer);
}

/* A close sends what was taken, in spite of what pends, also when it has to wait for credit. */
static void close_sends_what_was_taken(void **state) {
  struct world *world = *state;
  enum { PIECE = 10000, PIECES = 30, HEARD = 20 };
  static uint8_t bytes[PIECE];
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  for (int i = 0; i < PIECES; i++) {
    pattern_fill(4, (uint64_t)i * PIECE, bytes, PIECE);
    send_all(stream, bytes, PIECE); /* each is copied, and so taken, at once */
    if (i == HEARD - 1) peer_expect_pattern(peer, id, 4, 0, (uint64_t)HEARD * PIECE);
  }
  uint64_t closing = post_close(world, stream);
  peer_expect_pattern(peer, id, 4, (uint64_t)HEARD * PIECE, WINDOW_INITIAL - HEARD * PIECE);
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, PIECE * PIECES));
  peer_expect_pattern(peer, id, 4, WINDOW_INITIAL, PIECE * PIECES - WINDOW_INITIAL);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  world_await_status(world, closing, HWS_OK);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* A close sends what was taken and then the end; data that comes later is refused, once there was time to read that. */
static void close_sends_the_end(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, "linger=300ms");
  hws_handle stream = peer_opens(peer, 1);
  send_all(stream, "last words", 10);
  close_handle(stream);
  peer_expect_data(peer, 1, "last words");
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 1, 0);
  peer_expect_quiet(peer);
  assert_true(peer_say_data(peer, 0, 1, "too late", 8));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 1, HWS_CODE_CANCELED);
  assert_true(peer_say_data(peer, 0, 1, "and later", 9));
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams"), 0);
  peer_close(peer);
}

/* A close with what the peer sent still unread: credit for it may go back, so that a blocked peer learns the end. */
static void close_drops_what_is_unread(void **state) {
  struct world *world = *state;
  static uint8_t bytes[200000];
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  hws_handle stream = peer_opens(peer, 1);
  assert_true(peer_say_data(peer, 0, 1, bytes, sizeof bytes));
  peer_expect_quiet(peer);
  close_handle(stream);
  struct frame frame;
  do assert_true(peer_hear(peer, &frame));
  while (frame.flags != FRAME_FIN);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 1, 0));
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams"), 0);
  peer_close(peer);
}

/* An abort, and the end of the life scope, are resets: what was not sent is dropped, and the peer hears a code. */
static void aborts_are_resets(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  for (int i = 0; i < 3; i++) {
    struct hws_open_config config = {.size = sizeof config};
    struct hws_how how = how_block();
    struct hws_event event;
    hws_handle stream = 0;
    struct frame frame;
    /* An open that was not written yet vanishes with its stream, and chaos may put off its write. */
    uint64_t soon = i == 2 ? hws_now() + (through_chaos() ? SECOND : 50 * MILLISECOND) : 0;
    assert_int_equal(hws_scope_open(world->runtime, 0, soon, &config.life), HWS_OK);
    assert_int_equal(hws_open(peer->session, &config, &how, &event, NULL, &stream), 1);
    assert_status(event.status, HWS_OK);
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.flags, FRAME_SYN);
    if (i == 0) {
      abort_handle(stream);
    } else {
      uint8_t byte;
      uint64_t receiving = post_recv(world, stream, &byte, 1);
      if (i == 1) assert_int_equal(hws_scope_cancel(config.life, 70001, "enough"), HWS_OK);
      event = world_await_status(world, receiving, i == 1 ? HWS_E_CANCELED : HWS_E_DEADLINE);
      assert_int_equal(event.code, i == 1 ? 70001 : HWS_CODE_DEADLINE);
      assert_status(send_status(stream), i == 1 ? HWS_E_CANCELED : HWS_E_DEADLINE);
      if (i == 1) expect_detail(stream, HWS_E_CANCELED, "enough");
      close_handle(stream);
    }
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, frame.stream,
                i == 0   ? HWS_CODE_CANCELED
                : i == 1 ? 70001
                         : HWS_CODE_DEADLINE);
    peer_expect_quiet(peer);
    close_handle(config.life);
  }
  peer_close(peer);
}

/* ---- MUX-10: what had arrived ---- */

/* Delivered before the end: of the stream, of the connection. */
static void arrived_is_delivered_before_ends(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle opener = peer_is_opened(peer, &id);
  hws_handle acceptor = peer_opens(peer, 2);
  hws_handle ended = peer_opens(peer, 4);
  assert_true(peer_say_data(peer, 0, 1, "to the opener", 13));
  assert_true(peer_say_data(peer, 0, 2, "to the acceptor", 15));
  assert_true(peer_say_data(peer, FRAME_FIN, 4, "and an end", 10));
  assert_true(peer_say(peer, FRAME_GOAWAY, 0, 0, 0));
  peer_hang_up(peer);
  world_until(world, detail_of(peer->session).status != HWS_OK);
  expect_bytes(opener, "to the opener");
  expect_bytes(acceptor, "to the acceptor");
  expect_bytes(ended, "and an end");
  /* MUX-21: the client learns that the service went, the handler that its caller did. */
  assert_status(recv_status(opener), HWS_E_CLOSED);
  assert_status(recv_status(acceptor), HWS_E_CANCELED);
  assert_status(recv_status(ended), HWS_E_EOF);
  assert_status(send_status(opener), HWS_E_CLOSED);
  assert_status(send_status(acceptor), HWS_E_CANCELED);
  expect_detail(opener, HWS_E_CLOSED, "the peer closed the connection");
  expect_detail(acceptor, HWS_E_CANCELED, "the peer closed the connection");
  expect_detail(peer->session, HWS_E_CLOSED, "the peer closed the connection");
  peer_close(peer);
}

/* A stream that was opened, and nobody had accepted yet when the connection ended, has arrived too. */
static void arrived_streams_can_still_be_accepted(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  assert_true(peer_say_data(peer, FRAME_SYN | FRAME_FIN, 1, "request one", 11));
  assert_true(peer_say_data(peer, FRAME_SYN, 3, "request two", 11));
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 5, 0));
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 5, 0));
  peer_settle(peer);
  peer_hang_up(peer);
  world_until(world, detail_of(peer->session).status != HWS_OK);
  hws_handle one = accept_stream(peer->session);
  hws_handle two = accept_stream(peer->session);
  expect_bytes(one, "request one");
  assert_status(recv_status(one), HWS_E_EOF);
  expect_bytes(two, "request two");
  assert_status(recv_status(two), HWS_E_CANCELED);
  assert_status(send_status(one), HWS_E_CANCELED);
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle none = 0;
  assert_int_equal(hws_accept(peer->session, 0, &how, &event, NULL, &none), 1);
  assert_status(event.status, HWS_E_CLOSED);
  close_handle(one);
  close_handle(two);
  peer_close(peer);
}

/* The same left alone: nothing is leaked when the session is closed, or the runtime. */
static void arrived_streams_go_with_the_session(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 3; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
    assert_true(peer_say_data(peer, FRAME_SYN, 1, "nobody looks", 12));
    peer_settle(peer);
    if (i < 2) peer_hang_up(peer);
    if (i < 2) world_until(world, detail_of(peer->session).status != HWS_OK);
    uint64_t closing = i > 0 ? post_close(world, peer->session) : 0;
    struct frame frame;
    while (i == 2 && peer_hear(peer, &frame)) continue;
    if (i == 2) peer_hang_up(peer);
    if (i > 0) world_await_status(world, closing, HWS_OK);
    if (i > 0) peer->session = 0;
    if (i == 0) (void)hws_reset(peer->session, 0, NULL);
    peer_close(peer);
  }
}

/* Discarded: by the peer's reset, by our own, by an abort of the session. */
static void arrived_is_discarded_by_resets(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[3];
  for (uint32_t i = 0; i < 3; i++) {
    streams[i] = peer_opens(peer, 2 + 2 * i);
    assert_true(peer_say_data(peer, 0, 2 + 2 * i, "unread", 6));
  }
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 2, 7));
  peer_expect_quiet(peer);
  assert_status(recv_status(streams[0]), HWS_E_RESET);
  assert_int_equal(hws_reset(streams[1], 8, "mine"), HWS_OK);
  assert_status(recv_status(streams[1]), HWS_E_CANCELED);
  assert_int_equal(hws_reset(peer->session, 9, "all"), HWS_OK);
  assert_status(recv_status(streams[2]), HWS_E_CANCELED);
  expect_detail(streams[2], HWS_E_CANCELED, "all");
  peer_close(peer);
}

/* ---- MUX-8, MUX-10: an end that was reported stays as it was ---- */

enum late { LATE_RESET, LATE_LIFE, LATE_SESSION, LATE_PEER, LATES };

/* What comes to a stream of which a direction has ended, or both. */
static void come_late(struct peer *peer, hws_handle stream, uint32_t id, hws_handle life, enum late late) {
  if (late == LATE_RESET) assert_int_equal(hws_reset(stream, 70000, "late"), HWS_OK);
  if (late == LATE_LIFE) assert_int_equal(hws_scope_cancel(life, 70000, "late"), HWS_OK);
  if (late == LATE_SESSION) assert_int_equal(hws_reset(peer->session, 70000, "late"), HWS_OK);
  if (late == LATE_PEER) assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, id, 70000));
  if (late == LATE_PEER) peer_expect_quiet(peer);
}

/* Of a stream whose peer had ended its direction behind five bytes, and that was shut down here, or only one of these.
 */
static void ends_stay(struct world *world, bool eof, bool shut, enum late late) {
  int32_t status = late == LATE_PEER ? HWS_E_RESET : HWS_E_CANCELED;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0, life = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &life), HWS_OK);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2, 0);
  assert_int_equal(hws_accept(peer->session, life, &how, &event, NULL, &stream), 1);
  assert_true(peer_say_data(peer, 0, 2, "hello", 5));
  if (eof) assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 2, 0));
  if (shut) shut_down(stream);
  if (shut) peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
  peer_expect_quiet(peer);
  come_late(peer, stream, 2, life, late);
  if (eof) expect_bytes(stream, "hello");
  assert_status(recv_status(stream), eof ? HWS_E_EOF : status);
  assert_status(send_status(stream), shut ? HWS_E_CLOSED : status);
  struct hws_detail in = {.size = sizeof in}, out = {.size = sizeof out};
  assert_int_equal(hws_detail_of(stream, HWS_STOP_RECV, &in), HWS_OK);
  assert_int_equal(hws_detail_of(stream, HWS_STOP_SEND, &out), HWS_OK);
  assert_status(in.status, eof ? HWS_E_EOF : status);
  assert_status(out.status, shut ? HWS_E_CLOSED : status);
  assert_int_equal(hws_watch(stream, &how, &event, NULL), 1);
  assert_status(event.status, eof && shut ? HWS_OK : status);
  assert_int_equal(event.code, eof && shut ? 0 : 70000);
  close_handle(stream);
  close_handle(life);
  peer_close(peer);
}

static void an_end_stays(void **state) {
  for (int ends = 1; ends < 4; ends++)
    for (enum late late = 0; late < LATES; late++) ends_stay(*state, ends & 1, ends & 2, late);
}

/* The same of raw connections. */
static void an_end_of_a_connection_stays(void **state) {
  struct world *world = *state;
  for (int ends = 1; ends < 4; ends++) {
    bool eof = ends & 1, shut = ends & 2;
    struct pair raw = pair_raw(world, LOCAL);
    uint8_t byte;
    if (eof) shut_down(raw.server);
    if (eof) assert_status(recv_once(raw.client, &byte, 1).status, HWS_E_EOF);
    if (shut) shut_down(raw.client);
    assert_int_equal(hws_reset(raw.client, 70000, "late"), HWS_OK);
    assert_status(recv_status(raw.client), eof ? HWS_E_EOF : HWS_E_CANCELED);
    assert_status(send_status(raw.client), shut ? HWS_E_CLOSED : HWS_E_CANCELED);
    struct hws_how how = how_block();
    struct hws_event event;
    assert_int_equal(hws_watch(raw.client, &how, &event, NULL), 1);
    assert_status(event.status, eof && shut ? HWS_OK : HWS_E_CANCELED);
    abort_handle(raw.client);
    abort_handle(raw.server);
  }
}

/* ---- MUX-8, MUX-9: one cause, at once ---- */

static void one_cause_at_once(void **state) {
  struct world *world = *state;
  enum { STREAMS = 20 };
  static uint8_t bytes[STREAMS];
  static uint8_t much[WINDOW_INITIAL + 1];
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[STREAMS];
  hws_handle none = 0;
  uint64_t tags[3 * STREAMS + 2];
  unsigned count = 0;
  for (uint32_t i = 0; i < STREAMS; i++) {
    uint32_t id = 2 + 2 * i;
    streams[i] = i & 1 ? peer_is_opened(peer, &id) : peer_opens(peer, id);
    tags[count++] = post_recv(world, streams[i], &bytes[i], 1);
    tags[count++] = post_watch(world, streams[i]);
  }
  tags[count++] = post_accept(world, peer->session, &none);
  tags[count++] = post_watch(world, peer->session);
  tags[count++] = post_send(world, streams[0], much, sizeof much);
  assert_int_equal(hws_reset(peer->session, 4711, "the first cause"), HWS_OK);
  assert_int_equal(hws_reset(peer->session, 4712, "a later one"), HWS_OK);
  /* MUX-9: nobody had to run for that: the next call on any stream says so. */
  for (int i = 0; i < STREAMS; i++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    struct hws_vec vec = {.ptr = bytes, .len = 1};
    struct hws_event event;
    assert_int_equal(hws_recv(streams[i], &vec, 1, &how, &event, NULL), 1);
    assert_status(event.status, HWS_E_CANCELED);
    assert_int_equal(event.code, 4711);
    expect_detail(streams[i], HWS_E_CANCELED, "the first cause");
  }
  for (unsigned i = 0; i < count; i++) {
    struct hws_event event = world_await_status(world, tags[i], HWS_E_CANCELED);
    assert_int_equal(event.code, 4711);
  }
  expect_detail(peer->session, HWS_E_CANCELED, "the first cause");
  peer_close(peer);
}

/* ---- go-away ---- */

static void go_away_lets_streams_finish(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  hws_handle none = 0;
  assert_true(peer_say(peer, FRAME_GOAWAY, 0, 0, 0));
  peer_expect_quiet(peer);
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
  assert_status(event.status, HWS_E_CLOSED);
  assert_int_equal(event.flags, HWS_EVENT_REMOTE);
  expect_detail(peer->session, HWS_E_CLOSED, "the peer is going away");
  send_all(stream, "goes on", 7);
  peer_expect_data(peer, id, "goes on");
  assert_true(peer_say_data(peer, FRAME_FIN, id, "and on", 6));
  expect_bytes(stream, "and on");
  assert_status(recv_status(stream), HWS_E_EOF);
  peer_close(peer);
}

/* Opens that wait for room learn that there will be none. */
static void go_away_ends_opens_that_wait(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = 0;
  for (int i = 0; i < 256; i++) (void)peer_is_opened(peer, &id);
  uint64_t waiting = post_open(world, peer->session, &stream);
  assert_true(peer_say(peer, FRAME_GOAWAY, 0, 0, 0));
  world_await_status(world, waiting, HWS_E_CLOSED);
  assert_status(recv_status(stream), HWS_E_CLOSED);
  expect_detail(stream, HWS_E_CLOSED, "the peer is going away");
  peer_close(peer);
}

/* What was shut down here takes no more of either side, and says so: of an accept that pends its stream does, of what
 * makes no stream the session. */
static void a_shutdown_says_why_nothing_is_made(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle pending = 0, none = 0;
  uint64_t waiting = post_accept(world, peer->session, &pending);
  world_await_status(world, post_shutdown(world, peer->session), HWS_OK);
  world_await_status(world, waiting, HWS_E_CLOSED);
  expect_detail(pending, HWS_E_CLOSED, "shut down here");
  for (int accepts = 0; accepts < 2; accepts++) {
    struct hws_how how = how_block();
    struct hws_event event;
    int result = accepts ? hws_accept(peer->session, 0, &how, &event, NULL, &none)
                         : hws_open(peer->session, NULL, &how, &event, NULL, &none);
    assert_int_equal(result, 1);
    assert_status(event.status, HWS_E_CLOSED);
    assert_int_equal(event.flags, 0);
    expect_detail(peer->session, HWS_E_CLOSED, "shut down here");
  }
  peer_close(peer);
}

static void go_away_with_a_reason_ends_it(void **state) {
  struct world *world = *state;
  for (uint32_t reason = 1; reason <= 3; reason++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    hws_handle stream = peer_is_opened(peer, &id);
    assert_true(peer_say_data(peer, 0, id, "before", 6));
    assert_true(peer_say(peer, FRAME_GOAWAY, 0, 0, reason));
    peer_expect_end(peer);
    expect_bytes(stream, "before");
    assert_status(recv_status(stream), HWS_E_PROTOCOL);
    expect_detail(peer->session, HWS_E_PROTOCOL, "the peer ended the session with go-away code");
    assert_int_equal(detail_of(peer->session).code, reason);
    peer_close(peer);
  }
}

/* ---- MUX-21 ---- */

/* MUX-21: whichever side of the connection notices first, the roles' statuses are the same. */
static void hang_up_by_role(void **state) {
  struct world *world = *state;
  static uint8_t much[WINDOW_INITIAL];
  for (int i = 0; i < 20; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    hws_handle opener = peer_is_opened(peer, &id);
    hws_handle acceptor = peer_opens(peer, 2);
    uint8_t bytes[2];
    uint64_t tags[4] = {post_recv(world, opener, &bytes[0], 1), post_recv(world, acceptor, &bytes[1], 1), 0, 0};
    if (i & 1) {
      tags[2] = post_send(world, opener, much, sizeof much);
      tags[3] = post_send(world, acceptor, much, sizeof much);
    }
    if (i & 2) assert_true(peer_say(peer, FRAME_GOAWAY, 0, 0, 0));
    peer_hang_up(peer); /* with something unread, or not */
    world_await_status(world, tags[0], HWS_E_CLOSED);
    world_await_status(world, tags[1], HWS_E_CANCELED);
    for (int k = 0; k < 2; k++) {
      struct hws_event event = {.status = HWS_OK};
      if (tags[2 + k]) event = world_await(world, tags[2 + k]);
      if (event.status != HWS_OK) assert_status(event.status, k ? HWS_E_CANCELED : HWS_E_CLOSED);
    }
    assert_true(detail_of(opener).text[0] != 0);
    assert_true(detail_of(acceptor).text[0] != 0);
    assert_status(send_status(opener), HWS_E_CLOSED);
    assert_status(send_status(acceptor), HWS_E_CANCELED);
    peer_close(peer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(half_closes_in_any_order),
      BOTH_MODES(the_end_stands_behind_data),
      BOTH_MODES(close_sends_what_was_taken),
      BOTH_MODES(close_sends_the_end),
      BOTH_MODES(close_drops_what_is_unread),
      BOTH_MODES(aborts_are_resets),
      BOTH_MODES(arrived_is_delivered_before_ends),
      BOTH_MODES(arrived_streams_can_still_be_accepted),
      BOTH_MODES(arrived_streams_go_with_the_session),
      BOTH_MODES(arrived_is_discarded_by_resets),
      BOTH_MODES(an_end_stays),
      BOTH_MODES(an_end_of_a_connection_stays),
      BOTH_MODES(one_cause_at_once),
      BOTH_MODES(go_away_lets_streams_finish),
      BOTH_MODES(go_away_ends_opens_that_wait),
      BOTH_MODES(a_shutdown_says_why_nothing_is_made),
      BOTH_MODES(go_away_with_a_reason_ends_it),
      BOTH_MODES(hang_up_by_role),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
