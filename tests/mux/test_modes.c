/* SPDX-License-Identifier: Apache-2.0
 *
 * Modes: every one against every one, and against peers that are silent, slow or lie. Whatever two sides speak, either
 * they understand each other, or both learn at once that they do not.
 */
#include "tests/mux/peer.h"

#include <stdio.h>
#include <string.h>

#include "core/mux/native.h"

/* How a side of the matrix is set up. */
struct side {
  const char *name;
  uint32_t mode;
  const char *settings;
};

static const struct side sides[] = {
    {"yamux", HWS_MODE_YAMUX, NULL},     {"auto", HWS_MODE_AUTO, NULL},          {"native", HWS_MODE_NATIVE, NULL},
    {"default", HWS_MODE_DEFAULT, NULL}, {"sniffing", HWS_MODE_AUTO, "sniff=1"},
};
enum { SIDES = sizeof sides / sizeof *sides, YAMUX = 0, AUTO = 1, NATIVE = 2, DEFAULT = 3, SNIFFING = 4 };

/* What comes of a client and a server: a mode, or that they do not understand each other. */
static const char *outcome(unsigned client, unsigned server) {
  if (client == DEFAULT) client = AUTO;
  if (server == DEFAULT) server = AUTO;
  if (client == SNIFFING && server == SNIFFING) return "silence";
  if (client == SNIFFING || server == SNIFFING) {
    unsigned other = client == SNIFFING ? server : client;
    return other == YAMUX ? "yamux-once-spoken" : "native";
  }
  if (client == YAMUX && server == YAMUX) return "yamux";
  if (client == NATIVE || server == NATIVE) return client == server ? "native" : "fault";
  return client == AUTO && server == AUTO ? "native" : "yamux";
}

static void expect_mode(hws_handle session, const char *wanted) {
  char text[16];
  assert_true(hws_text(session, HWS_TEXT_MODE, text, sizeof text) >= 0);
  assert_string_equal(text, wanted);
}

static void expect_traffic(hws_handle from, hws_handle to, const char *mode) {
  hws_handle near = open_stream(from);
  send_all(near, "hello", 5);
  hws_handle far = accept_stream(to);
  expect_bytes(far, "hello");
  send_all(far, "there", 5);
  expect_bytes(near, "there");
  expect_mode(from, mode);
  expect_mode(to, mode);
  close_handle(near);
  close_handle(far);
}

/* MUX-7: both learn, and nobody waits for a limit. */
static void expect_fault(struct world *world, const struct pair *sessions) {
  uint64_t watches[] = {post_watch(world, sessions->client), post_watch(world, sessions->server)};
  struct hws_event first = world_await(world, watches[0]);
  struct hws_event second = world_await(world, watches[1]);
  assert_true(first.status == HWS_E_PROTOCOL || second.status == HWS_E_PROTOCOL);
  assert_true(first.status != HWS_E_TIMEOUT && second.status != HWS_E_TIMEOUT);
}

static void matrix(void **state) {
  struct world *world = *state;
  for (unsigned c = 0; c < SIDES; c++)
    for (unsigned s = 0; s < SIDES; s++) {
      const char *wanted = outcome(c, s);
      struct pair raw = pair_raw(world, "mem");
      struct pair sessions = {.server = session_in(raw.server, sides[s].mode, HWS_ROLE_DEFAULT, sides[s].settings),
                              .client = session_in(raw.client, sides[c].mode, HWS_ROLE_DEFAULT, sides[c].settings)};
      if (strcmp(wanted, "fault") == 0) {
        expect_fault(world, &sessions);
      } else if (strcmp(wanted, "yamux-once-spoken") == 0) {
        /* Only the plain side may begin: the other does not know yet that it is there. */
        hws_handle from = c == YAMUX ? sessions.client : sessions.server;
        hws_handle to = c == YAMUX ? sessions.server : sessions.client;
        expect_traffic(from, to, "yamux");
        expect_traffic(to, from, "yamux");
      } else if (strcmp(wanted, "silence") == 0) {
        expect_mode(sessions.client, "");
        expect_mode(sessions.server, "");
      } else {
        expect_traffic(sessions.client, sessions.server, wanted);
        expect_traffic(sessions.server, sessions.client, wanted);
      }
      abort_handle(sessions.client);
      abort_handle(sessions.server);
    }
}

/* ---- scripted peers ---- */

static struct peer *peer_in(struct world *world, uint32_t mode, const char *settings) {
  return peer_open_in(world, mode, HWS_ROLE_CLIENT, settings);
}

static void say_pair(struct peer *peer) {
  assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC));
  assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, NATIVE_V1));
}

static void expect_pair(struct peer *peer) {
  peer_expect(peer, FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC);
  peer_expect(peer, FRAME_PING, FRAME_SYN, 0, NATIVE_V1);
}

/* A plain peer echoes both pings; until its first frame nothing else leaves. */
static void auto_against_plain(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, NULL);
  hws_handle stream = 0;
  peer->keeps_pings = true;
  uint64_t opening = post_open(world, peer->session, &stream);
  expect_pair(peer);
  struct frame frame;
  for (int i = 0; i < 20; i++) {
    world_turn(world);
    assert_false(peer_hear_now(peer, &frame));
  }
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  world_await_status(world, opening, HWS_OK);
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 1, 0);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, NATIVE_V1));
  peer_expect_quiet(peer);
  expect_mode(peer->session, "yamux");
  assert_int_equal(stat_of(peer->session, "useless_frames"), 1); /* the ping of peer_expect_quiet */
  close_handle(stream);
  peer_close(peer);
}

/* A plain peer that speaks before it echoes. */
static void auto_against_plain_that_opens(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, NULL);
  peer->keeps_pings = true;
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2, 0));
  expect_pair(peer);
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2, 0);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, NATIVE_V1));
  hws_handle stream = accept_stream(peer->session);
  close_handle(stream);
  expect_mode(peer->session, "yamux");
  peer_close(peer);
}

/* A plain peer that answers each ping from a thread of its own may swap the echoes, as hashicorp/yamux does. Neither is
 * taken later for the answer to a keep-alive (MUX-16). */
static void auto_against_plain_that_swaps(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, "keepalive=10ms&keepalive_timeout=60s");
  struct frame frame;
  peer->keeps_pings = true;
  expect_pair(peer);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, NATIVE_V1));
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  for (int i = 0; i < 3; i++) {
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.type, FRAME_PING);
    assert_int_equal(frame.flags, FRAME_SYN);
    peer->pinged = false;
    assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, frame.length));
  }
  expect_mode(peer->session, "yamux");
  assert_int_equal(stat_of(peer->session, "useless_frames"), 0);
  peer_close(peer);
}

/* The pair stands for the first keep-alive. Once it is answered the next comes after the interval, not after the time
 * that an answer may take. */
static void the_pair_is_a_question(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, "keepalive=10ms&keepalive_timeout=60s");
  struct frame frame;
  peer->keeps_pings = true;
  expect_pair(peer);
  world_until(world, stat_of(peer->session, "pings_out") == 1);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  uint64_t answered = hws_now();
  assert_true(peer_hear(peer, &frame));
  assert_true(hws_now() - answered < LIMIT_NS / 2);
  assert_int_equal(frame.type, FRAME_PING);
  assert_int_equal(frame.flags, FRAME_SYN);
  peer_close(peer);
}

/* An open asks for what plain yamux cannot do, before the wire is known (MUX-23). */
static void names_need_native(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, NULL);
  struct hws_open_config config = {.size = sizeof config, .name = "who"};
  struct hws_how how = how_queue(world);
  hws_handle stream = 0;
  peer->keeps_pings = true;
  assert_int_equal(hws_open(peer->session, &config, &how, NULL, NULL, &stream), 0);
  expect_pair(peer);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  world_await_status(world, how.tag, HWS_E_UNSUPPORTED);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, NATIVE_V1));
  peer_expect_quiet(peer); /* no id was used */
  close_handle(stream);
  struct hws_how again = how_queue(world);
  assert_status(hws_open(peer->session, &config, &again, NULL, NULL, &stream), HWS_E_UNSUPPORTED);
  peer_close(peer);
}

/* The same of a first message: none is cut where its end cannot be said. */
static void messages_need_native(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, NULL);
  struct hws_vec payload = {.ptr = "hello", .len = 5};
  struct hws_open_config config = {.size = sizeof config, .payload = &payload, .payload_count = 1};
  struct hws_how how = how_queue(world);
  hws_handle stream = 0;
  peer->keeps_pings = true;
  how.flags |= HWS_EOM;
  assert_int_equal(hws_open(peer->session, &config, &how, NULL, NULL, &stream), 0);
  expect_pair(peer);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  assert_int_equal(world_await_status(world, how.tag, HWS_E_UNSUPPORTED).bytes, 0);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, NATIVE_V1));
  peer_expect_quiet(peer);
  close_handle(stream);
  struct hws_how again = how_queue(world);
  again.flags |= HWS_EOM;
  assert_status(hws_open(peer->session, &config, &again, NULL, NULL, &stream), HWS_E_UNSUPPORTED);
  peer_close(peer);
}

/* A silent peer: opens wait, and can be cancelled; keep-alive finds out. */
static void auto_against_silence(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, "keepalive=20ms&keepalive_timeout=20ms");
  peer->keeps_pings = true;
  hws_handle stream = 0;
  hws_handle op = 0;
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_open(peer->session, NULL, &how, NULL, &op, &stream), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  close_handle(stream);
  uint64_t opening = post_open(world, peer->session, &stream);
  world_await_status(world, opening, HWS_E_TIMEOUT);
  close_handle(stream);
  expect_pair(peer);
  peer_expect_end(peer);
  peer_close(peer);
}

/* A silent peer of a native session has a time limit. */
static void native_against_silence(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_NATIVE, "handshake=30ms");
  world_await_status(world, post_watch(world, peer->session), HWS_E_TIMEOUT);
  expect_detail(peer->session, HWS_E_TIMEOUT, "introduce");
  peer_close(peer);
}

/* A plain peer may begin by asking for a sign of life, which is no pair. */
static void auto_against_plain_that_pings(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, NULL);
  peer->keeps_pings = true;
  expect_pair(peer);
  peer_expect_quiet(peer); /* its ping comes first */
  expect_mode(peer->session, "yamux");
  peer_close(peer);
}

/* Where only plain yamux is spoken there is nothing to wait for. */
static void plain_does_not_sniff(void **state) {
  struct world *world = *state;
  uint32_t id = 0;
  struct peer *peer = peer_in(world, HWS_MODE_YAMUX, "sniff=1");
  (void)peer_is_opened(peer, &id);
  expect_mode(peer->session, "yamux");
  peer_close(peer);
}

/* MUX-18: a connection that says nothing does not hold a side that sniffs for ever. It is asked once, as it may be a
 * plain one with nothing to say. */
static void sniffing_against_silence(void **state) {
  struct world *world = *state;
  uint64_t began = hws_now();
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, "sniff=1&keepalive=0&handshake=50ms");
  peer->keeps_pings = true;
  uint64_t watching = post_watch(world, peer->session);
  expect_pair(peer);
  assert_true(hws_now() - began >= 50 * MILLISECOND);
  world_await_status(world, watching, HWS_E_TIMEOUT);
  expect_detail(peer->session, HWS_E_TIMEOUT, "introduce");
  assert_true(hws_now() - began >= 100 * MILLISECOND);
  peer_expect_end(peer);
  peer_close(peer);
}

static void sniffing_asks_idle_plain_peers(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, "sniff=1&handshake=1s");
  peer->keeps_pings = true;
  expect_pair(peer);
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, PAIR_MAGIC));
  assert_true(peer_say(peer, FRAME_PING, FRAME_ACK, 0, NATIVE_V1));
  peer_expect_quiet(peer);
  expect_mode(peer->session, "yamux");
  for (uint64_t until = hws_now() + 1200 * MILLISECOND; hws_now() < until;) world_turn(world);
  assert_status(detail_of(peer->session).status, HWS_OK);
  assert_int_equal(stat_of(peer->session, "useless_frames"), 1); /* the ping of peer_expect_quiet */
  peer_close(peer);
}

/* What was begun has to be finished in time: a preface, a frame, half of a pair. A byte now and then is no excuse. */
static void begun_introductions_have_a_limit(void **state) {
  static const struct {
    const char *settings;
    uint8_t said[2 * FRAME_HEADER_SIZE - 1];
  } half[] = {
      {"handshake=60ms&keepalive=0", {0, 2, 0, 1, 0, 0, 0, 0, 'H', 'W', 'S', '0', 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0}},
      {"handshake=60ms&keepalive=0&sniff=1",
       {0, 2, 0, 1, 0, 0, 0, 0, 'H', 'W', 'S', '0', 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0}},
      {"handshake=60ms&keepalive=0&sniff=1", {PREFACE_FIRST, 'H', 'A', 'W', 'S', 'E', 'R', '\n'}},
  };
  struct world *world = *state;
  for (size_t i = 0; i < sizeof half / sizeof *half; i++) {
    struct peer *peer = peer_in(world, HWS_MODE_AUTO, half[i].settings);
    uint64_t watching = post_watch(world, peer->session);
    struct hws_event event;
    for (size_t at = 0; !world_has(world, watching, &event);) {
      uint64_t until = hws_now() + 20 * MILLISECOND;
      if (at < sizeof half[i].said && peer_say_raw(peer, half[i].said + at, 1)) at++;
      while (hws_now() < until) world_turn(world);
    }
    assert_status(event.status, HWS_E_TIMEOUT);
    expect_detail(peer->session, HWS_E_TIMEOUT, "introduce");
    peer_close(peer);
  }
}

/* One that sniffs and is closed before the peer has spoken hangs up without a word. */
static void sniffing_closes_in_silence(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, "sniff=1");
  close_handle(peer->session);
  peer->session = 0;
  struct frame frame;
  assert_false(peer_hear(peer, &frame));
  peer_close(peer);
}

/* Byte by byte, the same comes of it. */
static void slow_peers(void **state) {
  struct world *world = *state;
  uint8_t said[PREFACE_SIZE + FRAME_HEADER_SIZE + SETTINGS_SIZE];
  preface_encode(said, NATIVE_V1);
  frame_encode(said + PREFACE_SIZE, &(struct frame){.type = FRAME_SETTINGS, .length = SETTINGS_SIZE});
  settings_encode(said + PREFACE_SIZE + FRAME_HEADER_SIZE,
                  &(struct native_settings){.frame_max = 65536, .streams_max = 5, .capabilities = NATIVE_V1});
  for (int sniff = 0; sniff < 2; sniff++) {
    struct peer *peer = peer_in(world, sniff ? HWS_MODE_AUTO : HWS_MODE_NATIVE, sniff ? "sniff=1" : NULL);
    for (size_t i = 0; i < sizeof said; i++) {
      assert_true(peer_say_raw(peer, said + i, 1));
      world_turn(world);
    }
    world_until(world, stat_of(peer->session, "frames_in") == 1);
    expect_mode(peer->session, "native");
    peer_close(peer);
  }
}

/* ---- peers that lie ---- */

struct lie {
  const char *what; /* of the cause */
  uint32_t mode;
  bool pair; /* said first */
  size_t length;
  uint8_t said[40];
};

static const struct lie lies[] = {
    {"half a pair", HWS_MODE_AUTO, false, 24, {0, 2, 0, 1, 0, 0, 0, 0, 'H', 'W', 'S', '0', 0, 1, 0, 1, 0, 0, 0, 2}},
    {"not SETTINGS", HWS_MODE_AUTO, true, 12, {0, 1, 0, 1, 0, 0, 0, 2}},
    {"speaks native at once", HWS_MODE_AUTO, false, 16, {0x8e, 'H', 'A', 'W', 'S', 'E', 'R', '\n'}},
    {"speaks plain yamux", HWS_MODE_NATIVE, false, 12, {0, 1, 0, 1, 0, 0, 0, 2}},
    {"neither", HWS_MODE_NATIVE, false, 12, {'G', 'E', 'T', ' ', '/'}},
    {"not a native preface", HWS_MODE_NATIVE, false, 16, {0x8e, 'H', 'A', 'W', 'S', 'E', 'R', 0}},
    {"version 0", HWS_MODE_NATIVE, false, 16, {0x8e, 'H', 'A', 'W', 'S', 'E', 'R', '\n', 0, 0, 0, 0, 0, 0, 0, 1}},
    {"later version", HWS_MODE_NATIVE, false, 16, {0x8e, 'H', 'A', 'W', 'S', 'E', 'R', '\n', 0, 9, 0, 2, 0, 0, 0, 1}},
    {"capability", HWS_MODE_NATIVE, false, 16, {0x8e, 'H', 'A', 'W', 'S', 'E', 'R', '\n', 0, 1, 0, 1, 0, 0, 0, 0}},
    {"settings with frames of less",
     HWS_MODE_AUTO,
     true,
     18,
     {0, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1, 0, 0, 0, 1}},
    {"settings cut short", HWS_MODE_AUTO, true, 12, {0, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}},
    {"too many settings", HWS_MODE_AUTO, true, 12, {0, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0}},
    {"unknown version", HWS_MODE_AUTO, false, 12, {7}},
};
enum { LIES = sizeof lies / sizeof *lies };

static void lying_peers(void **state) {
  struct world *world = *state;
  for (unsigned i = 0; i < LIES; i++) {
    struct peer *peer = peer_in(world, lies[i].mode, NULL);
    uint64_t watching = post_watch(world, peer->session);
    if (lies[i].pair) say_pair(peer);
    assert_true(peer_say_raw(peer, lies[i].said, lies[i].length));
    world_await_status(world, watching, HWS_E_PROTOCOL);
    expect_detail(peer->session, HWS_E_PROTOCOL, lies[i].what);
    peer_close(peer);
  }
}

/* Settings come once; one side that knows the pair and nothing of this version is a plain peer. */
static void odd_peers(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_in(world, HWS_MODE_AUTO, NULL);
  peer->keeps_pings = true;
  assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC));
  assert_true(peer_say(peer, FRAME_PING, FRAME_SYN, 0, 0x80000000));
  expect_pair(peer);
  peer_expect_quiet(peer);
  expect_mode(peer->session, "yamux");
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(auto_against_plain_that_pings),
      BOTH_MODES(plain_does_not_sniff),
      BOTH_MODES(matrix),
      BOTH_MODES(auto_against_plain),
      BOTH_MODES(auto_against_plain_that_opens),
      BOTH_MODES(auto_against_plain_that_swaps),
      BOTH_MODES(the_pair_is_a_question),
      BOTH_MODES(names_need_native),
      BOTH_MODES(messages_need_native),
      BOTH_MODES(auto_against_silence),
      BOTH_MODES(native_against_silence),
      BOTH_MODES(sniffing_against_silence),
      BOTH_MODES(sniffing_asks_idle_plain_peers),
      BOTH_MODES(begun_introductions_have_a_limit),
      BOTH_MODES(sniffing_closes_in_silence),
      BOTH_MODES(slow_peers),
      BOTH_MODES(lying_peers),
      BOTH_MODES(odd_peers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
