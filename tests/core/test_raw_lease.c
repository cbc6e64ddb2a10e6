/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-14, OP-5 on raw connections: what goes back from a lease comes before all that is still to come, and a recv that
 * waits lends its memory to nobody once its event has come.
 */
#include "tests/core/places.h"

#include <string.h>

static struct hws_event acquire_ok(hws_handle stream) {
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_acquire(stream, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
  assert_true(event.bytes > 0);
  return event;
}

/* The rest goes to the recv that waits, whose memory is its caller's again; what comes later goes to later ones. */
static void the_rest_goes_to_who_waits(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  hws_handle stream = link.ends.server;
  for (int round = 0; round < 50; round++) {
    char found[64];
    send_all(link.ends.client, "0123456789", 10);
    struct hws_event lease = acquire_ok(stream);
    uint64_t used = lease.bytes / 2;
    uint64_t receiving = post_recv(world, stream, found, sizeof found);
    hws_result released = hws_release(lease.code, used);
    uint64_t from = used;
    if (released == HWS_E_BUSY) { /* they came in pieces, and the next went to the recv before */
      assert_true(lease.bytes < 10);
      from = lease.bytes;
      released = hws_release(lease.code, from);
    }
    assert_int_equal(released, HWS_OK);
    struct hws_event event = world_await_status(world, receiving, HWS_OK);
    if (from == used) assert_int_equal(event.bytes, lease.bytes - used);
    assert_memory_equal(found, &"0123456789"[from], event.bytes);
    memset(found, '#', sizeof found);
    if (from + event.bytes < 10) expect_bytes(stream, &"0123456789"[from + event.bytes]);
    send_all(link.ends.client, "later", 5);
    expect_bytes(stream, "later");
    for (size_t i = 0; i < sizeof found; i++) assert_int_equal(found[i], '#');
  }
  link_close(&link);
}

/* A recv of nothing learns of it too, and takes nothing. */
static void who_asks_for_readability_learns(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  send_all(link.ends.client, "look", 4);
  struct hws_event lease = acquire_ok(link.ends.server);
  uint64_t probe = post_recv(world, link.ends.server, NULL, 0);
  assert_int_equal(hws_release(lease.code, 0), HWS_OK);
  world_await_status(world, probe, HWS_OK);
  expect_bytes(link.ends.server, "look");
  send_all(link.ends.client, "on", 2);
  expect_bytes(link.ends.server, "on");
  link_close(&link);
}

/* While more comes in all the time, recvs are cancelled, and the end is near: no byte is lost, doubled or out of order.
 */
static void order_is_kept_in_the_rush(void **state) {
  enum { TOTAL = 1 << 20, ROOM = 5000 };
  static uint8_t bytes[TOTAL];
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  hws_handle stream = link.ends.server;
  struct dice dice = {.state = 11};
  pattern_fill(4, 0, bytes, TOTAL);
  uint64_t sending = post_send(world, link.ends.client, bytes, TOTAL);
  uint64_t ending = post_shutdown(world, link.ends.client);
  uint64_t seen = 0;
  while (seen < TOTAL) {
    uint8_t found[2][ROOM];
    uint64_t tags[2];
    hws_handle ops[2];
    struct hws_event lease = acquire_ok(stream);
    pattern_expect(4, seen, (const void *)(uintptr_t)lease.data, lease.bytes);
    for (int i = 0; i < 2; i++) {
      struct hws_how how = how_queue(world);
      struct hws_vec vec = {.ptr = found[i], .len = 1 + dice_roll(&dice, ROOM)};
      assert_true(hws_recv(stream, &vec, 1, &how, NULL, &ops[i]) >= 0);
      tags[i] = how.tag;
    }
    uint64_t used = dice_roll(&dice, (uint32_t)lease.bytes + 1);
    hws_result released = hws_release(lease.code, used);
    if (released != HWS_OK) { /* the recv was quicker */
      assert_status(released, HWS_E_BUSY);
      assert_int_equal(hws_release(lease.code, lease.bytes), HWS_OK);
      used = lease.bytes;
    }
    seen += used;
    if (dice_roll(&dice, 2)) (void)hws_cancel(ops[dice_roll(&dice, 2)]);
    for (int i = 0; i < 2; i++) {
      struct hws_event event = world_await(world, tags[i]);
      if (event.status == HWS_OK) {
        pattern_expect(4, seen, found[i], event.bytes);
        seen += event.bytes;
      } else if (event.status != HWS_E_CANCELED) {
        assert_status(event.status, HWS_E_EOF); /* it may have come before the lease went back */
      }
    }
  }
  world_await_status(world, sending, HWS_OK);
  (void)world_await(world, ending); /* not every transport has half-closes */
  link_close(&link);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(the_rest_goes_to_who_waits),
      EVERYWHERE(who_asks_for_readability_learns),
      EVERYWHERE(order_is_kept_in_the_rush),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
