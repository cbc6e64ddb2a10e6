/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-14, MUX-24: leases of received bytes.
 */
#include "tests/mux/peer.h"

#include <string.h>

static uint8_t bytes[WINDOW_INITIAL];

static struct hws_event acquire(hws_handle stream) {
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_acquire(stream, &how, &event, NULL), 1);
  return event;
}

static struct hws_event acquire_ok(hws_handle stream) {
  struct hws_event event = acquire(stream);
  assert_status(event.status, HWS_OK);
  assert_true(event.bytes > 0);
  return event;
}

/* Bytes where they lie, whole and in order; released once. */
static void a_lease_shows_the_bytes(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens(peer, 2);
  pattern_fill(2, 0, bytes, sizeof bytes);
  assert_true(peer_say_data(peer, FRAME_FIN, 2, bytes, sizeof bytes));
  uint64_t offset = 0;
  while (offset < sizeof bytes) {
    struct hws_event event = acquire_ok(stream);
    pattern_expect(2, offset, (const void *)(uintptr_t)event.data, event.bytes);
    offset += event.bytes;
    assert_status(hws_release(event.code, event.bytes + 1), HWS_E_INVAL);
    assert_status(hws_release(event.code, event.bytes), HWS_OK);
    assert_status(hws_release(event.code, event.bytes), HWS_E_HANDLE);
  }
  assert_status(acquire(stream).status, HWS_E_EOF);
  assert_status(hws_release(stream, 0), HWS_E_HANDLE);
  peer_close(peer);
}

/* The window opens when a lease is released, not when it is taken. */
static void release_gives_the_credit(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "window_max=256k");
  hws_handle stream = peer_opens(peer, 2);
  hws_handle leases[128];
  uint64_t lengths[128];
  unsigned count = 0;
  uint64_t held = 0;
  assert_true(peer_say_data(peer, 0, 2, bytes, sizeof bytes));
  while (held < sizeof bytes) {
    struct hws_event event = acquire_ok(stream);
    assert_true(count < 128);
    leases[count] = event.code;
    lengths[count++] = event.bytes;
    held += event.bytes;
  }
  peer_expect_quiet(peer);
  uint64_t released = 0;
  unsigned i = 0;
  for (; released < sizeof bytes / 2; i++) {
    peer_expect_quiet(peer);
    assert_int_equal(hws_release(leases[i], lengths[i]), HWS_OK);
    released += lengths[i];
  }
  peer_expect(peer, FRAME_WINDOW, 0, 2, (uint32_t)released);
  for (; i < count; i++) assert_int_equal(hws_release(leases[i], lengths[i]), HWS_OK);
  peer_close(peer);
}

/* What was not consumed goes back to the head: to the next recv, also to one that waits already. */
static void the_rest_goes_back(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens(peer, 2);
  assert_true(peer_say_data(peer, 0, 2, "head and tail", 13));
  peer_expect_quiet(peer);
  struct hws_event event = acquire_ok(stream);
  assert_int_equal(event.bytes, 13);
  assert_memory_equal((const void *)(uintptr_t)event.data, "head and tail", 13);
  char found[32] = {0};
  uint64_t receiving = post_recv(world, stream, found, sizeof found);
  assert_int_equal(hws_release(event.code, 5), HWS_OK);
  event = world_await_status(world, receiving, HWS_OK);
  assert_int_equal(event.bytes, 8);
  assert_string_equal(found, "and tail");
  /* Nothing taken at all is a look. */
  assert_true(peer_say_data(peer, 0, 2, "looked at", 9));
  peer_expect_quiet(peer);
  event = acquire_ok(stream);
  assert_int_equal(hws_release(event.code, 0), HWS_OK);
  expect_bytes(stream, "looked at");
  peer_close(peer);
}

/* Only while nobody has read past them: order is kept. */
static void the_rest_does_not_go_behind_later_bytes(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens(peer, 2);
  assert_true(peer_say_data(peer, 0, 2, "first", 5));
  peer_expect_quiet(peer);
  struct hws_event first = acquire_ok(stream);
  assert_true(peer_say_data(peer, 0, 2, "second", 6));
  expect_bytes(stream, "se");
  assert_status(hws_release(first.code, 2), HWS_E_BUSY);
  assert_true(memcmp((const void *)(uintptr_t)first.data, "first", 5) == 0);
  struct hws_event second = acquire_ok(stream);
  assert_status(hws_release(first.code, 0), HWS_E_BUSY);
  assert_int_equal(hws_release(first.code, 5), HWS_OK);
  assert_int_equal(hws_release(second.code, 2), HWS_OK);
  expect_bytes(stream, "nd");
  peer_close(peer);
}

/* Leases outlive their stream, their session and their runtime. */
static void leases_outlive_everything(void **state) {
  struct world *world = *state;
  struct world *inner = world_open(world->driven ? HWS_RUNTIME_CALLER_DRIVEN : 0);
  struct peer *peer = peer_open(inner, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[3];
  struct hws_event leases[3];
  for (uint32_t i = 0; i < 3; i++) {
    streams[i] = peer_opens(peer, 2 + 2 * i);
    pattern_fill(i, 0, bytes, 50000);
    assert_true(peer_say_data(peer, 0, 2 + 2 * i, bytes, 50000));
    leases[i] = acquire_ok(streams[i]);
  }
  close_handle(streams[0]);
  assert_int_equal(hws_reset(streams[1], 0, NULL), HWS_OK);
  for (int i = 0; i < 2; i++) pattern_expect((uint64_t)i, 0, (const void *)(uintptr_t)leases[i].data, leases[i].bytes);
  assert_int_equal(hws_release(leases[1].code, 0), HWS_OK); /* nowhere to go back to: dropped */
  assert_status(recv_status(streams[1]), HWS_E_CANCELED);
  peer_close(peer);
  pattern_expect(2, 0, (const void *)(uintptr_t)leases[2].data, leases[2].bytes);
  world_join(inner);
  pattern_expect(0, 0, (const void *)(uintptr_t)leases[0].data, leases[0].bytes);
  pattern_expect(2, 0, (const void *)(uintptr_t)leases[2].data, leases[2].bytes);
  assert_int_equal(hws_release(leases[0].code, leases[0].bytes), HWS_OK);
  assert_int_equal(hws_release(leases[2].code, 1), HWS_OK);
  assert_status(hws_release(leases[2].code, 1), HWS_E_HANDLE);
}

/* How many are out is bounded; releasing one makes room. */
static void leases_are_bounded(void **state) {
  struct world *world = *state;
  enum { MOST = 1 << 16 };
  static hws_handle leases[MOST];
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens(peer, 2);
  unsigned count = 0;
  struct hws_event event = {.status = HWS_OK};
  while (event.status == HWS_OK && count < MOST) {
    assert_true(peer_say_data(peer, 0, 2, "x", 1));
    event = acquire(stream);
    if (event.status == HWS_OK) leases[count++] = event.code;
  }
  assert_status(event.status, HWS_E_LIMIT);
  assert_in_range(count, 1, 10000);
  assert_int_equal(hws_release(leases[0], 1), HWS_OK);
  event = acquire_ok(stream);
  assert_int_equal(hws_release(event.code, 1), HWS_OK);
  expect_bytes(peer_say_data(peer, 0, 2, "y", 1) ? stream : 0, "y");
  for (unsigned i = 1; i < count; i++) assert_int_equal(hws_release(leases[i], 1), HWS_OK);
  peer_close(peer);
}

/* An acquire that waits is answered by what comes, can be given up, and learns of ends. */
static void acquires_wait(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle stream = peer_opens(peer, 2);
  hws_handle op = 0;
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_acquire(stream, &how, NULL, &op), HWS_OK);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  how = how_queue(world);
  assert_int_equal(hws_acquire(stream, &how, NULL, &op), HWS_OK);
  assert_true(peer_say_data(peer, 0, 2, "came", 4));
  struct hws_event event = world_await_status(world, how.tag, HWS_OK);
  assert_int_equal(event.bytes, 4);
  assert_memory_equal((const void *)(uintptr_t)event.data, "came", 4);
  assert_int_equal(hws_release(event.code, 4), HWS_OK);
  how = how_queue(world);
  assert_int_equal(hws_acquire(stream, &how, NULL, &op), HWS_OK);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 2, 5));
  assert_int_equal(world_await_status(world, how.tag, HWS_E_RESET).code, 5);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(a_lease_shows_the_bytes),
      BOTH_MODES(release_gives_the_credit),
      BOTH_MODES(the_rest_goes_back),
      BOTH_MODES(the_rest_does_not_go_behind_later_bytes),
      BOTH_MODES(leases_outlive_everything),
      BOTH_MODES(leases_are_bounded),
      BOTH_MODES(acquires_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
