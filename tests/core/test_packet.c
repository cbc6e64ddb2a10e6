/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets of a completion port, on every system: they keep their order and what they came back with while they wait for
 * their direction, and what the plugin has in the OVERLAPPED is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/packet.h"

enum { PACKETS = 5, OVERLAPPED_BYTES = 32 };

static void put(struct direction *direction, struct hws_packet *packet, unsigned i) {
  memset(packet, 0xAB, sizeof *packet);
  packet_put(direction, (struct packet_end){packet, UINT64_C(0x100000000) + i, i % 2 ? -(int32_t)i : (int32_t)i});
}

static void keep_their_order(void **state) {
  struct direction direction = {0};
  struct hws_packet packets[PACKETS];
  uint8_t untouched[OVERLAPPED_BYTES];
  (void)state;
  memset(untouched, 0xAB, sizeof untouched);
  assert_null(packet_take(&direction));
  for (int round = 0; round < 3; round++) {
    for (unsigned i = 0; i < PACKETS; i++) put(&direction, &packets[i], i);
    struct hws_packet *list = packet_take(&direction);
    assert_null(packet_take(&direction));
    for (unsigned i = 0; i < PACKETS; i++) {
      struct packet_end end = packet_next(&list);
      assert_ptr_equal(end.packet, &packets[i]);
      assert_int_equal(end.bytes, UINT64_C(0x100000000) + i);
      assert_int_equal(end.os_error, i % 2 ? -(int32_t)i : (int32_t)i);
      assert_memory_equal(end.packet->storage, untouched, sizeof untouched);
    }
    assert_null(list);
  }
}

/* The plugin may use a packet again as soon as it has it, also from within on_packet. */
static void can_be_used_again_at_once(void **state) {
  struct direction direction = {0};
  struct hws_packet packets[2];
  (void)state;
  put(&direction, &packets[0], 0);
  put(&direction, &packets[1], 1);
  struct hws_packet *list = packet_take(&direction);
  struct packet_end first = packet_next(&list);
  put(&direction, first.packet, 2);
  assert_ptr_equal(packet_next(&list).packet, &packets[1]);
  assert_null(list);
  list = packet_take(&direction);
  assert_ptr_equal(packet_next(&list).packet, &packets[0]);
  assert_null(list);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(keep_their_order), cmocka_unit_test(can_be_used_again_at_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
