/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-9, WIN-5: file sends where the disk does not answer, or fails. No I/O thread waits for it, nor does anybody else.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "core/park.h"
#include "tests/core/disk.h"

/* The disk fails behind some bytes: these arrive, and the op says how many they were. A transport that reads the file
 * by itself meets no such error here. */
static void failing_reads_are_told(void **state) {
  struct world *world = *state;
  char text[OS_ERROR_TEXT_MAX];
  int64_t file = file_of(1 << 20);
  for (int after = 0; after < 5; after++) {
    struct link link = link_open(world, MUX);
    disk_fail(disk_errors[0], after, false);
    uint64_t tag = post_file(world, link.ends.client, file, 0, 1 << 20, NULL);
    drain(link.ends.server, DISK_SEED, 0, (uint64_t)after * 65536);
    expect_sent(world, tag, HWS_E_IO, (uint64_t)after * 65536);
    expect_detail(world->runtime, HWS_E_IO, os_error_text(disk_errors[0], text));
    disk_fail(0, 0, false);
    expect_usable(&link);
    link_close(&link);
  }
  file_done(file);
}

/* ---- a disk that does not answer --------------------------------------------------------------------------------- */

/* Other streams of the same session and the same loop go on, and what waits for the disk can be given up. */
static void disk_holds_up_nobody(void **state) {
  struct world *world = *state;
  int64_t file = file_of(1 << 20);
  struct link link = link_open(world, MUX);
  struct pair other;
  uint64_t accepted = post_accept(world, link.sessions.server, &other.server);
  other.client = open_stream(link.sessions.client);
  world_await_status(world, accepted, HWS_OK);
  disk_set(true);
  hws_handle op = 0;
  uint64_t tag = post_file(world, link.ends.client, file, 0, 1 << 20, &op);
  uint64_t behind = post_send(world, link.ends.client, "behind", 6);
  world_until(world, disk_inside() == 1);
  for (int i = 0; i < 50; i++) {
    send_all(other.client, "others go on", 12);
    expect_bytes(other.server, "others go on");
  }
  assert_status(hws_cancel(op), HWS_OK);
  expect_sent(world, tag, HWS_E_CANCELED, 0);
  expect_bytes(link.ends.server, "behind");
  world_await_status(world, behind, HWS_OK);
  assert_int_equal(disk_inside(), 1);
  disk_set(false);
  expect_usable(&link);
  abort_handle(other.client);
  abort_handle(other.server);
  link_close(&link);
  file_done(file);
}

static bool is_direct(void) {
  return strcmp(here->scheme, "mem") != 0;
}

/* The same where the transport reads the file: neither its other direction nor anybody else is held up. A cancel waits
 * for the one call that is in the system, and counts what that sent. */
static void disk_holds_up_no_connection(void **state) {
  enum { LENGTH = 1 << 20 };
  struct world *world = *state;
  int64_t file = file_of(LENGTH);
  for (int told_first = 0; told_first < 2 && is_direct(); told_first++) {
    struct link link = link_open(world, RAW);
    struct pair other = pair_raw(world, here->scheme);
    uint64_t filled = told_first ? fill_up(link.ends.client, 1) : 0;
    hws_handle op = 0;
    if (!told_first) disk_set(true);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, &op);
    if (told_first) {
      /* It has met a full socket, and readiness leads it to the disk again. */
      unsigned seen = disk_reads();
      world_until(world, disk_reads() > seen || disk_inside() == 0);
      for (int i = 0; i < 5; i++) world_turn(world);
      disk_set(true);
      drain(link.ends.server, 1, 0, filled);
    }
    world_until(world, disk_inside() == 1);
    for (int i = 0; i < 50; i++) {
      send_all(other.client, "others go on", 12);
      expect_bytes(other.server, "others go on");
      send_all(link.ends.server, "so does the other way", 21);
      expect_bytes(link.ends.client, "so does the other way");
    }
    assert_status(hws_cancel(op), HWS_OK);
    for (int i = 0; i < 3; i++) world_turn(world);
    assert_int_equal(world->kept, 0);
    disk_set(false);
    struct hws_event event = world_await_status(world, tag, HWS_E_CANCELED);
    assert_true(event.bytes <= UINT64_C(512) * 1024);
    drain(link.ends.server, DISK_SEED, 0, event.bytes);
    expect_usable(&link);
    abort_handle(other.client);
    abort_handle(other.server);
    link_close(&link);
  }
  file_done(file);
}

/* What one way of sending cannot do another can: the rest of the file is read. */
static void failing_calls_are_made_up_for(void **state) {
  enum { LENGTH = 1 << 20 };
  struct world *world = *state;
  int64_t file = file_of(LENGTH);
  for (int i = 0; i < DISK_ERRORS && is_direct(); i++) {
    struct link link = link_open(world, RAW);
    disk_fail(disk_errors[i], i, true);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, NULL);
    drain(link.ends.server, DISK_SEED, 0, LENGTH);
    expect_sent(world, tag, HWS_OK, LENGTH);
    assert_int_equal(disk_error(), 0); /* it was met */
    expect_usable(&link);
    link_close(&link);
  }
  file_done(file);
}

/* A connection whose file does not come is closed all the same. */
static void close_leaves_a_hung_file_behind(void **state) {
  (void)state;
  int64_t file = file_of(1 << 20);
  here = &places[4];
  struct world *world = world_open(0);
  struct link link = link_open(world, RAW);
  disk_set(true);
  uint64_t tag = post_file(world, link.ends.client, file, 0, 1 << 20, NULL);
  world_until(world, disk_inside() == 1);
  uint64_t before = hws_now();
  abort_handle(link.ends.client);
  assert_true(hws_now() - before < 20 * SECOND);
  struct hws_event event = world_await(world, tag);
  assert_true(event.status < 0 && event.bytes == 0);
  assert_int_equal(stat_of(world->runtime, "ios_abandoned"), 1);
  disk_set(false);
  while (disk_inside() > 0) sched_yield();
  abort_handle(link.ends.server);
  assert_status(hws_runtime_join(world->runtime, (int64_t)LIMIT_NS), HWS_E_PLUGIN);
  free(world);
  file_done(file);
}

/* A join does not wait for it for ever. */
static void join_leaves_a_hung_read_behind(void **state) {
  (void)state;
  int64_t file = file_of(1 << 20);
  here = &places[0];
  struct world *world = world_open(0);
  struct link link = link_open(world, MUX);
  disk_set(true);
  (void)post_file(world, link.ends.client, file, 0, 1 << 20, NULL);
  world_until(world, disk_inside() == 1);
  assert_status(hws_runtime_join(world->runtime, -1), HWS_E_TIMEOUT);
  free(world);
  disk_set(false);
  while (disk_inside() > 0) sched_yield();
  file_done(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(failing_reads_are_told),
      EVERYWHERE(disk_holds_up_nobody),
      EVERYWHERE(disk_holds_up_no_connection),
      EVERYWHERE(failing_calls_are_made_up_for),
      cmocka_unit_test(close_leaves_a_hung_file_behind),
      cmocka_unit_test(join_leaves_a_hung_read_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
