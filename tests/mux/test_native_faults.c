/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-7 for native frames: everything that a peer can do wrong in one, whole and byte by byte, ends the session with
 * words of its own; what only looks wrong ends nothing.
 */
#include "tests/mux/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_OURS = 1, STREAM_PEERS = 2, BODY_SAID = 96 };

struct said {
  uint8_t type;
  uint16_t flags;
  uint32_t stream;
  uint32_t length; /* declared */
  uint32_t body_len;
  uint8_t body[BODY_SAID];
};

struct fault {
  const char *title;
  struct said said;
  const char *text; /* of the session's end */
};

#define OPEN_FLAGS FRAME_SYN

static const struct fault faults[] = {
    /* Headers. */
    {"type between plain and native", {0x0f, 0, 0, 0, 0, {0}}, "unknown type (frame type 15"},
    {"unknown critical type", {0x80, 0, 2, 5, 5, {0}}, "unknown critical type (frame type 128, flags 0x0, stream 2"},
    {"unknown flags of data", {FRAME_DATA, 0x8000, 1, 1, 1, {0}}, "unknown flag bits (frame type 0, flags 0x8000"},
    {"credit that ends a message", {FRAME_WINDOW, FRAME_EOM, 1, 1, 0, {0}}, "unknown flag bits"},
    {"ping that ends a message", {FRAME_PING, FRAME_EOM | FRAME_SYN, 0, 1, 0, {0}}, "unknown flag bits"},
    {"open without SYN", {FRAME_OPEN, 0, 4, 8, 8, {0}}, "open with flags other than SYN and EOM"},
    {"open with FIN", {FRAME_OPEN, FRAME_SYN | FRAME_FIN, 4, 8, 8, {0}}, "open with flags other than SYN and EOM"},
    {"open of the session", {FRAME_OPEN, OPEN_FLAGS, 0, 8, 8, {0}}, "open of stream 0"},
    {"open of seven bytes", {FRAME_OPEN, OPEN_FLAGS, 4, 7, 7, {0}}, "open that is too short"},
    {"reset with flags", {FRAME_RESET, FRAME_RST, 2, 9, 9, {0}}, "reset with flags"},
    {"reset of the session", {FRAME_RESET, 0, 0, 9, 9, {0}}, "reset of stream 0"},
    {"reset of eight bytes", {FRAME_RESET, 0, 2, 8, 8, {0}}, "reset that is too short"},
    {"reset with a long reason", {FRAME_RESET, 0, 2, 9 + 1025, 0, {0}}, "reset with a reason that is too long"},
    {"settings of a stream", {FRAME_SETTINGS, 0, 1, 0, 0, {0}}, "settings with flags or a stream id"},
    {"settings with flags", {FRAME_SETTINGS, FRAME_ACK, 0, 0, 0, {0}}, "settings with flags or a stream id"},
    {"settings of five bytes", {FRAME_SETTINGS, 0, 0, 5, 5, {0}}, "settings cut short"},
    {"33 settings", {FRAME_SETTINGS, 0, 0, 33 * 6, 0, {0}}, "too many settings"},
    {"drain of a stream", {FRAME_DRAIN, 0, 1, 4, 4, {0}}, "drain with flags or a stream id"},
    {"drain with flags", {FRAME_DRAIN, FRAME_SYN, 0, 4, 4, {0}}, "drain with flags or a stream id"},
    {"drain of five bytes", {FRAME_DRAIN, 0, 0, 5, 5, {0}}, "drain of a wrong size"},
    {"empty drain", {FRAME_DRAIN, 0, 0, 0, 0, {0}}, "drain of a wrong size"},
    /* Bodies. */
    {"open with a head above 16 KiB",
     {FRAME_OPEN, OPEN_FLAGS, 4, 20000, 8, {0, 0, 0, 0, 0x40, 1, 0, 0}},
     "open with too much metadata (frame type 16, flags 0x1, stream 4, length 20000)"},
    {"open whose name is longer than its head",
     {FRAME_OPEN, OPEN_FLAGS, 4, 20, 8, {0, 0, 0, 0, 0, 4, 0, 5}},
     "open with a name beyond its head"},
    {"open whose head is longer than it",
     {FRAME_OPEN, OPEN_FLAGS, 4, 12, 8, {0, 0, 0, 0, 0, 5, 0, 5}},
     "open that is shorter than its head"},
    {"open with a payload beyond the window",
     {FRAME_OPEN, OPEN_FLAGS, 4, 8 + 65537, 8, {0}},
     "open with a body beyond"},
    {"open with the end of its message beyond the window",
     {FRAME_OPEN, OPEN_FLAGS | FRAME_EOM, 4, 8 + 65536, 8, {0}},
     "open with a body beyond the window"},
    {"a huge open", {FRAME_OPEN, OPEN_FLAGS, 4, 0xffffffff, 8, {0}}, "open with a body beyond the window"},
    {"open with too much credit",
     {FRAME_OPEN, OPEN_FLAGS, 4, 8, 8, {0xff, 0xff, 0, 0, 0, 0, 0, 0}},
     "credit above 2^32-1 (frame type 16"},
    {"open with a zero in its name",
     {FRAME_OPEN, OPEN_FLAGS, 4, 11, 11, {0, 0, 0, 0, 0, 3, 0, 3, 'a', 0, 'b'}},
     "open with a zero in its name"},
    {"open with half a length",
     {FRAME_OPEN, OPEN_FLAGS, 4, 11, 11, {0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0}},
     "open with metadata cut short"},
    {"open with a value beyond its head",
     {FRAME_OPEN, OPEN_FLAGS, 4, 14, 14, {0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 1, 'k', 'v'}},
     "open with metadata cut short"},
    {"open with an empty key",
     {FRAME_OPEN, OPEN_FLAGS, 4, 13, 13, {0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 1, 'v'}},
     "open with an empty key"},
    {"open with our own id", {FRAME_OPEN, OPEN_FLAGS, 3, 8, 8, {0}}, "open with an id of the wrong side"},
    {"open of a stream that exists", {FRAME_OPEN, OPEN_FLAGS, 2, 8, 8, {0}}, "open of a stream that exists"},
    {"reset of no direction", {FRAME_RESET, 0, 2, 9, 9, {0}}, "reset of an unknown direction"},
    {"reset of a fourth direction",
     {FRAME_RESET, 0, 2, 9, 9, {0, 0, 0, 0, 0, 0, 0, 0, 4}},
     "reset of an unknown direct"},
    {"the same of a stream that never was",
     {FRAME_RESET, 0, 200, 9, 9, {0, 0, 0, 0, 0, 0, 0, 0, 0xff}},
     "reset of an unknown direction"},
    {"settings again", {FRAME_SETTINGS, 0, 0, 6, 6, {0, 2, 0, 0, 0, 9}}, "settings for a second time (frame type 20"},
    {"empty settings again", {FRAME_SETTINGS, 0, 0, 0, 0, {0}}, "settings for a second time"},
    /* Windows: the end of a message has its price. */
    {"data beyond the window", {FRAME_DATA, 0, 1, 65537, 0, {0}}, "data beyond the window (frame type 0"},
    {"an end beyond the window", {FRAME_DATA, FRAME_EOM, 2, 65536, 0, {0}}, "data beyond the window"},
    {"a plain open with an end beyond the window",
     {FRAME_DATA, FRAME_SYN | FRAME_EOM, 4, 65536, 0, {0}},
     "data beyond the window"},
    {"a plain open beyond the window", {FRAME_DATA, FRAME_SYN, 4, 65537, 0, {0}}, "open with a body beyond the window"},
    {"credit overflow", {FRAME_WINDOW, 0, 2, 0xffff0000, 0, {0}}, "credit above 2^32-1"},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static size_t bytes_of(const struct said *said, uint8_t *out) {
  frame_encode(out, &(struct frame){said->type, said->flags, said->stream, said->length});
  memcpy(out + FRAME_HEADER_SIZE, said->body, said->body_len);
  return FRAME_HEADER_SIZE + (size_t)said->body_len;
}

/* Until the session hangs up; the last frame is a go-away with reason 1. */
static void expect_goaway(struct peer *peer) {
  struct frame frame;
  do assert_true(peer_hear(peer, &frame));
  while (frame.type != FRAME_GOAWAY);
  assert_int_equal(frame.length, 1);
  peer_expect_end(peer);
}

static void try_fault(struct world *world, const struct fault *fault, size_t step) {
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  uint8_t bytes[FRAME_HEADER_SIZE + BODY_SAID];
  hws_handle streams[2] = {peer_is_opened_native(peer, &id), peer_opens_native(peer, STREAM_PEERS)};
  uint64_t tags[3] = {post_watch(world, peer->session), post_watch(world, streams[0]), post_watch(world, streams[1])};
  size_t length = bytes_of(&fault->said, bytes);
  for (size_t at = 0; at < length; at += step) {
    uint64_t before = stat_of(peer->session, "bytes_in");
    size_t part = step < length - at ? step : length - at;
    if (!peer_say_raw(peer, bytes + at, part)) break;
    world_until(world, stat_of(peer->session, "bytes_in") > before || detail_of(peer->session).status != HWS_OK);
  }
  for (int i = 0; i < 3; i++) {
    struct hws_event event = world_await_status(world, tags[i], HWS_E_PROTOCOL);
    assert_int_equal(event.code, HWS_CODE_PROTOCOL);
  }
  expect_detail(peer->session, HWS_E_PROTOCOL, fault->text);
  for (int i = 0; i < 2; i++) {
    expect_detail(streams[i], HWS_E_PROTOCOL, fault->text);
    close_handle(streams[i]);
  }
  expect_goaway(peer);
  peer_close(peer);
}

static void faults_end_the_session(void **state) {
  for (size_t i = 0; i < FAULTS; i++) {
    print_message("  %s\n", faults[i].title);
    try_fault(*state, &faults[i], SIZE_MAX / 2);
  }
}

static void faults_are_found_byte_by_byte(void **state) {
  for (size_t i = 0; i < FAULTS; i++)
    if (faults[i].said.length < BODY_SAID || faults[i].said.body_len) try_fault(*state, &faults[i], 1);
}

/* 65 pairs do not fit the table above. */
static void too_many_pairs(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  uint64_t watching = post_watch(world, peer->session);
  enum { PAIRS = OPEN_PAIRS_MAX + 1, HEAD = PAIRS * 5 };
  uint8_t body[OPEN_FIXED_SIZE + HEAD] = {0};
  open_encode_fixed(body, &(struct open_fixed){.head_len = HEAD});
  for (size_t i = 0; i < PAIRS; i++) body[OPEN_FIXED_SIZE + i * 5 + 1] = 1;
  assert_true(peer_say_body(peer, FRAME_OPEN, FRAME_SYN, 2, body, sizeof body));
  world_await_status(world, watching, HWS_E_PROTOCOL);
  expect_detail(peer->session, HWS_E_PROTOCOL, "open with too many pairs of metadata");
  expect_goaway(peer);
  peer_close(peer);
}

/* The window to its last byte, and the end of a message as the one that is too much. */
static void an_end_overruns_the_window(void **state) {
  struct world *world = *state;
  static uint8_t bytes[NATIVE_INITIAL];
  for (int exact = 0; exact < 2; exact++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    hws_handle stream = peer_opens_native(peer, 2);
    uint64_t watching = post_watch(world, peer->session);
    assert_true(peer_say_body(peer, FRAME_DATA, exact ? FRAME_EOM : 0, 2, bytes, NATIVE_INITIAL - (exact ? 1 : 0)));
    peer_expect_quiet(peer);
    assert_true(peer_say(peer, FRAME_DATA, FRAME_EOM, 2, 0));
    world_await_status(world, watching, HWS_E_PROTOCOL);
    expect_detail(peer->session, HWS_E_PROTOCOL,
                  "data beyond the window (frame type 0, flags 0x4000, stream 2, length 0)");
    close_handle(stream);
    peer_close(peer);
  }
}

/* ---- what looks like a fault and is none ---- */

static const struct said harmless[] = {
    {0x12, 0, 2, 90, 90, {0}},                 /* a hand-off, of a later version */
    {0x7f, 0xffff, 0, 0, 0, {0}},              /* the last that is not critical, with every flag */
    {0x20, FRAME_SYN, 0xffffffff, 3, 3, {0}},  /* of a stream that never was */
    {FRAME_DATA, FRAME_EOM, 2, 0, 0, {0}},     /* a message without bytes */
    {FRAME_DATA, FRAME_EOM, 200, 5, 5, {0}},   /* one for a stream that never was */
    {FRAME_WINDOW, FRAME_ACK, 1, 0, 0, {0}},   /* an ACK that brings nothing */
    {FRAME_WINDOW, FRAME_SYN, 6, 100, 0, {0}}, /* plain opens, with credit and with data */
    {FRAME_DATA, FRAME_SYN | FRAME_EOM, 8, 5, 5, {0}},
    {FRAME_WINDOW, FRAME_RST, 2, 7, 0, {0}},                                   /* a plain reset */
    {FRAME_RESET, 0, 200, 12, 12, {0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0xff, '\n'}}, /* of what never was; not UTF-8 */
    {FRAME_RESET, 0, 2, 9, 9, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3}},
    {FRAME_RESET, 0, 2, 12, 12, {0, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 'b'}},  /* a zero in a reason */
    {FRAME_OPEN, FRAME_SYN | FRAME_EOM, 4, 8, 8, {0, 0, 0, 0, 0, 0, 0, 0}}, /* an open with an empty message */
    {FRAME_OPEN, FRAME_SYN, 4, 8, 8, {0xff, 0xfe, 0xff, 0xff, 0, 0, 0, 0}}, /* with all the credit there can be */
    {FRAME_DRAIN, 0, 0, 4, 4, {0xff, 0xff, 0xff, 0xff}},
};

static void oddities_end_nothing(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    uint8_t bytes[FRAME_HEADER_SIZE + BODY_SAID];
    hws_handle ours = peer_is_opened_native(peer, &id);
    hws_handle witness = peer_opens_native(peer, 10);
    (void)peer_opens_native(peer, STREAM_PEERS);
    size_t length = bytes_of(&harmless[i], bytes);
    for (size_t at = 0; at < length; at++) assert_true(peer_say_raw(peer, bytes + at, 1));
    peer_expect_quiet(peer);
    send_all(ours, "on", 2);
    peer_expect_data(peer, STREAM_OURS, "on");
    assert_true(peer_say_data(peer, 0, 10, "and on", 6));
    expect_bytes(witness, "and on");
    assert_status(detail_of(peer->session).status, HWS_OK);
    peer_close(peer);
  }
}

/* Frames of a later version pass by, however large, and are counted as what they are to us. */
static void unknown_types_are_skipped(void **state) {
  struct world *world = *state;
  static uint8_t body[3 << 20];
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens_native(peer, 2);
  uint64_t useless = stat_of(peer->session, "useless_frames");
  pattern_fill(1, 0, body, sizeof body);
  for (unsigned type = 0x12; type < 0x80; type += 9) {
    if (type == FRAME_SETTINGS || type == FRAME_DRAIN) continue;
    useless++;
    assert_true(peer_say_body(peer, type, type << 4, type, body, type == 0x12 ? sizeof body : type));
    assert_true(peer_say_data(peer, 0, 2, "between", 7));
    expect_bytes(stream, "between");
  }
  assert_int_equal(stat_of(peer->session, "useless_frames"), useless);
  assert_true(stat_of(peer->session, "dropped_bytes") > sizeof body);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(faults_end_the_session), BOTH_MODES(faults_are_found_byte_by_byte),
      BOTH_MODES(too_many_pairs),         BOTH_MODES(an_end_overruns_the_window),
      BOTH_MODES(oddities_end_nothing),   BOTH_MODES(unknown_types_are_skipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
