/* SPDX-License-Identifier: Apache-2.0
 *
 * BUF-1, BUF-2: parts without a byte among those of a vector change nothing, whether the op is answered at once or
 * waits.
 */
#include <string.h>

#include "tests/core/places.h"

static void expect_split(const char *first, const char *second) {
  assert_memory_equal(first, "abc", 3);
  assert_memory_equal(second, "defg", 4);
}

static void receive(struct world *world, const struct link *link, bool waits) {
  char first[3] = {0}, second[8] = {0};
  struct hws_vec vec[] = {
      {.ptr = NULL, .len = 0}, {.ptr = first, .len = 3}, {.ptr = first, .len = 0}, {.ptr = second, .len = 8}};
  struct hws_how how = how_queue(world);
  uint64_t taken = 0;
  if (!waits) send_all(link->ends.client, "abcdefg", 7);
  assert_int_equal(hws_recv(link->ends.server, vec, 4, &how, NULL, NULL), HWS_OK);
  if (waits) send_all(link->ends.client, "abcdefg", 7);
  taken = world_await_status(world, how.tag, HWS_OK).bytes;
  assert_in_range(taken, 1, 7);
  char all[8] = {0};
  memcpy(all, first, taken < 3 ? taken : 3);
  if (taken > 3) memcpy(all + 3, second, taken - 3);
  if (taken < 7) recv_exactly(link->ends.server, all + taken, 7 - taken);
  expect_split(all, all + 3);
}

static void empty_parts_receive_nothing(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    receive(world, &link, true);
    receive(world, &link, false);
    link_close(&link);
  }
}

/* Of a send that is copied, and of one that is too large for that. */
static void empty_parts_send_nothing(void **state) {
  struct world *world = *state;
  enum { LARGE = 40000 };
  static uint8_t bytes[LARGE], got[LARGE];
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    for (size_t length = 10; length <= LARGE; length *= 4000) {
      pattern_fill(length, 0, bytes, length);
      struct hws_vec vec[] = {{.ptr = NULL, .len = 0},
                              {.ptr = bytes, .len = 4},
                              {.ptr = bytes, .len = 0},
                              {.ptr = bytes + 4, .len = length - 4},
                              {.ptr = bytes, .len = 0}};
      struct hws_how how = how_queue(world);
      hws_result result = hws_send(link.ends.client, vec, 5, &how, NULL, NULL);
      assert_status(result, HWS_OK);
      recv_exactly(link.ends.server, got, length);
      pattern_expect(length, 0, got, length);
      assert_int_equal(world_await_status(world, how.tag, HWS_OK).bytes, length);
    }
    link_close(&link);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(empty_parts_receive_nothing), EVERYWHERE(empty_parts_send_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
