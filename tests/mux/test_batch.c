/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-5: what is appended while a write is under way goes out with the next. MUX-6: the schedule is fair, and control
 * goes before data.
 */
#include "tests/mux/peer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIG = 8 << 20, BATCH = 256 << 10 };
static uint8_t bytes[BIG];

/* A send of that stream fills the carrier. */
static uint64_t fill_carrier(struct peer *peer, hws_handle *stream, uint32_t *id) {
  *stream = peer_is_opened(peer, id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, *id, BIG));
  uint64_t sending = post_send(peer->world, *stream, bytes, BIG);
  world_until(peer->world, wire_readable(peer->wire) > 100000);
  return sending;
}

/* While one write is blocked thousands of frames are appended: they leave in a handful of writes. */
static void appends_leave_together(void **state) {
  struct world *world = *state;
  enum { STREAMS = 100, SENDS = 40 };
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[STREAMS];
  uint32_t id = 0;
  for (uint32_t i = 0; i < STREAMS; i++) streams[i] = peer_is_opened(peer, &id);
  hws_handle big = 0;
  uint64_t sending = fill_carrier(peer, &big, &id);
  uint64_t writes = stat_of(peer->session, "writes");
  uint64_t frames = stat_of(peer->session, "frames_out");
  for (int k = 0; k < SENDS; k++)
    for (int i = 0; i < STREAMS; i++) send_all(streams[i], "0123456789abcdef", 16);
  uint64_t heard = 0;
  while (heard < BIG + STREAMS * SENDS * 16) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.type, FRAME_DATA);
    heard += frame.length;
  }
  world_await_status(world, sending, HWS_OK);
  peer_expect_quiet(peer);
  writes = stat_of(peer->session, "writes") - writes;
  frames = stat_of(peer->session, "frames_out") - frames;
  /* Each stream's sends became one frame, and each write took a batch of them. */
  assert_in_range(frames, BIG / BODY_MAX, 3 * BIG / BODY_MAX + 2 * STREAMS);
  assert_in_range(writes, 1, 2 * (BIG / BATCH) + 10);
  peer_close(peer);
}

struct sender {
  hws_handle session;
  atomic_bool failed;
};

enum { THREADS = 8, MESSAGES = 3000 };

static void *send_messages(void *argument) {
  struct sender *sender = argument;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = LIMIT_NS};
  struct hws_event event = {0};
  hws_handle stream = 0;
  char message[64];
  struct hws_vec vec = {.ptr = message, .len = sizeof message};
  bool fine = hws_open(sender->session, NULL, &how, &event, NULL, &stream) == 1 && event.status == HWS_OK;
  for (unsigned i = 0; fine && i < MESSAGES; i++) {
    memset(message, (int)(i & 0x7f), sizeof message);
    fine = hws_send(stream, &vec, 1, &how, &event, NULL) == 1 && event.status == HWS_OK;
  }
  if (fine) fine = hws_close(stream, &how, &event, NULL) == 1 && event.status == HWS_OK;
  if (!fine) atomic_store(&sender->failed, true);
  return NULL;
}

/* Many threads, one session: far fewer writes than messages, all bytes in order. */
static void threads_batch_by_themselves(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  struct sender sender = {.session = peer->session};
  pthread_t threads[THREADS];
  uint64_t got[2 * THREADS] = {0};
  uint32_t ended = 0;
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, send_messages, &sender), 0);
  while (ended < THREADS) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    assert_true(frame.stream < 2 * THREADS);
    if (frame.flags & FRAME_FIN) ended++;
    if (frame.type != FRAME_DATA) continue;
    for (uint32_t i = 0; i < frame.length; i++)
      assert_int_equal(peer->body[i], (got[frame.stream] + i) / 64 % MESSAGES & 0x7f);
    got[frame.stream] += frame.length;
    assert_true(peer_say(peer, FRAME_WINDOW, 0, frame.stream, frame.length));
  }
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_false(atomic_load(&sender.failed));
  for (int i = 1; i < 2 * THREADS; i += 2) assert_int_equal(got[i], MESSAGES * 64);
  uint64_t writes = stat_of(peer->session, "writes");
  print_message("  %d messages in %llu frames and %llu writes\n", THREADS * MESSAGES,
                (unsigned long long)stat_of(peer->session, "frames_out"), (unsigned long long)writes);
  if (!world->driven) assert_true(writes < THREADS * MESSAGES / 2);
  peer_close(peer);
}

/* HWS_MORE holds back, until a send without it, a flush, 64 KiB, or the thread's next wait. */
static void more_holds_back(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  peer_expect_quiet(peer);
  for (int i = 0; i < 4; i++) {
    uint64_t writes = stat_of(peer->session, "writes");
    uint64_t total = 0;
    struct hws_how how = {.size = sizeof how, .flags = HWS_MORE | HWS_TRY};
    struct hws_event event;
    struct hws_vec vec = {.ptr = bytes, .len = i == 2 ? 16000 : 100};
    for (int k = 0; k < (i == 2 ? 5 : 50); k++) {
      assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
      assert_status(event.status, HWS_OK);
      total += event.bytes;
    }
    how.flags = HWS_TRY;
    if (i == 0) assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1), total += event.bytes;
    if (i == 1) assert_int_equal(hws_flush(stream), HWS_OK);
    if (i == 3) world_turn(world);
    uint64_t heard = 0;
    while (heard < total) {
      struct frame frame;
      assert_true(peer_hear(peer, &frame));
      heard += frame.length;
      assert_true(peer_say(peer, FRAME_WINDOW, 0, id, frame.length));
    }
    peer_expect_quiet(peer);
    assert_true(stat_of(peer->session, "writes") - writes < 20);
  }
  peer_close(peer);
}

/* Whoever holds back and then waits at a descriptor of the system's, as an event loop does, makes no call of ours. */
static void more_leaves_though_nobody_waits(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "keepalive=0");
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  uint64_t least = UINT64_MAX;
  peer_expect_quiet(peer);
  for (int i = 0; i < 40; i++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_MORE | HWS_TRY};
    struct hws_event event;
    struct hws_vec vec = {.ptr = bytes, .len = 100};
    struct frame frame;
    assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
    uint64_t sent = hws_now();
    assert_true(peer_hear(peer, &frame));
    assert_int_equal(frame.length, 100);
    if (hws_now() - sent < least) least = hws_now() - sent;
    /* Also the first after a while, when nobody looks for such any more. */
    while (i % 8 == 7 && hws_now() < sent + 100 * MILLISECOND) wire_wait(peer->wire, false);
  }
  assert_true(least < 50 * MILLISECOND);
  peer_close(peer);
}

enum { LAZY_SESSIONS = 6, LAZY_THREADS = 4, LAZY_SENDS = 2000 };

struct lazy_sender {
  struct world *world;
  hws_handle streams[LAZY_SESSIONS];
  atomic_bool failed;
};

/* Holds back on every session in turn, and lets all out by waiting, while others do the same. */
static void *hold_back(void *argument) {
  struct lazy_sender *sender = argument;
  hws_handle queue = 0;
  bool fine = hws_queue_open(sender->world->runtime, &queue) == HWS_OK;
  for (unsigned i = 0; fine && i < LAZY_SENDS; i++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_MORE | HWS_BLOCK};
    struct hws_event event;
    struct hws_vec vec = {.ptr = "x", .len = 1};
    fine = hws_send(sender->streams[i % LAZY_SESSIONS], &vec, 1, &how, &event, NULL) == 1 && event.status == HWS_OK;
    if (i % 5 == 4 && hws_queue_wait(queue, &event, 1, 0) != 0) fine = false;
  }
  struct hws_event event;
  if (hws_queue_wait(queue, &event, 1, 1000) != 0) fine = false;
  if (hws_close(queue, NULL, NULL, NULL) != HWS_OK) fine = false;
  if (!fine) atomic_store(&sender->failed, true);
  return NULL;
}

/* What threads hold back on many sessions, and let out for each other, is all let out. */
static void more_from_many_threads(void **state) {
  struct world *world = *state;
  struct pair pairs[LAZY_SESSIONS];
  hws_handle far[LAZY_SESSIONS];
  struct lazy_sender sender = {.world = world};
  pthread_t threads[LAZY_THREADS];
  for (int i = 0; i < LAZY_SESSIONS; i++) {
    pairs[i] = pair_sessions(world, "mem", NULL);
    sender.streams[i] = open_stream(pairs[i].client);
    far[i] = accept_stream(pairs[i].server);
  }
  for (int i = 0; i < LAZY_THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, hold_back, &sender), 0);
  for (int i = 0; i < LAZY_THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_false(atomic_load(&sender.failed));
  static uint8_t found[LAZY_THREADS * LAZY_SENDS];
  uint64_t total = 0;
  for (int i = 0; i < LAZY_SESSIONS; i++) {
    unsigned each = LAZY_SENDS / LAZY_SESSIONS + (i < LAZY_SENDS % LAZY_SESSIONS);
    recv_exactly(far[i], found, (size_t)each * LAZY_THREADS);
    total += (uint64_t)each * LAZY_THREADS;
  }
  assert_int_equal(total, LAZY_THREADS * LAZY_SENDS);
  for (int i = 0; i < LAZY_SESSIONS; i++) {
    close_handle(sender.streams[i]);
    close_handle(far[i]);
    close_handle(pairs[i].client);
    close_handle(pairs[i].server);
  }
}

/* MUX-6: 64 bytes do not wait for megabytes: they leave within one batch. */
static void small_is_not_held_back_by_large(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t small_id = 0;
  uint32_t big_id = 0;
  hws_handle small = peer_is_opened(peer, &small_id);
  hws_handle big = 0;
  uint64_t sending = fill_carrier(peer, &big, &big_id);
  for (int i = 0; i < 10; i++) {
    uint64_t before = (uint64_t)wire_readable(peer->wire);
    uint64_t heard = 0;
    struct frame frame;
    send_all(small, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64);
    for (;;) {
      assert_true(peer_hear(peer, &frame));
      if (frame.stream == small_id) break;
      heard += frame.length;
    }
    assert_int_equal(frame.length, 64);
    if (heard > before + UINT64_C(2) * BATCH)
      fail_msg("%llu bytes went before it", (unsigned long long)(heard - before));
  }
  struct hws_event event;
  assert_false(world_has(world, sending, &event));
  peer_close(peer);
}

enum { TURN_STREAMS = 10, TURN_EACH = 700000, TURN_ROUNDS = 20 };

/* None of the streams is ahead of another one that has something left, but for a frame or two. */
static bool are_level(const uint64_t *heard, uint64_t ahead) {
  for (int i = 0; i < TURN_STREAMS; i++)
    if (heard[1 + 2 * i] + UINT64_C(2) * BODY_MAX < ahead && heard[1 + 2 * i] < TURN_EACH) return false;
  return true;
}

/* False: the first ones were ahead. */
static bool take_turns(struct world *world) {
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[TURN_STREAMS];
  uint64_t tags[TURN_STREAMS];
  uint64_t heard[2 * TURN_STREAMS + 2] = {0};
  uint32_t id = 0;
  bool level = true;
  for (int i = 0; i < TURN_STREAMS; i++) {
    streams[i] = peer_is_opened(peer, &id);
    assert_true(peer_say(peer, FRAME_WINDOW, 0, id, TURN_EACH));
  }
  hws_handle big = 0;
  uint32_t big_id = 0;
  (void)fill_carrier(peer, &big, &big_id);
  for (int i = 0; i < TURN_STREAMS; i++) tags[i] = post_send(world, streams[i], bytes, TURN_EACH);
  for (uint64_t total = 0; total < (uint64_t)TURN_STREAMS * TURN_EACH + BIG;) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    total += frame.length;
    if (frame.stream == big_id) continue;
    heard[frame.stream] += frame.length;
    level &= are_level(heard, heard[frame.stream]);
  }
  for (int i = 0; i < TURN_STREAMS; i++) world_await_status(world, tags[i], HWS_OK);
  peer_close(peer);
  return level;
}

/* Streams with much to say take turns. A carrier that looked full may have taken more after all, for the first ones,
 * while the others were not sending yet: so there is another round. */
static void large_streams_take_turns(void **state) {
  for (int round = 0; !take_turns(*state); round++) assert_true(round < TURN_ROUNDS);
}

/* MUX-6, CAN-5: pongs, resets, updates and opens pass the data that waits: a reset takes the batch back. */
static void control_goes_before_data(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  uint32_t big_id = 0;
  hws_handle victim = peer_is_opened(peer, &id);
  hws_handle big = 0;
  (void)fill_carrier(peer, &big, &big_id);
  assert_true(peer_ping(peer));
  world_until(world, stat_of(peer->session, "pings_in") == 1);
  assert_int_equal(hws_reset(victim, 0, NULL), HWS_OK);
  (void)open_stream(peer->session);
  /* Now, as until now the carrier may have taken more. */
  uint64_t before = (uint64_t)wire_readable(peer->wire);
  uint64_t data = 0;
  uint64_t at[3] = {0};
  unsigned seen = 0;
  while (seen < 3) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    if (frame.type == FRAME_DATA)
      data += frame.length;
    else
      at[frame.type == FRAME_PING ? 0 : frame.flags == FRAME_RST ? 1 : 2] = data, seen++;
  }
  /* The pong and the reset stand behind one frame; the open came when the next batch was made. */
  print_message("  pong %llu, reset %llu, open %llu bytes behind what was in the socket\n",
                (unsigned long long)(at[0] - before), (unsigned long long)(at[1] - before),
                (unsigned long long)(at[2] - before));
  assert_true(at[0] <= before + UINT64_C(2) * BODY_MAX);
  assert_true(at[1] <= before + UINT64_C(2) * BODY_MAX);
  assert_true(at[2] <= before + UINT64_C(2) * BATCH);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(appends_leave_together),
      cmocka_unit_test_setup_teardown(threads_batch_by_themselves, world_threaded, world_close),
      BOTH_MODES(more_holds_back),
      cmocka_unit_test_setup_teardown(more_leaves_though_nobody_waits, world_threaded, world_close),
      BOTH_MODES(more_from_many_threads),
      BOTH_MODES(small_is_not_held_back_by_large),
      BOTH_MODES(large_streams_take_turns),
      BOTH_MODES(control_goes_before_data),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
