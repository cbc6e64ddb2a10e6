/* SPDX-License-Identifier: Apache-2.0
 *
 * A native session and a peer of another make, frame by frame: opens in pieces, refusals, resets of one direction,
 * drains, and what a session says and when. The scripted peer holds all that it hears against docs/wire.md.
 */
#include "tests/mux/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t bytes[1 << 20];

/* ---- opens ---- */

static void expect_opening(hws_handle stream, const struct opening *wanted) {
  static char text[20000];
  struct hws_pair found;
  assert_int_equal(hws_text(stream, HWS_TEXT_NAME, text, sizeof text), strlen(wanted->name));
  assert_string_equal(text, wanted->name);
  for (uint32_t i = 0; i < wanted->pair_count; i++) {
    const struct hws_pair *pair = &wanted->pairs[i];
    assert_int_equal(hws_metadata(stream, i, text, sizeof text, &found), pair->key_len + pair->value_len);
    assert_int_equal(found.key_len, pair->key_len);
    assert_memory_equal(found.key, pair->key, pair->key_len);
    assert_memory_equal(found.value, pair->value, pair->value_len);
  }
  static uint8_t got[BODY_MAX];
  for (uint32_t done = 0; done < wanted->payload_len || wanted->eom;) {
    struct hws_event event = recv_once(stream, got + done, sizeof got - done);
    assert_status(event.status, HWS_OK);
    done += (uint32_t)event.bytes;
    if (event.flags & HWS_EVENT_EOM) {
      assert_true(wanted->eom);
      assert_int_equal(done, wanted->payload_len);
      break;
    }
  }
  assert_memory_equal(got, wanted->payload, wanted->payload_len);
}

/* MUX-2: wherever the open is cut, all of it arrives, and nothing of it before it is whole. */
static void heads_come_in_any_pieces(void **state) {
  struct world *world = *state;
  static const struct hws_pair pairs[] = {{"key", "value", 3, 5}, {"k", "", 1, 0}, {"z\0", "\0\0\0", 2, 3}};
  const struct opening opening = {.credit = 5,
                                  .name = "a name",
                                  .pairs = pairs,
                                  .pair_count = 3,
                                  .payload = "first",
                                  .payload_len = 5,
                                  .eom = true};
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  uint8_t *frame = malloc(OPENING_MAX);
  assert_non_null(frame);
  size_t length = opening_bytes(frame, 2, &opening);
  for (uint32_t cut = 1; cut < length; cut++) {
    uint64_t before = stat_of(peer->session, "bytes_in");
    uint64_t accepted = stat_of(peer->session, "streams_accepted");
    (void)opening_bytes(frame, 2 * cut, &opening);
    assert_true(peer_say_raw(peer, frame, cut));
    world_until(world, stat_of(peer->session, "bytes_in") == before + cut);
    bool whole = cut >= length - opening.payload_len; /* what is left is payload */
    assert_int_equal(stat_of(peer->session, "streams_accepted") - accepted, whole);
    assert_true(peer_say_raw(peer, frame + cut, length - cut));
    hws_handle stream = accept_stream(peer->session);
    expect_opening(stream, &opening);
    close_handle(stream);
  }
  free(frame);
  peer_close(peer);
}

/* Heads of all that is allowed, one behind the other, so that they lie across the chunks that are read into. */
static void large_heads_lie_across_chunks(void **state) {
  struct world *world = *state;
  enum { OPENS = 60 };
  static char name[OPEN_HEAD_MAX + 1];
  memset(name, 'n', OPEN_HEAD_MAX);
  pattern_fill(3, 0, bytes, sizeof bytes);
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  for (uint32_t i = 0; i < OPENS; i++) {
    name[OPEN_HEAD_MAX - i] = 0;
    assert_true(peer_say_open(peer, 2 + 2 * i,
                              &(struct opening){.name = name, .payload = bytes + i, .payload_len = 100 * i + 1}));
  }
  memset(name, 'n', OPEN_HEAD_MAX);
  for (uint32_t i = 0; i < OPENS; i++) {
    hws_handle stream = accept_stream(peer->session);
    name[OPEN_HEAD_MAX - i] = 0;
    expect_opening(stream, &(struct opening){.name = name, .payload = bytes + i, .payload_len = 100 * i + 1});
    close_handle(stream);
  }
  peer_close(peer);
}

/* A refused open is answered with a plain reset; its head and payload are dropped, and what follows them. */
static void refused_opens_are_dropped_whole(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "backlog=1");
  static const struct hws_pair pair = {"key", "value", 3, 5};
  const struct opening large = {
      .name = "who", .pairs = &pair, .pair_count = 1, .payload = bytes, .payload_len = 65535, .eom = true};
  assert_true(peer_say_open(peer, 2, &(struct opening){.name = "in"}));
  peer_expect_quiet(peer);
  for (uint32_t i = 0; i < 3; i++) {
    assert_true(peer_say_open(peer, 4 + 2 * i, &large));
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, 4 + 2 * i, HWS_CODE_REFUSED);
    assert_true(peer_say_body(peer, FRAME_DATA, FRAME_EOM, 4 + 2 * i, "late", 4));
    assert_true(peer_say_reset(peer, 4 + 2 * i, 7, RESET_STOP, "late"));
  }
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams_refused"), 3);
  assert_int_equal(stat_of(peer->session, "dropped_bytes"), 3 * (65535 + 4));
  hws_handle stream = accept_stream(peer->session);
  expect_opening(stream, &(struct opening){.name = "in"});
  peer_close(peer);
}

/* What a session's own open looks like on the wire; the scripted peer checks that the head is legal. */
static void an_open_is_one_frame(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "window_first=100k");
  static const struct hws_pair pair = {"k", "v", 1, 1};
  struct hws_vec payload = {.ptr = "hi", .len = 2};
  struct hws_open_config config = {.size = sizeof config,
                                   .name = "who",
                                   .metadata = &pair,
                                   .metadata_count = 1,
                                   .payload = &payload,
                                   .payload_count = 1};
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0;
  how.flags |= HWS_EOM;
  assert_int_equal(hws_open(peer->session, &config, &how, &event, NULL, &stream), 1);
  peer_expect(peer, FRAME_OPEN, FRAME_SYN | FRAME_EOM, 1, 8 + 9 + 2);
  static const uint8_t wanted[] = {0, 0, 0x90, 0, 0, 9, 0, 3, 'w', 'h', 'o', 0, 1, 0, 1, 'k', 'v', 'h', 'i'};
  assert_memory_equal(peer->body, wanted, sizeof wanted);
  /* An ACK is said where it brings credit, and only there. */
  assert_true(peer_say_open(peer, 2, &(struct opening){0}));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2, 100 * 1024 - 65536);
  peer_expect_quiet(peer);
  peer_close(peer);
  peer = peer_open_native(world, HWS_ROLE_SERVER, NULL);
  assert_true(peer_say_open(peer, 1, &(struct opening){0}));
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* What may be sent: the first window, and what the open brought on top. */
static void credit_rides_on_the_open(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  assert_true(peer_say_open(peer, 2, &(struct opening){.credit = 100000}));
  hws_handle stream = accept_stream(peer->session);
  pattern_fill(7, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stream, bytes, 200000);
  peer_expect_pattern(peer, 2, 7, 0, 165536);
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 2, 34464));
  peer_expect_pattern(peer, 2, 7, 165536, 34464);
  world_await_status(world, sending, HWS_OK);
  peer_close(peer);
}

/* ---- messages ---- */

static uint64_t post_message(struct world *world, hws_handle stream, const void *data, size_t length) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)data, .len = length};
  struct hws_how how = how_queue(world);
  how.flags = HWS_EOM;
  assert_int_equal(hws_send(stream, &vec, 1, &how, NULL, NULL), 0);
  return how.tag;
}

/* The end of a message costs its byte: without credit for it the bytes go, and the end follows alone. */
static void ends_wait_for_their_credit(void **state) {
  struct world *world = *state;
  static const uint32_t lengths[] = {1, 1000, 1024, 1025, 16384, 16385, 65535, 65536};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    hws_handle stream = peer_is_opened_native(peer, &id);
    pattern_fill(9, 0, bytes, sizeof bytes);
    uint64_t fill = post_send(world, stream, bytes, 65536 - lengths[i]);
    uint64_t sending = post_message(world, stream, bytes, lengths[i]);
    uint64_t heard = 0;
    struct frame frame;
    while (heard < 65536) {
      assert_true(peer_hear(peer, &frame));
      assert_int_equal(frame.type, FRAME_DATA);
      assert_int_equal(frame.flags, 0);
      heard += frame.length;
    }
    peer_expect_quiet(peer);
    assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 1));
    peer_expect(peer, FRAME_DATA, FRAME_EOM, id, 0);
    world_await_status(world, fill, HWS_OK);
    world_await_status(world, sending, HWS_OK);
    peer_close(peer);
  }
}

/* With credit for it, the end rides on the last of the bytes. */
static void ends_ride_on_the_last_bytes(void **state) {
  struct world *world = *state;
  static const uint32_t lengths[] = {0, 1, 1024, 1025, 20000, 65535};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    hws_handle stream = peer_is_opened_native(peer, &id);
    uint64_t sending = post_message(world, stream, bytes, lengths[i]);
    peer_expect(peer, FRAME_DATA, FRAME_EOM, id, lengths[i]);
    world_await_status(world, sending, HWS_OK);
    peer_close(peer);
  }
}

/* More short messages than are kept: none of them loses its end. */
static void no_end_is_lost(void **state) {
  struct world *world = *state;
  enum { MESSAGES = 70000 };
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened_native(peer, &id);
  assert_int_equal(peer_stream(peer, id)->credit, NATIVE_INITIAL);
  struct hws_vec vec = {.ptr = bytes, .len = 1};
  uint64_t ended = 0;
  uint64_t last = 0;
  for (uint32_t i = 0; i < MESSAGES; i++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY | HWS_EOM};
    struct hws_event event;
    hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
    if (result == 1) {
      assert_int_equal(event.bytes, 1);
      ended++;
      continue;
    }
    assert_status(result, HWS_E_AGAIN);
    last = post_message(world, stream, bytes, 1); /* no more are kept: one that waits */
    ended++;
    break;
  }
  uint64_t granted = NATIVE_INITIAL;
  while (peer_stream(peer, id)->messages < ended) {
    struct frame frame;
    if (peer_stream(peer, id)->credit < 1000 && granted < 2 * ended) {
      assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 60000));
      granted += 60000;
    }
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.type, FRAME_DATA);
  }
  if (last) world_await_status(world, last, HWS_OK);
  assert_int_equal(peer_stream(peer, id)->received, ended);
  assert_true(ended > 60000);
  peer_close(peer);
}

/* ---- directions ---- */

/* The peer stops one direction and then the other, in both orders. */
static void resets_of_one_direction(void **state) {
  struct world *world = *state;
  for (int abort_first = 0; abort_first < 2; abort_first++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    hws_handle stream = peer_opens_native(peer, 2);
    uint64_t watching = post_watch(world, stream);
    struct hws_event event;
    assert_true(peer_say_data(peer, 0, 2, "unread", 6));
    peer_expect_quiet(peer);
    if (abort_first) {
      assert_true(peer_say_reset(peer, 2, UINT64_C(0xabcdef0123456789), RESET_ABORT, "no more"));
      peer_expect_quiet(peer);
      event = recv_once(stream, bytes, 10);
      assert_status(event.status, HWS_E_RESET);
      assert_true(event.code == UINT64_C(0xabcdef0123456789));
      assert_int_equal(event.flags, HWS_EVENT_REMOTE);
      expect_detail(stream, HWS_E_RESET, "no more");
      send_all(stream, "goes on", 7);
      peer_expect_data(peer, 2, "goes on");
    } else {
      assert_true(peer_say_reset(peer, 2, 70000, RESET_STOP, "enough"));
      peer_expect_quiet(peer);
      assert_status(send_status(stream), HWS_E_RESET);
      expect_detail(stream, HWS_E_RESET, "enough");
      expect_bytes(stream, "unread");
      assert_true(peer_say_data(peer, 0, 2, "goes on", 7));
      expect_bytes(stream, "goes on");
    }
    assert_false(world_has(world, watching, &event));
    assert_true(peer_say_reset(peer, 2, 70001, abort_first ? RESET_STOP : RESET_ABORT, ""));
    world_await_status(world, watching, HWS_E_RESET);
    peer_expect_quiet(peer);
    assert_int_equal(stat_of(peer->session, "streams"), 0);
    peer_close(peer);
  }
}

/* An abort after an end takes nothing back. */
static void an_abort_after_the_end_is_late(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens_native(peer, 2);
  assert_true(peer_say_data(peer, 0, 2, "whole", 5));
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 2, 0));
  assert_true(peer_say_reset(peer, 2, 7, RESET_ABORT, "too late"));
  peer_expect_quiet(peer);
  expect_bytes(stream, "whole");
  assert_status(recv_status(stream), HWS_E_EOF);
  send_all(stream, "answer", 6);
  peer_expect_data(peer, 2, "answer");
  peer_close(peer);
}

/* What a session says of its own stops; data that comes nevertheless is dropped, and the window stays shut. */
static void stops_are_said(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens_native(peer, 2);
  assert_int_equal(hws_stop(stream, HWS_STOP_RECV, UINT64_C(1) << 40, "enough"), HWS_OK);
  peer_expect_reset(peer, 2, UINT64_C(1) << 40, RESET_STOP, "enough");
  assert_true(peer_say_data(peer, 0, 2, bytes, NATIVE_INITIAL - 1));
  assert_true(peer_say(peer, FRAME_DATA, FRAME_EOM, 2, 0));
  peer_expect_quiet(peer);
  send_all(stream, "goes on", 7);
  peer_expect_data(peer, 2, "goes on");
  assert_int_equal(hws_stop(stream, HWS_STOP_SEND, 9, "no more"), HWS_OK);
  peer_expect_reset(peer, 2, 9, RESET_ABORT, "no more");
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams"), 0);
  assert_int_equal(stat_of(peer->session, "useless_frames"), 3); /* pings of peer_expect_quiet */
  peer_close(peer);
}

/* An end that was under way when reading was stopped is no useless frame. */
static void ends_that_cross_a_stop_are_no_fault(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "useless_rate=5");
  for (uint32_t i = 0; i < 30; i++) {
    uint32_t id = 2 + 2 * i;
    hws_handle stream = peer_opens_native(peer, id);
    assert_int_equal(hws_stop(stream, HWS_STOP_RECV, 9, "enough"), HWS_OK);
    peer_expect_reset(peer, id, 9, RESET_STOP, "enough");
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, id, 0));
    shut_down(stream);
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
    close_handle(stream);
  }
  world_until(world, stat_of(peer->session, "streams") == 0);
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_close(peer);
}

/* Nobody will read it: the peer should know, also when its messages are empty. */
static void messages_for_a_closed_stream_are_refused(void **state) {
  struct world *world = *state;
  for (uint32_t length = 0; length < 2; length++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "linger=3600s");
    hws_handle stream = peer_opens_native(peer, 2);
    close_handle(stream);
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 2, 0);
    assert_true(peer_say_body(peer, FRAME_DATA, FRAME_EOM, 2, "x", length));
    peer_expect_reset(peer, 2, HWS_CODE_CANCELED, RESET_STOP, "");
    peer_close(peer);
  }
}

/* A close does not wait for what the peer will not read. */
static void a_stop_ends_a_close(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "linger=3600s&keepalive=0");
  uint32_t id = 0;
  hws_handle stream = peer_is_opened_native(peer, &id);
  for (int i = 0; i < 6; i++) send_all(stream, bytes, 16000); /* more than there is credit for */
  uint64_t closing = post_close(world, stream);
  peer_settle(peer);
  struct hws_event event;
  assert_false(world_has(world, closing, &event));
  assert_true(peer_say_reset(peer, id, 7, RESET_STOP, ""));
  /* MUX-26: what was taken and never sent is told. */
  event = world_await_status(world, closing, HWS_E_RESET);
  assert_int_equal(event.code, 7);
  assert_int_equal(event.data, 6 * 16000 - NATIVE_INITIAL);
  peer_close(peer);
}

/* ---- resets and a blocked carrier ---- */

/* Until the socket takes no more. */
static void block(struct world *world, hws_handle stream) {
  (void)post_send(world, stream, bytes, sizeof bytes);
  for (int i = 0; i < 20; i++) world_turn(world);
}

/* A reset that waits for the carrier is not lost when another takes the batch back, nor sent twice. */
static void resets_survive_each_other(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  enum { STREAMS = 6 };
  hws_handle streams[STREAMS];
  uint32_t ids[STREAMS];
  uint32_t flood_id;
  hws_handle flood = peer_is_opened_native(peer, &flood_id);
  for (int i = 0; i < STREAMS; i++) streams[i] = peer_is_opened_native(peer, &ids[i]);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, flood_id, 1 << 24));
  peer_expect_quiet(peer);
  block(world, flood);
  for (int i = 0; i < STREAMS; i++) {
    uint64_t code = (UINT64_C(1) << 40) + (uint64_t)i;
    if (i % 2)
      assert_int_equal(hws_stop(streams[i], HWS_STOP_RECV, code, "stop"), HWS_OK);
    else
      assert_int_equal(hws_reset(streams[i], code, "both"), HWS_OK);
    for (int k = 0; k < 5; k++) world_turn(world);
  }
  uint32_t heard = 0;
  while (heard < STREAMS) {
    struct frame frame;
    struct reset reset;
    assert_true(peer_hear(peer, &frame));
    if (frame.type != FRAME_RESET) continue;
    assert_null(reset_decode(peer->body, frame.length, &reset));
    uint32_t which = 0;
    while (ids[which] != frame.stream) which++;
    assert_true(reset.code == (UINT64_C(1) << 40) + which);
    heard++;
  }
  peer_close(peer);
}

/* Read as little as makes the session cut that many frames more: there is no room for all of them then. */
static void hear_until_cut(struct peer *peer, uint64_t frames) {
  uint64_t before = stat_of(peer->session, "frames_out");
  uint64_t until = hws_now() + LIMIT_NS;
  struct frame frame;
  while (stat_of(peer->session, "frames_out") < before + frames) {
    (void)peer_hear_now(peer, &frame);
    world_turn(peer->world);
    assert_true(hws_now() < until);
  }
}

/* Opens that stand in a batch that is half written, a stop of one of their directions, and a reset of another stream
 * that takes the batch back: each open comes first, then its stop, and no data after an abort. */
static void a_stop_never_overtakes_its_open(void **state) {
  struct world *world = *state;
  enum { OPENS = 6 };
  static char name[OPEN_HEAD_MAX + 1];
  struct hws_open_config config = {.size = sizeof config, .name = name};
  memset(name, 'n', OPEN_HEAD_MAX);
  for (int sending = 0; sending < 2; sending++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    hws_handle streams[OPENS];
    uint32_t ids[2];
    hws_handle flood = peer_is_opened_native(peer, &ids[0]);
    hws_handle other = peer_is_opened_native(peer, &ids[1]);
    assert_true(peer_say(peer, FRAME_WINDOW, 0, ids[0], 1 << 24));
    peer_expect_quiet(peer);
    block(world, flood);
    hear_until_cut(peer, 1); /* the socket takes most of a first batch, and little of what follows a second */
    for (int i = 0; i < OPENS; i++) {
      struct hws_how how = how_block();
      struct hws_event event;
      assert_int_equal(hws_open(peer->session, &config, &how, &event, NULL, &streams[i]), 1);
      send_all(streams[i], "small", 5);
    }
    hear_until_cut(peer, OPENS);
    for (int i = 0; i < OPENS; i++)
      assert_int_equal(hws_stop(streams[i], sending ? HWS_STOP_SEND : HWS_STOP_RECV, 99, "late"), HWS_OK);
    assert_int_equal(hws_reset(other, 5, NULL), HWS_OK);
    struct frame frame;
    for (int heard = 0; heard < OPENS + 1;) {
      assert_true(peer_hear(peer, &frame)); /* which looks at the order */
      heard += frame.type == FRAME_RESET;
    }
    peer_settle(peer);
    peer_close(peer);
  }
}

/* ---- going away ---- */

/* MUX-15: the peer says which of our opens it has seen. */
static void drains_refuse_what_was_not_seen(void **state) {
  struct world *world = *state;
  static const struct {
    uint32_t last;
    uint32_t seen; /* of the three */
  } cases[] = {{0, 0}, {1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {6, 3}, {UINT32_MAX, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    hws_handle streams[3];
    hws_handle theirs = peer_opens_native(peer, 2);
    uint32_t ids[3];
    for (uint32_t k = 0; k < 3; k++) streams[k] = peer_is_opened_native(peer, &ids[k]);
    assert_true(peer_say_drain(peer, cases[i].last));
    peer_expect_quiet(peer);
    for (uint32_t k = 0; k < 3; k++) {
      if (k < cases[i].seen) {
        send_all(streams[k], "on", 2);
        peer_expect_data(peer, ids[k], "on");
        continue;
      }
      struct hws_event event = recv_once(streams[k], bytes, 1);
      assert_status(event.status, HWS_E_REFUSED);
      assert_int_equal(event.code, HWS_CODE_SHUTTING_DOWN);
      assert_int_equal(event.flags, HWS_EVENT_REMOTE);
      assert_status(send_status(streams[k]), HWS_E_REFUSED);
    }
    send_all(theirs, "ours", 4);
    peer_expect_data(peer, 2, "ours");
    struct hws_how how = how_block();
    struct hws_event event;
    hws_handle none = 0;
    assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
    assert_status(event.status, HWS_E_CLOSED);
    expect_detail(peer->session, HWS_E_CLOSED, "the peer is going away");
    assert_int_equal(stat_of(peer->session, "streams"), 1 + cases[i].seen);
    /* A second one can take back what the first had let stand. */
    assert_true(peer_say_drain(peer, 0));
    peer_expect_quiet(peer);
    assert_int_equal(stat_of(peer->session, "streams"), 1);
    peer_close(peer);
  }
}

/* MUX-15: one that is asked for before the two know what they speak is said as soon as they do. */
static void a_drain_is_said_once_native_is_decided(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_in(world, HWS_MODE_AUTO, HWS_ROLE_CLIENT, NULL);
  struct frame frame;
  peer->keeps_pings = true;
  peer_expect(peer, FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC);
  peer_expect(peer, FRAME_PING, FRAME_SYN, 0, NATIVE_V1);
  world_await_status(world, post_shutdown(world, peer->session), HWS_OK);
  assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC));
  assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, NATIVE_V1));
  peer->native = true;
  assert_true(peer_hear(peer, &frame));
  assert_int_equal(frame.type, FRAME_SETTINGS);
  assert_true(peer_hear(peer, &frame));
  assert_int_equal(frame.type, FRAME_DRAIN);
  assert_int_equal(peer->drained_at, 0);
  peer_close(peer);
}

/* The session's own drain names the last open that it took, and later ones are refused. */
static void a_drain_names_the_last_open(void **state) {
  struct world *world = *state;
  for (uint32_t opened = 0; opened < 3; opened++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_SERVER, NULL);
    hws_handle streams[2];
    for (uint32_t i = 0; i < opened; i++) streams[i] = peer_opens_native(peer, 1 + 2 * i);
    uint64_t draining = post_shutdown(world, peer->session);
    if (opened) {
      struct frame frame;
      assert_true(peer_hear(peer, &frame));
      assert_int_equal(frame.type, FRAME_DRAIN);
      assert_int_equal(peer->drained_at, 2 * opened - 1);
      assert_true(peer_say_open(peer, 9, &(struct opening){.name = "late", .payload = "x", .payload_len = 1}));
      peer_expect(peer, FRAME_WINDOW, FRAME_RST, 9, HWS_CODE_SHUTTING_DOWN);
    }
    for (uint32_t i = 0; i < opened; i++) {
      assert_true(peer_say_data(peer, 0, 1 + 2 * i, "still", 5));
      expect_bytes(streams[i], "still");
      assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 1 + 2 * i, 0));
      close_handle(streams[i]);
      peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 1 + 2 * i, 0);
    }
    world_await_status(world, draining, HWS_OK);
    peer_close(peer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(heads_come_in_any_pieces),
      BOTH_MODES(large_heads_lie_across_chunks),
      BOTH_MODES(refused_opens_are_dropped_whole),
      BOTH_MODES(an_open_is_one_frame),
      BOTH_MODES(credit_rides_on_the_open),
      BOTH_MODES(ends_wait_for_their_credit),
      BOTH_MODES(ends_ride_on_the_last_bytes),
      BOTH_MODES(no_end_is_lost),
      BOTH_MODES(resets_of_one_direction),
      BOTH_MODES(an_abort_after_the_end_is_late),
      BOTH_MODES(stops_are_said),
      BOTH_MODES(ends_that_cross_a_stop_are_no_fault),
      BOTH_MODES(messages_for_a_closed_stream_are_refused),
      BOTH_MODES(a_stop_ends_a_close),
      BOTH_MODES(resets_survive_each_other),
      BOTH_MODES(a_stop_never_overtakes_its_open),
      BOTH_MODES(drains_refuse_what_was_not_seen),
      BOTH_MODES(a_drain_names_the_last_open),
      BOTH_MODES(a_drain_is_said_once_native_is_decided),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
