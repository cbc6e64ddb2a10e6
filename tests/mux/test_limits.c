/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-18: limits against a hostile peer. Each is counted, and those that end the session say which it was. MUX-12:
 * what an honest peer had under way for a stream that ended is none of them.
 */
#include "tests/mux/memory.h"
#include "tests/mux/peer.h"

#include <string.h>

/* ---- frames that do nothing ---- */

struct useless {
  const char *title;
  struct frame frame;
  uint32_t higher; /* an id that was opened before; 0: none */
};

static const struct useless useless[] = {
    {"pings", {FRAME_PING, FRAME_SYN, 0, 7}, 0},
    {"pongs", {FRAME_PING, FRAME_ACK, 0, 7}, 0},
    {"empty data", {FRAME_DATA, 0, 2, 0}, 0},
    {"updates of zero", {FRAME_WINDOW, 0, 2, 0}, 0},
    {"data for streams that never were", {FRAME_DATA, 0, 100, 0}, 0},
    {"ends of streams that never were", {FRAME_WINDOW, FRAME_FIN, 100, 0}, 0},
    {"resets of streams that never were", {FRAME_WINDOW, FRAME_RST, 100, 0}, 0},
    {"end after end", {FRAME_WINDOW, FRAME_FIN, 4, 0}, 0},
    {"updates of zero that acknowledge", {FRAME_WINDOW, FRAME_ACK, 2, 0}, 0},
    {"empty data that acknowledges", {FRAME_DATA, FRAME_ACK, 2, 0}, 0},
    {"data for streams that never were, below one that is", {FRAME_DATA, 0, 100, 0}, 0x40000000},
    {"ends of streams that never were, below one that is", {FRAME_WINDOW, FRAME_FIN, 100, 0}, 0x40000000},
};

static void useless_frames_have_a_budget(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
    const struct frame *frame = &useless[i].frame;
    print_message("  %s\n", useless[i].title);
    uint64_t began = hws_now(); /* the budget fills from the session's start on */
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "useless_rate=40");
    (void)peer_opens(peer, 2);
    (void)peer_opens(peer, 4);
    if (useless[i].higher) (void)peer_opens(peer, useless[i].higher);
    uint64_t watching = post_watch(world, peer->session);
    uint64_t said = 0;
    struct hws_event event;
    while (!world_has(world, watching, &event)) {
      struct frame heard;
      uint8_t header[FRAME_HEADER_SIZE];
      if (frame->type == FRAME_PING && frame->flags == FRAME_SYN)
        (void)peer_ping(peer);
      else
        frame_encode(header, frame), (void)peer_say_raw(peer, header, sizeof header);
      said++;
      (void)peer_hear_now(peer, &heard);
      if (said > 40) world_turn(world);
      assert_true(said < 1000000);
    }
    assert_status(event.status, HWS_E_PROTOCOL);
    expect_detail(peer->session, HWS_E_PROTOCOL, "too many frames that do nothing");
    uint64_t counted = stat_of(peer->session, "useless_frames");
    uint64_t allowed = 40 + 40 * (hws_now() - began) / SECOND + 1;
    assert_in_range(counted, 41, allowed + 1);
    peer_close(peer);
  }
}

/* MUX-12: thousands of frames were on their way when we reset the stream. */
static void late_frames_are_no_fault(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "useless_rate=10");
  uint32_t id = 0;
  hws_handle witness = peer_opens(peer, 4);
  hws_handle streams[2] = {peer_is_opened(peer, &id), peer_opens(peer, 2)};
  size_t before = 0;
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t which = i ? 2 : id;
    assert_int_equal(hws_reset(streams[i], 0, NULL), HWS_OK);
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, which, HWS_CODE_CANCELED);
    close_handle(streams[i]);
    before = memory_in_use();
    for (int k = 0; k < 4096; k++) assert_true(peer_say_data(peer, 0, which, "0123456789012345678901234567890", 31));
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, which, 0));
  }
  assert_true(peer_say_data(peer, 0, 4, "fine", 4));
  expect_bytes(witness, "fine");
  assert_true(memory_in_use() < before + 100000);
  assert_int_equal(stat_of(peer->session, "dropped_bytes"), 2 * 4096 * 31);
  /* Those that come before the end of the reset's own write, which chaos may hold back, are not late yet. */
  assert_in_range(stat_of(peer->session, "useless_frames"), through_chaos() ? 2 * 4000 : 2 * 4097, 2 * 4097);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* More than can have been under way is no lateness. */
static void late_frames_have_a_budget(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "useless_rate=10");
  hws_handle stream = peer_opens(peer, 2);
  uint64_t watching = post_watch(world, peer->session);
  struct hws_event event;
  assert_int_equal(hws_reset(stream, 0, NULL), HWS_OK);
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2, HWS_CODE_CANCELED);
  static uint8_t bytes[64 * 1024];
  for (int i = 0; i < 4; i++) assert_true(peer_say_data(peer, 0, 2, bytes, sizeof bytes));
  peer_expect_quiet(peer); /* all of its window */
  while (!world_has(world, watching, &event)) {
    if (!peer_say_data(peer, 0, 2, bytes, sizeof bytes)) world_turn(world);
  }
  assert_status(event.status, HWS_E_PROTOCOL);
  expect_detail(peer->session, HWS_E_PROTOCOL, "too many frames that do nothing");
  peer_close(peer);
}

/* ---- streams ---- */

/* Rapid reset, opened and reset at once, again and again, is slowed down to a rate. It is what ordinary clients do that
 * come and go, so it ends nothing, however long it goes on (MUX-28). */
static void opens_and_resets_are_paced(void **state) {
  struct world *world = *state;
  enum { RATE = 20, ROUNDS = 60 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "resets_burst=20&resets_rate=20");
  hws_handle witness = peer_opens(peer, 2);
  static uint8_t said[ROUNDS * 2 * FRAME_HEADER_SIZE];
  for (uint32_t i = 0; i < ROUNDS; i++) {
    uint8_t *at = said + (size_t)i * 2 * FRAME_HEADER_SIZE;
    frame_encode(at, &(struct frame){FRAME_WINDOW, FRAME_SYN, 100 + 2 * i, 0});
    frame_encode(at + FRAME_HEADER_SIZE, &(struct frame){FRAME_WINDOW, FRAME_RST, 100 + 2 * i, 0});
  }
  uint64_t began = hws_now();
  assert_true(peer_say_raw(peer, said, sizeof said));
  assert_true(peer_say_data(peer, 0, 2, "fine", 4));
  expect_bytes(witness, "fine");
  if (!through_chaos())
    assert_true(hws_now() - began >= (ROUNDS - RATE) * SECOND / RATE / 4); /* a pace lets one more by */
  assert_int_equal(stat_of(peer->session, "resets_in"), ROUNDS);
  assert_in_range(stat_of(peer->session, "read_pauses"), through_chaos() ? 0 : 1, ROUNDS);
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_close(peer);
}

/* MUX-28: clients that come, are served and hang up with a reset are ordinary use, however many there are. */
static void resets_of_accepted_streams_cost_nothing(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "resets_burst=5&resets_rate=1");
  for (uint32_t i = 0; i < 200; i++) {
    hws_handle stream = peer_opens(peer, 2 + 2 * i);
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 2 + 2 * i, 7));
    assert_status(recv_status(stream), HWS_E_RESET);
    close_handle(stream);
  }
  (void)peer_opens(peer, 1000);
  assert_int_equal(stat_of(peer->session, "resets_in"), 200);
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_close(peer);
}

/* What the application has not accepted yet is bounded: above, opens are refused and nothing else happens. */
static void backlog_refuses(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "backlog=3");
  for (uint32_t i = 0; i < 3; i++) {
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2 + 2 * i, 0));
    peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2 + 2 * i, 0);
  }
  assert_true(peer_say_data(peer, FRAME_SYN, 8, "with a body", 11));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 8, HWS_CODE_REFUSED);
  assert_true(peer_say_data(peer, 0, 8, "and more", 8));
  assert_int_equal(stat_of(peer->session, "streams_refused"), 1);
  (void)accept_stream(peer->session);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 10, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 10, 0);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 12, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 12, HWS_CODE_REFUSED);
  /* One that the peer takes back makes room as well. */
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 4, 0));
  (void)peer_opens(peer, 14);
  assert_int_equal(stat_of(peer->session, "streams_refused"), 2);
  peer_close(peer);
}

static void streams_max_refuses(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, "streams_max=3");
  hws_handle streams[3];
  for (uint32_t i = 0; i < 3; i++) streams[i] = peer_opens(peer, 1 + 2 * i);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 7, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 7, HWS_CODE_REFUSED);
  assert_int_equal(stat_of(peer->session, "streams_refused"), 1);
  assert_int_equal(stat_of(peer->session, "streams"), 3);
  close_handle(streams[0]);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 1, 0);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 1, 0));
  (void)peer_opens(peer, 9);
  peer_close(peer);
}

/* A slot is free again only when the application let go of it: resets do not multiply handlers. */
static void reset_streams_keep_their_slot(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, "streams_max=3");
  hws_handle streams[3];
  for (uint32_t i = 0; i < 3; i++) {
    streams[i] = peer_opens(peer, 1 + 2 * i);
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 1 + 2 * i, 0));
  }
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 7, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 7, HWS_CODE_REFUSED);
  assert_status(recv_status(streams[1]), HWS_E_RESET);
  close_handle(streams[1]);
  (void)peer_opens(peer, 9);
  peer_close(peer);
}

/* ---- a peer that asks and does not read ---- */

/* Pongs are bounded: reading stops, memory does not grow, and goes on where it stopped. */
static void unread_pongs_stop_the_reader(void **state) {
  struct world *world = *state;
  enum { PINGS = TEST_SLOWNESS > 1 ? 40000 : 200000 }; /* more than the carrier and the session hold */
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "useless_rate=1000000000&write_timeout=60s");
  static uint8_t asked[PINGS * FRAME_HEADER_SIZE];
  for (uint32_t i = 0; i < PINGS; i++)
    frame_encode(asked + (size_t)i * FRAME_HEADER_SIZE, &(struct frame){FRAME_PING, FRAME_SYN, 0, i});
  peer_expect_quiet(peer);
  size_t before = memory_in_use();
  size_t said = 0;
  while (!stat_of(peer->session, "read_pauses") && said < sizeof asked) {
    said += peer_try(peer, asked + said, sizeof asked - said);
    world_turn(world);
  }
  assert_true(said < sizeof asked);
  assert_true(stat_of(peer->session, "read_pauses") > 0);
  assert_true(memory_in_use() < before + 500000);
  assert_status(detail_of(peer->session).status, HWS_OK);
  /* Now it reads, and says the rest: every question is answered, in order. */
  for (uint32_t answered = 0; answered < PINGS; answered++) {
    struct frame frame;
    said += peer_try(peer, asked + said, sizeof asked - said);
    peer->asked[peer->asked_first] = answered;
    peer->asked_count = 1;
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.flags, FRAME_ACK);
  }
  assert_int_equal(stat_of(peer->session, "pings_in"), PINGS + 1);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* So are refusals. */
static void unread_refusals_stop_the_reader(void **state) {
  struct world *world = *state;
  enum { OPENS = TEST_SLOWNESS > 1 ? 40000 : 100000 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "backlog=1&write_timeout=60s&answers_rate=1000000000");
  static uint8_t opens[OPENS * FRAME_HEADER_SIZE];
  for (uint32_t i = 0; i < OPENS; i++)
    frame_encode(opens + (size_t)i * FRAME_HEADER_SIZE, &(struct frame){FRAME_WINDOW, FRAME_SYN, 4 + 2 * i, 0});
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2, 0);
  size_t said = 0;
  while (!stat_of(peer->session, "read_pauses") && said < sizeof opens) {
    said += peer_try(peer, opens + said, sizeof opens - said);
    world_turn(world);
  }
  assert_true(said < sizeof opens);
  for (uint32_t i = 0; i < OPENS; i++) {
    struct frame frame;
    said += peer_try(peer, opens + said, sizeof opens - said);
    peer->stream_count = 0; /* the model would remember each */
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.flags, FRAME_RST);
    assert_int_equal(frame.stream, 4 + 2 * i);
  }
  assert_int_equal(stat_of(peer->session, "streams_refused"), OPENS);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* Far more of them in one read than are queued at once: each is said. */
static void refusals_of_one_read_are_all_said(void **state) {
  struct world *world = *state;
  enum { OPENS = 3000 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "backlog=1");
  static uint8_t opens[OPENS * FRAME_HEADER_SIZE];
  for (uint32_t i = 0; i < OPENS; i++)
    frame_encode(opens + (size_t)i * FRAME_HEADER_SIZE, &(struct frame){FRAME_WINDOW, FRAME_SYN, 4 + 2 * i, 0});
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 2, 0);
  uint64_t reads = stat_of(peer->session, "reads");
  assert_true(peer_say_raw(peer, opens, sizeof opens));
  for (uint32_t i = 0; i < OPENS; i++) peer_expect(peer, FRAME_WINDOW, FRAME_RST, 4 + 2 * i, HWS_CODE_REFUSED);
  assert_in_range(stat_of(peer->session, "reads") - reads, 1, OPENS / 500);
  peer_expect_quiet(peer);
  peer_close(peer);
}

static void say_all(struct peer *peer, struct frame frame, uint32_t count) {
  static uint8_t said[64 * (FRAME_HEADER_SIZE + 1)];
  size_t length = 0;
  for (uint32_t i = 0; i < count; i++, frame.stream += 2) {
    frame_encode(said + length, &frame);
    length += FRAME_HEADER_SIZE + (frame.type == FRAME_DATA ? 1U : 0U);
  }
  assert_true(peer_say_raw(peer, said, length));
}

/* A peer that has us answer is slowed down to a rate, and nothing ends: it may be an honest one that opens too much, or
 * sends what nobody reads any more. What comes at once is more than a burst. */
static void provoked_answers_are_paced(void **state) {
  struct world *world = *state;
  enum { RATE = 20, OPENS = 40, CLOSED = 30 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "backlog=1&answers_rate=20");
  hws_handle witness = peer_opens(peer, 2);
  uint64_t began = hws_now();
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 4, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 4, 0);
  say_all(peer, (struct frame){FRAME_WINDOW, FRAME_SYN, 100, 0}, OPENS);
  for (uint32_t i = 0; i < OPENS; i++) peer_expect(peer, FRAME_WINDOW, FRAME_RST, 100 + 2 * i, HWS_CODE_REFUSED);
  if (!through_chaos())
    assert_true(hws_now() - began >= (OPENS - RATE) * SECOND / RATE / 4); /* a pace lets one more by */
  uint64_t pauses = stat_of(peer->session, "read_pauses");
  assert_in_range(pauses, through_chaos() ? 0 : 1, OPENS);
  close_handle(accept_stream(peer->session));
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 4, 0);
  for (uint32_t i = 0; i < CLOSED; i++) {
    close_handle(peer_opens(peer, 1000 + 2 * i));
    peer_expect(peer, FRAME_WINDOW, FRAME_FIN, 1000 + 2 * i, 0);
  }
  say_all(peer, (struct frame){FRAME_DATA, 0, 1000, 1}, CLOSED);
  for (uint32_t i = 0; i < CLOSED; i++) peer_expect(peer, FRAME_WINDOW, FRAME_RST, 1000 + 2 * i, HWS_CODE_CANCELED);
  assert_in_range(stat_of(peer->session, "read_pauses") - pauses, through_chaos() ? 0 : 1, CLOSED);
  assert_true(peer_say_data(peer, 0, 2, "fine", 4));
  expect_bytes(witness, "fine");
  assert_status(detail_of(peer->session).status, HWS_OK);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* And one that goes on not reading is given up. */
static void unread_pongs_end_the_session(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "useless_rate=1000000000&write_timeout=100ms");
  uint64_t watching = post_watch(world, peer->session);
  static uint8_t asked[1000 * FRAME_HEADER_SIZE];
  struct hws_event event;
  for (uint32_t i = 0; i < 1000; i++)
    frame_encode(asked + (size_t)i * FRAME_HEADER_SIZE, &(struct frame){FRAME_PING, FRAME_SYN, 0, i});
  size_t said = 0;
  uint64_t until = hws_now() + LIMIT_NS;
  while (!world_has(world, watching, &event)) {
    size_t at = said % sizeof asked;
    said += peer_try(peer, asked + at, sizeof asked - at);
    world_turn(world);
    assert_true(hws_now() < until);
  }
  assert_status(event.status, HWS_E_TIMEOUT);
  expect_detail(peer->session, HWS_E_TIMEOUT, "a write made no progress");
  peer_close(peer);
}

/* A setting that is wrong is said by name, and nothing is begun. */
static void wrong_settings_are_named(void **state) {
  struct world *world = *state;
  static const char *const wrong[] = {"backlog=x", "streams_max=2000000", "keepalive=10",
                                      "no_such=1", "window_max=1k",       "backlog",
                                      "linger=",   "backlog=1&backlog=2"};
  struct pair raw = pair_raw(world, "mem");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct hws_session_config config = {.size = sizeof config, .settings = wrong[i]};
    hws_handle session = 0;
    assert_status(hws_session(raw.client, &config, &session), HWS_E_INVAL);
    expect_refusal(HWS_E_INVAL, "session: ");
    char key[32] = {0};
    memcpy(key, wrong[i], strcspn(wrong[i], "="));
    expect_refusal(HWS_E_INVAL, key);
  }
  send_all(raw.client, "still mine", 10);
  expect_bytes(raw.server, "still mine");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(useless_frames_have_a_budget),
      BOTH_MODES(late_frames_are_no_fault),
      BOTH_MODES(late_frames_have_a_budget),
      BOTH_MODES(opens_and_resets_are_paced),
      BOTH_MODES(resets_of_accepted_streams_cost_nothing),
      BOTH_MODES(backlog_refuses),
      BOTH_MODES(streams_max_refuses),
      BOTH_MODES(reset_streams_keep_their_slot),
      BOTH_MODES(unread_pongs_stop_the_reader),
      BOTH_MODES(unread_refusals_stop_the_reader),
      BOTH_MODES(refusals_of_one_read_are_all_said),
      BOTH_MODES(provoked_answers_are_paced),
      BOTH_MODES(unread_pongs_end_the_session),
      BOTH_MODES(wrong_settings_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
