/* SPDX-License-Identifier: Apache-2.0
 *
 * Credit, both ways: what a peer can make us hold, when a window opens again, and what waits for whom.
 */
#include "tests/mux/memory.h"
#include "tests/mux/peer.h"

#include <stdlib.h>
#include <string.h>

static uint8_t bytes[1 << 20];

/* A window update goes out when half of the window was read, for exactly what was read, and not before. */
static void window_opens_at_half(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "window_max=256k");
  hws_handle stream = peer_opens(peer, 2);
  pattern_fill(2, 0, bytes, WINDOW_INITIAL);
  uint64_t offset = 0;
  assert_true(peer_say_data(peer, 0, 2, bytes, WINDOW_INITIAL));
  for (int round = 0; round < 5; round++) {
    static uint8_t found[WINDOW_INITIAL / 2];
    recv_exactly(stream, found, sizeof found - 1);
    pattern_expect(2, offset, found, sizeof found - 1);
    peer_expect_quiet(peer);
    recv_exactly(stream, found, 1);
    peer_expect(peer, FRAME_WINDOW, 0, 2, WINDOW_INITIAL / 2);
    offset += sizeof found;
    pattern_fill(2, offset + WINDOW_INITIAL / 2, bytes, WINDOW_INITIAL / 2);
    assert_true(peer_say_data(peer, 0, 2, bytes, WINDOW_INITIAL / 2));
  }
  peer_close(peer);
}

/* MUX-17: windows grow with a reader that keeps up, to window_max and not above, and out of a bounded pool. */
static void windows_grow_within_limits(void **state) {
  struct world *world = *state;
  static const struct {
    const char *settings;
    uint64_t most;
  } cases[] = {{"window_max=1m", 1 << 20},
               {"window_max=512k", 1 << 19},
               {"window_pool=0", 1 << 18},
               {"window_pool=300k", 1 << 19}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, cases[i].settings);
    hws_handle stream = peer_opens(peer, 2);
    uint64_t window = WINDOW_INITIAL;
    uint64_t largest = window;
    for (int round = 0; round < 40; round++) {
      uint32_t part = (uint32_t)largest / 2;
      struct frame frame;
      assert_true(peer_say_data(peer, 0, 2, bytes, part));
      recv_exactly(stream, bytes, part);
      assert_true(peer_hear(peer, &frame));
      assert_int_equal(frame.type, FRAME_WINDOW);
      assert_true(frame.length >= part);
      window += frame.length - part;
      if (window > largest) largest = window;
      assert_true(window <= cases[i].most);
    }
    assert_true(detail_of(peer->session).status == HWS_OK);
    if (cases[i].most == 1 << 18) assert_int_equal(largest, cases[i].most);
    peer_close(peer);
  }
}

/* MUX-4: one that is not read stalls itself only, and gets no window until it is. */
static void unread_stream_stalls_itself_only(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "window_max=256k");
  hws_handle stalled = peer_opens(peer, 2);
  hws_handle other = peer_opens(peer, 4);
  pattern_fill(2, 0, bytes, WINDOW_INITIAL);
  assert_true(peer_say_data(peer, 0, 2, bytes, WINDOW_INITIAL));
  for (int i = 0; i < 200; i++) {
    assert_true(peer_say_data(peer, 0, 4, "passes", 6));
    expect_bytes(other, "passes");
  }
  peer_expect_quiet(peer);
  static uint8_t found[WINDOW_INITIAL];
  recv_exactly(stalled, found, sizeof found);
  pattern_expect(2, 0, found, sizeof found);
  uint32_t granted = 0;
  while (granted < WINDOW_INITIAL) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.stream, 2);
    granted += frame.length;
  }
  assert_int_equal(granted, WINDOW_INITIAL);
  peer_close(peer);
}

enum {
  BUFFERS_A_STREAM = 2 * 128 * 1024, /* beside twice its bytes */
  POOLS = 9 << 20                    /* free buffers that are kept, and what the session itself needs */
};

/* MUX-4, MUX-18: however a peer cuts what it sends, what is held for it stays near what its windows allow. */
static void held_memory_is_bounded(void **state) {
  struct world *world = *state;
  enum { STREAMS = 16 };
  static const uint32_t cuts[] = {65536, 16384, 4096, 4095, 100, 1};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    bool small = cuts[i] < 1000;
    uint32_t streams = small ? 1 : STREAMS;
    uint32_t each = small ? WINDOW_INITIAL / 4 / TEST_SLOWNESS : WINDOW_INITIAL;
    /* A world of its own: no pool of buffers that others have left. */
    struct world *own = world_open(world->driven ? HWS_RUNTIME_CALLER_DRIVEN : 0);
    struct peer *peer = peer_open(own, HWS_ROLE_SERVER, "useless_rate=1000000");
    peer_expect_quiet(peer);
    for (uint32_t k = 0; k < streams; k++) (void)peer_opens(peer, 1 + 2 * k);
    hws_handle over = peer_opens(peer, 1001);
    assert_int_equal(hws_reset(over, 0, NULL), HWS_OK);
    peer_expect(peer, FRAME_WINDOW, FRAME_RST, 1001, HWS_CODE_CANCELED);
    size_t before = memory_in_use();
    for (uint32_t done = 0; done < each; done += cuts[i]) {
      uint32_t part = cuts[i] < each - done ? cuts[i] : each - done;
      for (uint32_t k = 0; k < streams; k++) {
        assert_true(peer_say_data(peer, 0, 1 + 2 * k, bytes, part));
        /* Bytes that are dropped, so that what is kept is spread as thinly as can be. */
        if (!small) assert_true(peer_say_data(peer, 0, 1001, bytes, 110000));
      }
    }
    peer_expect_quiet(peer);
    size_t held = memory_in_use() - before;
    size_t allowed = (size_t)streams * each;
    size_t beside = small ? 1 << 20 : streams * (size_t)BUFFERS_A_STREAM + POOLS;
    print_message("  cut at %u: %zu KiB held for %zu KiB\n", (unsigned)cuts[i], held >> 10, allowed >> 10);
    if (held < SIZE_MAX / 2) assert_true(held <= 2 * allowed + beside);
    peer_close(peer);
    world_join(own);
  }
}

/* What we send keeps to the peer's credit to the byte; the model of the peer checks the rest. */
static void sending_keeps_to_credit(void **state) {
  struct world *world = *state;
  static const uint32_t grants[] = {1, 2, 65535, 65536, 65537, 100, 300000};
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  uint64_t offset = WINDOW_INITIAL;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(9, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stream, bytes, sizeof bytes);
  peer_expect_pattern(peer, id, 9, 0, WINDOW_INITIAL);
  for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
    peer_expect_quiet(peer);
    assert_true(peer_say(peer, FRAME_WINDOW, 0, id, grants[i]));
    peer_expect_pattern(peer, id, 9, offset, grants[i]);
    offset += grants[i];
  }
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 1 << 20));
  peer_expect_pattern(peer, id, 9, offset, sizeof bytes - offset);
  world_await_status(world, sending, HWS_OK);
  peer_close(peer);
}

/* Credit on top of the first rides on the ACK. */
static void credit_rides_on_the_ack(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(9, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stream, bytes, sizeof bytes);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_ACK, id, sizeof bytes - WINDOW_INITIAL));
  peer_expect_pattern(peer, id, 9, 0, sizeof bytes);
  world_await_status(world, sending, HWS_OK);
  peer_close(peer);
}

/* A send of nothing ends when the stream is writable: now, after the data before it, or when credit comes. */
static void empty_send_waits_for_writability(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  struct hws_event event;
  hws_handle stream = peer_is_opened(peer, &id);
  world_await_status(world, post_send(world, stream, NULL, 0), HWS_OK);
  pattern_fill(9, 0, bytes, sizeof bytes);
  uint64_t before = post_send(world, stream, bytes, WINDOW_INITIAL + 10);
  uint64_t probe = post_send(world, stream, NULL, 0);
  peer_expect_pattern(peer, id, 9, 0, WINDOW_INITIAL);
  peer_expect_quiet(peer);
  assert_false(world_has(world, probe, &event));
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 10));
  peer_expect_pattern(peer, id, 9, WINDOW_INITIAL, 10);
  world_await_status(world, before, HWS_OK);
  peer_expect_quiet(peer);
  world_turn(world);
  assert_false(world_has(world, probe, &event));
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  assert_status(hws_send(stream, NULL, 0, &how, &event, NULL), HWS_E_AGAIN);
  uint64_t second = post_send(world, stream, NULL, 0);
  uint64_t after = post_send(world, stream, "abc", 3);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 2));
  world_await_status(world, probe, HWS_OK);
  world_await_status(world, second, HWS_OK);
  peer_expect_data(peer, id, "ab");
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 1));
  peer_expect_data(peer, id, "c");
  world_await_status(world, after, HWS_OK);
  peer_close(peer);
}

/* OP-1: the end of the stream needs no credit, and so does not wait for a send of nothing that does. That one can never
 * be answered with "yes" any more, and ends first. */
static void shutdown_ends_what_asks_for_writability(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  struct hws_event event;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(9, 0, bytes, sizeof bytes);
  uint64_t before = post_send(world, stream, bytes, WINDOW_INITIAL);
  peer_expect_pattern(peer, id, 9, 0, WINDOW_INITIAL);
  world_await_status(world, before, HWS_OK);
  uint64_t probes[] = {post_send(world, stream, NULL, 0), post_send(world, stream, NULL, 0)};
  peer_expect_quiet(peer);
  assert_false(world_has(world, probes[0], &event));
  uint64_t ending = post_shutdown(world, stream);
  world_await_status(world, ending, HWS_OK);
  for (int i = 0; i < 2; i++) { /* they have come already */
    assert_true(world_has(world, probes[i], &event));
    assert_status(event.status, HWS_E_CLOSED);
  }
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  close_handle(stream);
  peer_close(peer);
}

/* The same where nobody is to hear of the shutdown: it is done all the same. */
static void shutdown_without_a_queue(void **state) {
  struct world *world = *state;
  struct pair sessions = pair_sessions(world, "mem", NULL);
  hws_handle stream = open_stream(sessions.client);
  send_all(stream, "all", 3);
  assert_int_equal(hws_shutdown(stream, NULL, NULL, NULL), 0);
  hws_handle there = accept_stream(sessions.server);
  expect_bytes(there, "all");
  assert_status(recv_status(there), HWS_E_EOF);
  assert_int_equal(hws_shutdown(there, NULL, NULL, NULL), 0);
  assert_status(recv_status(stream), HWS_E_EOF);
  assert_int_equal(hws_shutdown(there, NULL, NULL, NULL), 0); /* twice is as harmless as ever */
  assert_int_equal(hws_shutdown(sessions.server, NULL, NULL, NULL), 0);
  close_handle(stream);
  close_handle(there);
  close_handle(sessions.client);
  close_handle(sessions.server);
}

/* A send of nothing and one of a byte ask the same question. Here the room that all streams share is used up, and the
 * carrier full. */
static hws_result try_send(hws_handle stream, size_t length, uint64_t *taken) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = bytes, .len = length};
  struct hws_event event = {0};
  hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
  if (result == 1) assert_status(event.status, HWS_OK);
  *taken = result == 1 ? event.bytes : 0;
  return result;
}

static void writable_is_what_would_be_taken(void **state) {
  enum { STREAMS = 64 };
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  hws_handle session = session_of(raw.client, HWS_ROLE_CLIENT, "write_timeout=3600s");
  hws_handle streams[STREAMS];
  uint64_t taken = 0;
  uint64_t total = 0;
  for (int i = 0; i < STREAMS; i++) {
    streams[i] = open_stream(session);
    while (try_send(streams[i], sizeof bytes, &taken) == 1) total += taken;
    assert_status(try_send(streams[i], 0, &taken), HWS_E_AGAIN);
  }
  hws_handle late = open_stream(session);
  struct hws_event event;
  for (int i = 0; i < 100; i++) {
    hws_result writable = try_send(late, 0, &taken);
    assert_status(writable, try_send(late, 1, &taken));
    assert_status(writable, HWS_E_AGAIN);
  }
  uint64_t probe = post_send(world, late, NULL, 0);
  world_turn(world);
  assert_false(world_has(world, probe, &event));
  static uint8_t read[1 << 20];
  uint64_t seen = 0;
  while (!world_has(world, probe, &event)) { /* the peer reads, and grants nothing */
    seen += recv_once(raw.server, read, 4096).bytes;
    assert_true(seen < total + (1 << 20));
    world_turn(world);
  }
  assert_status(event.status, HWS_OK);
  assert_int_equal(try_send(late, 1, &taken), 1);
  assert_int_equal(taken, 1);
  for (int i = 0; i < STREAMS; i++) abort_handle(streams[i]);
  abort_handle(late);
  abort_handle(session);
  abort_handle(raw.server);
}

/* A recv of nothing ends when there is something, and takes none of it. */
static void empty_recv_waits_for_readability(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  struct hws_event event;
  hws_handle stream = peer_opens(peer, 2);
  uint64_t probe = post_recv(world, stream, NULL, 0);
  peer_expect_quiet(peer);
  assert_false(world_has(world, probe, &event));
  assert_true(peer_say_data(peer, 0, 2, "x", 1));
  world_await_status(world, probe, HWS_OK);
  world_await_status(world, post_recv(world, stream, NULL, 0), HWS_OK);
  expect_bytes(stream, "x");
  probe = post_recv(world, stream, NULL, 0);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 2, 0));
  world_await_status(world, probe, HWS_OK);
  assert_status(recv_status(stream), HWS_E_EOF);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(window_opens_at_half),
      BOTH_MODES(windows_grow_within_limits),
      BOTH_MODES(unread_stream_stalls_itself_only),
      BOTH_MODES(held_memory_is_bounded),
      BOTH_MODES(sending_keeps_to_credit),
      BOTH_MODES(credit_rides_on_the_ack),
      BOTH_MODES(empty_send_waits_for_writability),
      BOTH_MODES(shutdown_ends_what_asks_for_writability),
      BOTH_MODES(shutdown_without_a_queue),
      BOTH_MODES(writable_is_what_would_be_taken),
      BOTH_MODES(empty_recv_waits_for_readability),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
