/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-18 for native frames: what costs a peer little and does nothing, or makes us work, has a budget in whatever
 * frames it is put; memory has its bounds in test_bounds.c.
 */
#include "tests/mux/peer.h"

#include <string.h>

/* ---- frames that do nothing ---- */

struct useless {
  const char *title;
  struct frame frame;
  uint8_t body[12];
};

static const struct useless useless[] = {
    {"types of later versions", {0x20, 0, 0, 5}, {0}},
    {"hand-offs", {0x12, 0, 2, 12}, {0}},
    {"resets of streams that never were", {FRAME_RESET, 0, 200, 9}, {[8] = RESET_BOTH}},
    {"stop upon stop", {FRAME_RESET, 0, 2, 10}, {[8] = RESET_STOP, 'x'}},
    {"abort upon abort", {FRAME_RESET, 0, 2, 9}, {[8] = RESET_ABORT}},
    {"drain upon drain", {FRAME_DRAIN, 0, 0, 4}, {0, 0, 0, 9}},
    {"go-away upon go-away", {FRAME_GOAWAY, 0, 0, 0}, {0}},
    {"messages for streams that never were", {FRAME_DATA, FRAME_EOM, 200, 0}, {0}},
};

static void useless_frames_have_a_budget(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
    const struct frame *frame = &useless[i].frame;
    print_message("  %s\n", useless[i].title);
    uint64_t began = hws_now(); /* the introduction has spent some of it */
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "useless_rate=40");
    (void)peer_opens_native(peer, 2);
    uint64_t watching = post_watch(world, peer->session);
    uint8_t said[FRAME_HEADER_SIZE + sizeof useless[i].body];
    size_t length = FRAME_HEADER_SIZE + (frame_has_body(frame) ? (size_t)frame->length : 0);
    struct hws_event event;
    frame_encode(said, frame);
    memcpy(said + FRAME_HEADER_SIZE, useless[i].body, sizeof useless[i].body);
    for (uint64_t count = 0; !world_has(world, watching, &event); count++) {
      (void)peer_say_raw(peer, said, length);
      if (count > 30) world_turn(world);
      assert_true(count < 1000000);
    }
    assert_status(event.status, HWS_E_PROTOCOL);
    expect_detail(peer->session, HWS_E_PROTOCOL, "too many frames that do nothing");
    uint64_t allowed = 40 + 40 * (hws_now() - began) / SECOND + 1;
    assert_in_range(stat_of(peer->session, "useless_frames"), 41, allowed + 1);
    peer_close(peer);
  }
}

/* The end of a message is worth its byte: as many as the window takes are no useless frames. */
static void ends_of_messages_are_no_useless_frames(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "useless_rate=10");
  hws_handle stream = peer_opens_native(peer, 2);
  for (int i = 0; i < 20000; i++) assert_true(peer_say(peer, FRAME_DATA, FRAME_EOM, 2, 0));
  for (int i = 0; i < 20000; i++) {
    uint8_t byte;
    struct hws_event event = recv_once(stream, &byte, 1);
    assert_status(event.status, HWS_OK);
    assert_int_equal(event.bytes, 0);
    assert_int_equal(event.flags, HWS_EVENT_EOM);
  }
  assert_int_equal(stat_of(peer->session, "useless_frames"), 1); /* the ping of the introduction */
  peer_close(peer);
}

/* ---- opened and ended at once ---- */

/* All ways in which a peer can be rid of a stream without our doing. */
static void end_at_once(struct peer *peer, uint32_t id, int way) {
  if (way == 0) {
    (void)peer_say_reset(peer, id, 7, RESET_BOTH, "");
  } else if (way == 1) {
    (void)peer_say(peer, FRAME_WINDOW, FRAME_RST, id, 7);
  } else if (way == 2) {
    (void)peer_say_reset(peer, id, 7, RESET_STOP, "");
    (void)peer_say_reset(peer, id, 7, RESET_ABORT, "");
  } else if (way == 3) {
    (void)peer_say_reset(peer, id, 7, RESET_ABORT, "");
    (void)peer_say_reset(peer, id, 7, RESET_STOP, "");
  } else if (way == 4) {
    (void)peer_say(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
    (void)peer_say_reset(peer, id, 7, RESET_STOP, "");
  } else {
    (void)peer_say_reset(peer, id, 7, RESET_STOP, "");
    (void)peer_say(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  }
}

enum { WAYS = 6 };

/* How often the session was not read. */
static uint64_t open_and_reset(struct world *world, int way) {
  enum { RATE = 20, ROUNDS = 40 };
  uint64_t began = hws_now();
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, "resets_burst=20&resets_rate=20");
  hws_handle witness = peer_opens_native(peer, 2);
  for (uint32_t i = 0; i < ROUNDS; i++) {
    assert_true(peer_say_open(peer, 100 + 2 * i, &(struct opening){0}));
    end_at_once(peer, 100 + 2 * i, way);
  }
  assert_true(peer_say_data(peer, 0, 2, "fine", 4));
  expect_bytes(witness, "fine");
  if (!through_chaos()) assert_true(hws_now() - began >= (ROUNDS - RATE) * SECOND / RATE / 4);
  assert_in_range(stat_of(peer->session, "resets_in"), ROUNDS, 2 * ROUNDS);
  uint64_t pauses = stat_of(peer->session, "read_pauses");
  assert_in_range(pauses, 0, 2 * ROUNDS);
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_close(peer);
  return pauses;
}

/* MUX-28: in whichever way both directions end it counts, slows the session down, and ends nothing. A peer that waits
 * for a processor may be slow enough by itself: so it has several tries. */
static void opens_and_resets_are_paced(void **state) {
  enum { TRIES = 20 };
  for (int way = 0; way < WAYS; way++)
    for (int try = 0; !open_and_reset(*state, way) && !through_chaos(); try++) assert_true(try < TRIES);
}

/* A slot is free again only when the application let go of it. */
static void ended_streams_keep_their_slot(void **state) {
  struct world *world = *state;
  for (int way = 0; way < WAYS; way++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_SERVER, "streams_max=3");
    hws_handle streams[3];
    for (uint32_t i = 0; i < 3; i++) streams[i] = peer_opens_native(peer, 1 + 2 * i);
    for (uint32_t i = 0; i < 3; i++) end_at_once(peer, 1 + 2 * i, way);
    peer_expect_quiet(peer);
    assert_true(peer_say_open(peer, 2001, &(struct opening){0}));
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2001, HWS_CODE_REFUSED);
    close_handle(streams[1]);
    (void)peer_opens_native(peer, 2003);
    peer_close(peer);
  }
}

/* ---- names ---- */

/* A name is shown, logged and compared, so one that is no UTF-8, that a terminal obeys or that reads otherwise than it
 * is does not get in; nothing else happens to its stream's session. Metadata are bytes, and stay as they are. */
static void names_are_text(void **state) {
  static const char *const bad[] = {
      "red\x1b[31m",      "two\nlines",      "\x7f",        "\23331m", "\302\23331m", "\xe0\x80\x9b", "\xed\xa0\x80",
      "\xf4\x90\x80\x80", "\xe2\x80\xaegnp", /* NOLINT(misc-misleading-bidirectional): that is what is refused */
      "\xe2\x80\xa8",     "\xff\xfe",        "cut\xe2\x82",
  };
  enum { BAD = sizeof bad / sizeof *bad };
  static const char good[] = "tcp://\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\xaa\xa2";
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  struct hws_pair pair = {"k\x1b", "\xff\n", 2, 2}, found;
  char text[64];
  for (uint32_t i = 0; i < BAD; i++) {
    assert_true(
        peer_say_open(peer, 2 + 2 * i, &(struct opening){.name = bad[i], .payload = "bytes", .payload_len = 5}));
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2 + 2 * i, HWS_CODE_PROTOCOL);
  }
  assert_int_equal(stat_of(peer->session, "streams_refused"), BAD);
  assert_int_equal(stat_of(peer->session, "streams_accepted"), 0);
  assert_true(peer_say_open(peer, 1000, &(struct opening){.name = good, .pairs = &pair, .pair_count = 1}));
  hws_handle stream = accept_stream(peer->session);
  assert_int_equal(hws_text(stream, HWS_TEXT_NAME, text, sizeof text), strlen(good));
  assert_string_equal(text, good);
  assert_int_equal(hws_metadata(stream, 0, text, sizeof text, &found), 4);
  assert_memory_equal(found.key, pair.key, 2);
  assert_memory_equal(found.value, pair.value, 2);
  /* A reason is for people: what of it cannot be shown becomes '?'. */
  assert_true(peer_say_reset(peer, 1000, 7, RESET_BOTH, "why\xc2\x9b\xe2\x80\xa8"));
  assert_status(recv_status(stream), HWS_E_RESET);
  expect_detail(stream, HWS_E_RESET, "why?????");
  close_handle(stream);
  peer_close(peer);
}

/* ---- peers that take no streams ---- */

/* Settings come once, so an open would wait for ever: those that wait learn it, and so do those that come later. */
static void no_streams_fail_opens(void **state) {
  struct world *world = *state;
  enum { ASSUMED = 1024 };
  struct peer *peer = peer_open_in(world, HWS_MODE_NATIVE, HWS_ROLE_CLIENT, NULL);
  uint8_t said[PREFACE_SIZE + FRAME_HEADER_SIZE + SETTINGS_SIZE];
  hws_handle streams[ASSUMED], late = 0;
  for (int i = 0; i < ASSUMED; i++) streams[i] = open_stream(peer->session);
  uint64_t waiting = post_open(world, peer->session, &late);
  preface_encode(said, NATIVE_V1);
  frame_encode(said + PREFACE_SIZE, &(struct frame){.type = FRAME_SETTINGS, .length = SETTINGS_SIZE});
  settings_encode(said + PREFACE_SIZE + FRAME_HEADER_SIZE,
                  &(struct native_settings){.frame_max = 65536, .capabilities = NATIVE_V1});
  assert_true(peer_say_raw(peer, said, sizeof said));
  struct hws_event event = world_await_status(world, waiting, HWS_E_REFUSED);
  assert_int_equal(event.code, HWS_CODE_REFUSED);
  assert_true(event.flags & HWS_EVENT_REMOTE);
  expect_detail(late, HWS_E_REFUSED, "takes no streams");
  close_handle(late);
  /* One that makes no stream has none to be asked: the session tells what it met, and goes on. */
  struct hws_how how = how_block();
  assert_status(detail_of(peer->session).status, HWS_OK);
  assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &late), 1);
  assert_status(event.status, HWS_E_REFUSED);
  assert_int_equal(event.object, 0);
  expect_detail(peer->session, HWS_E_REFUSED, "takes no streams");
  assert_status(detail_of(peer_opens_native(peer, 2)).status, HWS_OK);
  for (int i = 0; i < ASSUMED; i++) abort_handle(streams[i]);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(useless_frames_have_a_budget),
      BOTH_MODES(ends_of_messages_are_no_useless_frames),
      BOTH_MODES(opens_and_resets_are_paced),
      BOTH_MODES(ended_streams_keep_their_slot),
      BOTH_MODES(names_are_text),
      BOTH_MODES(no_streams_fail_opens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
