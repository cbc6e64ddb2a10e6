/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-7: what a peer can do wrong, and what that ends: the session, with a cause that says what and where, or nothing.
 * Every fault is put to a session with a stream of each side's, on which ops pend; MUX-8: all of them say why.
 */
#include "tests/mux/peer.h"

#include <stdio.h>
#include <string.h>

enum { FAULT_FRAMES = 4, STREAM_OURS = 1, STREAM_PEERS = 2 };

struct said {
  uint8_t version;
  uint8_t type;
  uint16_t flags;
  uint32_t stream;
  uint32_t length;
  uint32_t body; /* bytes that follow */
};

struct fault {
  const char *title;
  struct said said[FAULT_FRAMES];
  uint32_t count;
  const char *text; /* of the session's end */
};

static void say(struct peer *peer, const struct said *said) {
  static uint8_t bytes[1 << 20];
  const struct frame frame = {said->type, said->flags, said->stream, said->length};
  uint8_t header[FRAME_HEADER_SIZE];
  assert_true(said->body <= sizeof bytes);
  frame_encode(header, &frame);
  header[0] = said->version;
  (void)peer_say_raw(peer, header, sizeof header);
  (void)peer_say_raw(peer, bytes, said->body);
}

/* ---- faults that end the session ---- */

static const struct fault faults[] = {
    {"unknown version", {{1, FRAME_DATA, 0, 1, 0, 0}}, 1, "unknown version (frame type 0, flags 0x0, stream 1"},
    {"unknown type", {{0, 4, 0, 1, 0, 0}}, 1, "unknown type (frame type 4"},
    {"a type with the bit of critical ones", {{0, 0x80, 0, 1, 0, 0}}, 1, "unknown type (frame type 128"},
    {"data for the session", {{0, FRAME_DATA, 0, 0, 5, 0}}, 1, "data for stream 0"},
    {"credit for the session", {{0, FRAME_WINDOW, 0, 0, 5, 0}}, 1, "window update for stream 0"},
    {"ping with a stream", {{0, FRAME_PING, FRAME_SYN, 1, 5, 0}}, 1, "ping with a stream id"},
    {"ping without a flag", {{0, FRAME_PING, 0, 0, 5, 0}}, 1, "ping that is neither"},
    {"ping with both flags", {{0, FRAME_PING, FRAME_SYN | FRAME_ACK, 0, 5, 0}}, 1, "ping that is neither"},
    {"go-away with a stream", {{0, FRAME_GOAWAY, 0, 1, 0, 0}}, 1, "go-away with a stream id"},
    {"open of a stream that exists", {{0, FRAME_WINDOW, FRAME_SYN, 2, 0, 0}}, 1, "open of a stream that exists"},
    {"open of one just opened",
     {{0, FRAME_WINDOW, FRAME_SYN, 4, 0, 0}, {0, FRAME_DATA, FRAME_SYN, 4, 1, 1}},
     2,
     "open of a stream that exists (frame type 0, flags 0x1, stream 4, length 1)"},
    {"open with our own id", {{0, FRAME_WINDOW, FRAME_SYN, 3, 0, 0}}, 1, "open with an id of the wrong side"},
    {"open with our own id of now", {{0, FRAME_DATA, FRAME_SYN, 1, 1, 1}}, 1, "open"},
    {"open with too large a body", {{0, FRAME_DATA, FRAME_SYN, 4, 262145, 0}}, 1, "beyond the window"},
    {"open with too much credit", {{0, FRAME_WINDOW, FRAME_SYN, 4, 0xffffffff, 0}}, 1, "credit above 2^32-1"},
    {"data beyond the window at once", {{0, FRAME_DATA, 0, 1, 262145, 0}}, 1, "data beyond the window"},
    {"data beyond the window in two frames",
     {{0, FRAME_DATA, 0, 1, 262144, 262144}, {0, FRAME_DATA, 0, 1, 1, 1}},
     2,
     "data beyond the window (frame type 0, flags 0x0, stream 1, length 1)"},
    {"a huge declared length", {{0, FRAME_DATA, 0, 2, 0xffffffff, 0}}, 1, "data beyond the window"},
    {"credit overflow", {{0, FRAME_WINDOW, 0, 2, 0xffffffff, 0}}, 1, "credit above 2^32-1"},
    {"credit overflow in two steps",
     {{0, FRAME_WINDOW, 0, 2, 0x80000000, 0}, {0, FRAME_WINDOW, 0, 2, 0x7fffffff, 0}},
     2,
     "credit above 2^32-1 (frame type 1, flags 0x0, stream 2"},
};

static void expect_end(const struct hws_event *event) {
  assert_status(event->status, HWS_E_PROTOCOL);
  assert_int_equal(event->code, HWS_CODE_PROTOCOL);
}

static void try_fault(struct world *world, const struct fault *fault) {
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  static uint8_t bytes[WINDOW_INITIAL + 1];
  uint8_t got;
  pattern_fill(0, 0, bytes, sizeof bytes);
  uint32_t id = 0;
  hws_handle streams[2] = {peer_is_opened(peer, &id), peer_opens(peer, STREAM_PEERS)};
  hws_handle none = 0;
  uint64_t tags[8];
  unsigned count = 0;
  for (int i = 0; i < 2; i++) {
    tags[count++] = post_watch(world, streams[i]);
  }
  tags[count++] = post_watch(world, peer->session);
  tags[count++] = post_send(world, streams[0], bytes, sizeof bytes); /* one byte more than there is credit for */
  peer_expect_pattern(peer, STREAM_OURS, 0, 0, WINDOW_INITIAL);
  for (uint32_t i = 0; i < fault->count; i++) say(peer, &fault->said[i]);
  for (unsigned i = 0; i < count; i++) {
    struct hws_event event = world_await(world, tags[i]);
    expect_end(&event);
  }
  expect_detail(peer->session, HWS_E_PROTOCOL, fault->text);
  struct hws_event event = recv_once(streams[0], &got, 1);
  if (event.status == HWS_OK) event.status = HWS_E_PROTOCOL, event.code = HWS_CODE_PROTOCOL; /* had arrived before */
  expect_end(&event);
  for (int i = 0; i < 2; i++) {
    assert_status(send_status(streams[i]), HWS_E_PROTOCOL);
    expect_detail(streams[i], HWS_E_PROTOCOL, fault->text);
    close_handle(streams[i]);
  }
  struct hws_how how = how_block();
  assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
  expect_end(&event);
  do assert_int_equal(hws_accept(peer->session, 0, &how, &event, NULL, &none), 1);
  while (event.status == HWS_OK); /* opened before the fault */
  expect_end(&event);
  peer_close(peer);
}

static void faults_end_the_session(void **state) {
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    print_message("  %s\n", faults[i].title);
    try_fault(*state, &faults[i]);
  }
}

/* The peer is told why, where that can be written; it is the last that it hears. */
static void faults_are_said_to_the_peer(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    (void)peer_is_opened(peer, &id);
    (void)peer_opens(peer, STREAM_PEERS);
    struct frame frame;
    bool heard;
    for (uint32_t k = 0; k < faults[i].count; k++) say(peer, &faults[i].said[k]);
    do heard = peer_hear(peer, &frame);
    while (heard && frame.type != FRAME_GOAWAY);
    assert_true(heard || through_chaos()); /* a last word that pends is not waited for */
    if (heard) assert_int_equal(frame.length, 1);
    if (heard) peer_expect_end(peer);
    peer_close(peer);
  }
}

/* ---- what looks like a fault and is none ---- */

static const struct fault harmless[] = {
    {"data for a stream that never was", {{0, FRAME_DATA, 0, 100, 1 << 20, 1 << 20}}, 1, NULL},
    {"data for one of ours to come", {{0, FRAME_DATA, 0, 3, 300000, 300000}}, 1, NULL},
    {"end of a stream that never was", {{0, FRAME_WINDOW, FRAME_FIN, 100, 0, 0}}, 1, NULL},
    {"reset of a stream that never was", {{0, FRAME_WINDOW, FRAME_RST, 100, 7, 0}}, 1, NULL},
    {"credit for a stream that never was", {{0, FRAME_WINDOW, 0, 100, 0xffffffff, 0}}, 1, NULL},
    {"an ACK for what was acknowledged",
     {{0, FRAME_WINDOW, FRAME_ACK, 1, 0, 0}, {0, FRAME_DATA, FRAME_ACK, 1, 0, 0}},
     2,
     NULL},
    {"an ACK for a stream of its own", {{0, FRAME_WINDOW, FRAME_ACK, 2, 0, 0}}, 1, NULL},
    {"a pong that was not asked for", {{0, FRAME_PING, FRAME_ACK, 0, 99, 0}}, 1, NULL},
    {"empty data", {{0, FRAME_DATA, 0, 1, 0, 0}}, 1, NULL},
    {"credit of zero", {{0, FRAME_WINDOW, 0, 1, 0, 0}}, 1, NULL},
    {"a whole window, and no more", {{0, FRAME_DATA, 0, 1, 262144, 262144}}, 1, NULL},
    {"all the credit there can be", {{0, FRAME_WINDOW, 0, 1, 0xffffffff - 262144, 0}}, 1, NULL},
    {"a reset whose code is large", {{0, FRAME_WINDOW, FRAME_RST, 2, 0xffffffff, 0}}, 1, NULL},
    {"end after end", {{0, FRAME_WINDOW, FRAME_FIN, 2, 0, 0}, {0, FRAME_DATA, FRAME_FIN, 2, 0, 0}}, 2, NULL},
    {"data after the end", {{0, FRAME_WINDOW, FRAME_FIN, 2, 0, 0}, {0, FRAME_DATA, 0, 2, 5, 5}}, 2, NULL},
    {"reset after reset", {{0, FRAME_WINDOW, FRAME_RST, 2, 1, 0}, {0, FRAME_WINDOW, FRAME_RST, 2, 2, 0}}, 2, NULL},
    {"data after reset", {{0, FRAME_WINDOW, FRAME_RST, 2, 1, 0}, {0, FRAME_DATA, 0, 2, 500000, 500000}}, 2, NULL},
    {"an end that carries credit", {{0, FRAME_WINDOW, FRAME_FIN, 2, 1000, 0}}, 1, NULL},
    {"go-away with flags", {{0, FRAME_GOAWAY, 15, 0, 0, 0}}, 1, NULL},
    {"flags that nobody knows", {{0, FRAME_DATA, 0x10, 2, 3, 3}, {0, FRAME_PING, 0x8002, 0, 99, 0}}, 2, NULL},
    {"what only native has", {{0, FRAME_DATA, 0x4000, 2, 3, 3}, {0, FRAME_WINDOW, 0x4000, 1, 5, 0}}, 2, NULL},
};

static void harmless_oddities_end_nothing(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
    print_message("  %s\n", harmless[i].title);
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    hws_handle ours = peer_is_opened(peer, &id);
    hws_handle witness = peer_opens(peer, 10);
    (void)peer_opens(peer, STREAM_PEERS);
    for (uint32_t k = 0; k < harmless[i].count; k++) say(peer, &harmless[i].said[k]);
    peer_expect_quiet(peer);
    send_all(ours, "on", 2);
    peer_expect_data(peer, STREAM_OURS, "on");
    assert_true(peer_say_data(peer, 0, 10, "and on", 6));
    expect_bytes(witness, "and on");
    assert_status(detail_of(peer->session).status, HWS_OK);
    peer_close(peer);
  }
}

/* ---- what is wrong in one stream only ---- */

/* An open that carries everything at once: data, the end, credit, a reset. */
static void opens_carry_anything(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  assert_true(peer_say_data(peer, FRAME_SYN | FRAME_FIN, 2, "all of it", 9));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2, 0);
  hws_handle stream = accept_stream(peer->session);
  expect_bytes(stream, "all of it");
  assert_status(recv_status(stream), HWS_E_EOF);
  send_all(stream, "thanks", 6);
  peer_expect_data(peer, 2, "thanks");
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN | FRAME_ACK | FRAME_FIN, 4, 10));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 4, 0);
  assert_status(recv_status(accept_stream(peer->session)), HWS_E_EOF);
  /* Reset by its own open: there may be an ACK on the way, and there is nothing to accept. */
  assert_true(peer_say_data(peer, FRAME_SYN | FRAME_RST, 6, "gone", 4));
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN | FRAME_RST, 8, 9));
  assert_true(peer_say_data(peer, FRAME_SYN, 10, "x", 1));
  struct frame frame;
  do assert_true(peer_hear(peer, &frame));
  while (frame.flags == FRAME_ACK && frame.stream < 10);
  assert_int_equal(frame.stream, 10);
  assert_int_equal(frame.flags, FRAME_ACK);
  expect_bytes(accept_stream(peer->session), "x");
  assert_int_equal(stat_of(peer->session, "resets_in"), 2);
  assert_int_equal(stat_of(peer->session, "streams"), 3);
  peer_close(peer);
}

/* CAN-1, MUX-7: a reset, with any code and on any frame, ends its stream only and says its code. */
static void resets_end_one_stream(void **state) {
  struct world *world = *state;
  static const uint32_t codes[] = {0, 1, 0xfff, 0x10007, 0xffffffff};
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  hws_handle witness = peer_opens(peer, 1);
  for (uint32_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    uint8_t byte;
    hws_handle stream = peer_opens(peer, 3 + 2 * i);
    uint64_t receiving = post_recv(world, stream, &byte, 1);
    uint64_t watching = post_watch(world, stream);
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 3 + 2 * i, codes[i]));
    struct hws_event event = world_await_status(world, receiving, HWS_E_RESET);
    assert_int_equal(event.code, codes[i]);
    assert_int_equal(event.flags, HWS_EVENT_REMOTE);
    event = world_await_status(world, watching, HWS_E_RESET);
    assert_int_equal(event.code, codes[i]);
    assert_status(send_status(stream), HWS_E_RESET);
    expect_detail(stream, HWS_E_RESET, "reset by the peer");
    close_handle(stream);
  }
  /* On a Data frame there is no room for a code. */
  hws_handle stream = peer_opens(peer, 101);
  assert_true(peer_say_data(peer, FRAME_RST, 101, "lost", 4));
  peer_expect_quiet(peer);
  assert_status(recv_status(stream), HWS_E_RESET);
  assert_int_equal(detail_of(stream).code, 0);
  assert_true(peer_say_data(peer, 0, 1, "still here", 10));
  expect_bytes(witness, "still here");
  peer_close(peer);
}

/* What a reset of ours carries, and that nothing follows it. */
static void resets_carry_a_code(void **state) {
  struct world *world = *state;
  static const struct {
    uint64_t code;
    uint32_t wire;
  } codes[] = {{0, HWS_CODE_CANCELED},
               {HWS_CODE_DEADLINE, 2},
               {65536 + 7, 65536 + 7},
               {0xffffffff, 0xffffffff},
               {0x100000000, HWS_CODE_INTERNAL}};
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  for (uint32_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    uint32_t id = 0;
    hws_handle stream = peer_is_opened(peer, &id);
    assert_int_equal(hws_reset(stream, codes[i].code, "why"), HWS_OK);
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, id, codes[i].wire);
    assert_int_equal(hws_reset(stream, 5, "again"), HWS_OK);
    assert_status(send_status(stream), HWS_E_CANCELED);
    assert_status(recv_status(stream), HWS_E_CANCELED);
    expect_detail(stream, HWS_E_CANCELED, "why");
    /* MUX-12: what was on its way is dropped. */
    assert_true(peer_say_data(peer, 0, id, "late", 4));
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, id, 0));
    close_handle(stream);
    peer_expect_quiet(peer);
  }
  assert_int_equal(stat_of(peer->session, "resets_out"), 5);
  world_until(world, stat_of(peer->session, "dropped_bytes") == (uint64_t)5 * 4);
  assert_int_equal(stat_of(peer->session, "streams"), 0);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(faults_end_the_session),        BOTH_MODES(faults_are_said_to_the_peer),
      BOTH_MODES(harmless_oddities_end_nothing), BOTH_MODES(opens_carry_anything),
      BOTH_MODES(resets_end_one_stream),         BOTH_MODES(resets_carry_a_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
