/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-0, CAN-8 over a transport that cannot revoke: it is given no memory of the user's, so that a cancelled send or
 * receive ends at once, with an exact count, while the transport still holds its io. The transport is a loopback of
 * 4096 bytes: what is sent is received again. It takes the bytes of files by itself, as a function of their places.
 */
#include "plugins/check/files.h"
#include "tests/mux/world.h"

#include <stdlib.h>
#include <string.h>

enum { RING = 4096, LARGE = 1 << 20, FILE_END = 600000, FILE_AT_ONCE = 256 * 1024 };

#define PROMPT_NS (SECOND * 7 / 10) /* the transport's own end of a cancelled io comes later than this */

static hws_handle dial_by(struct world *world, const char *plugin, const char *url) {
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0;
  assert_status(hws_plugin_load(world->runtime, plugin), HWS_OK);
  assert_int_equal(hws_dial(world->runtime, url, 0, &how, &event, NULL, &stream), 1);
  assert_status(event.status, HWS_OK);
  return stream;
}

static hws_handle dial(struct world *world) {
  return dial_by(world, WRONG_PLUGIN_DIR "/stubborn" TEST_PLUGIN_SUFFIX, "stubborn://x");
}

static void hang_up(struct world *world, hws_handle stream) {
  abort_handle(stream);
  assert_int_equal(stat_of(world->runtime, "plugin_faults"), 0);
}

/* A send that pends; its memory is spoilt as soon as its event has come. Returns how much was taken. */
static uint64_t cancelled_send(struct world *world, hws_handle stream, uint64_t offset, size_t length) {
  uint8_t *bytes = malloc(length);
  hws_handle op = 0;
  assert_non_null(bytes);
  pattern_fill(1, offset, bytes, length);
  struct hws_vec vec[2] = {{.ptr = bytes, .len = 1000}, {.ptr = bytes + 1000, .len = length - 1000}};
  struct hws_how how = how_queue(world);
  assert_status(hws_send(stream, vec, 2, &how, NULL, &op), HWS_OK);
  for (int i = 0; i < 5; i++) world_turn(world);
  uint64_t begin = hws_now();
  assert_status(hws_cancel(op), HWS_OK);
  struct hws_event event = world_await_status(world, how.tag, HWS_E_CANCELED);
  assert_true(hws_now() - begin < PROMPT_NS);
  assert_true(event.bytes < length);
  memset(bytes, 0xEE, length);
  free(bytes);
  return event.bytes;
}

static void a_cancelled_send_is_exact(void **state) {
  struct world *world = *state;
  hws_handle stream = dial(world);
  uint8_t room[10000];
  uint64_t sent = 0;
  uint64_t received = 0;
  for (int round = 0; round < 20; round++) {
    sent += cancelled_send(world, stream, sent, LARGE);
    assert_true(sent > received);
    /* What was taken arrives, and what is sent next stands behind it. */
    uint8_t more[100];
    pattern_fill(1, sent, more, sizeof more);
    uint64_t next = post_send(world, stream, more, sizeof more);
    sent += sizeof more;
    while (received < sent) {
      size_t part = sent - received < sizeof room ? (size_t)(sent - received) : sizeof room;
      recv_exactly(stream, room, part);
      pattern_expect(1, received, room, part);
      received += part;
    }
    world_await_status(world, next, HWS_OK);
  }
  hang_up(world, stream);
}

/* What HWS_TRY took stays taken. */
static void a_tried_send_is_exact(void **state) {
  struct world *world = *state;
  hws_handle stream = dial(world);
  static uint8_t bytes[3 * RING];
  uint64_t sent = 0;
  uint64_t received = 0;
  for (int round = 0; round < 50; round++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
    struct hws_event event;
    pattern_fill(2, sent, bytes, sizeof bytes);
    hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
    assert_true(result == 1 || result == HWS_E_AGAIN);
    if (result == 1) sent += event.bytes;
    memset(bytes, 0xEE, sizeof bytes);
    uint8_t room[1000];
    size_t part = sent - received < sizeof room ? (size_t)(sent - received) : sizeof room;
    recv_exactly(stream, room, part);
    pattern_expect(2, received, room, part);
    received += part;
  }
  hang_up(world, stream);
}

/* ---- files ---- */

static void expect_file(hws_handle stream, uint64_t offset, uint64_t length) {
  uint8_t room[10000];
  for (uint64_t done = 0; done < length;) {
    size_t part = length - done < sizeof room ? (size_t)(length - done) : sizeof room;
    recv_exactly(stream, room, part);
    for (size_t i = 0; i < part; i++) assert_int_equal(room[i], (uint8_t)((offset + done + i) * 31 >> 3));
    done += part;
  }
}

/* Its end, promptly. */
static struct hws_event cancelled_file(struct world *world, uint64_t tag, hws_handle op) {
  uint64_t begin = hws_now();
  hws_result result = hws_cancel(op);
  assert_true(result == HWS_OK || result == HWS_E_HANDLE);
  struct hws_event event = world_await_status(world, tag, HWS_E_CANCELED);
  assert_true(hws_now() - begin < PROMPT_NS);
  return event;
}

static uint64_t post_file(struct world *world, hws_handle stream, int64_t file, uint64_t offset, uint64_t length,
                          hws_handle *op) {
  struct hws_how how = how_queue(world);
  assert_status(hws_sendfile(stream, file, offset, length, &how, NULL, op), HWS_OK);
  return how.tag;
}

/* Whether the transport had begun or not, the count is what arrives, and what is sent next stands behind it. */
static void a_cancelled_file_is_exact(void **state) {
  struct world *world = *state;
  int64_t file = check_file_make(1);
  hws_handle stream = dial(world);
  for (int round = 0; round < 60; round++) {
    hws_handle op = 0;
    uint64_t before = (uint64_t)round % 3 * 5000;
    uint64_t offset = (uint64_t)round * 1000;
    uint64_t tag = post_file(world, stream, file, offset, 500000, &op);
    expect_file(stream, offset, before);
    for (int i = 0; i < round % 5; i++) world_turn(world);
    struct hws_event event = cancelled_file(world, tag, op);
    assert_in_range(event.bytes, before, before + RING + FILE_AT_ONCE);
    uint64_t next = post_send(world, stream, "behind", 6);
    expect_file(stream, offset + before, event.bytes - before);
    expect_bytes(stream, "behind");
    world_await_status(world, next, HWS_OK);
  }
  check_file_close(file);
  hang_up(world, stream);
}

static void whole_files_and_their_ends(void **state) {
  struct world *world = *state;
  int64_t file = check_file_make(1);
  hws_handle stream = dial(world);
  uint64_t tag = post_file(world, stream, file, 0, FILE_END, NULL);
  expect_file(stream, 0, FILE_END);
  assert_int_equal(world_await_status(world, tag, HWS_OK).bytes, FILE_END);
  tag = post_file(world, stream, file, FILE_END - 300000, 300001, NULL);
  expect_file(stream, FILE_END - 300000, 300000);
  assert_int_equal(world_await_status(world, tag, HWS_E_INVAL).bytes, 300000);
  send_all(stream, "goes on", 7);
  expect_bytes(stream, "goes on");
  check_file_close(file);
  hang_up(world, stream);
}

/* What was counted is not there any more when its turn comes: then nothing else may come in its place. */
static void a_file_that_breaks_its_word(void **state) {
  struct world *world = *state;
  static uint8_t full[RING];
  int64_t file = check_file_make(1);
  hws_handle stream = dial(world);
  hws_handle op = 0;
  send_all(stream, full, sizeof full);
  uint64_t tag = post_file(world, stream, file, FILE_END - 1000, 5000, &op);
  for (int i = 0; i < 20; i++) world_turn(world); /* the transport has it, and waits */
  struct hws_event event = cancelled_file(world, tag, op);
  uint64_t behind = post_send(world, stream, "behind", 6);
  recv_exactly(stream, full, sizeof full);
  if (event.bytes == 5000) {
    expect_file(stream, FILE_END - 1000, 1000);
    world_await_status(world, behind, HWS_E_IO);
    expect_detail(stream, HWS_E_IO, "the file of a send that was cancelled ended before its time");
  } else { /* a slow thread of the pool had not come to it */
    assert_int_equal(event.bytes, 0);
    expect_bytes(stream, "behind");
    world_await_status(world, behind, HWS_OK);
  }
  check_file_close(file);
  hang_up(world, stream);
}

/* The end of the stream stands behind it; an abort does not wait. */
static void an_end_stands_behind_a_file(void **state) {
  struct world *world = *state;
  int64_t file = check_file_make(1);
  hws_handle stream = dial(world);
  hws_handle op = 0;
  uint64_t tag = post_file(world, stream, file, 0, 100000, &op);
  expect_file(stream, 0, 5000);
  struct hws_event event = cancelled_file(world, tag, op);
  uint64_t ended = post_shutdown(world, stream);
  expect_file(stream, 5000, event.bytes - 5000);
  assert_status(recv_status(stream), HWS_E_EOF);
  world_await_status(world, ended, HWS_OK);
  hang_up(world, stream);
  stream = dial(world);
  tag = post_file(world, stream, file, 0, 100000, NULL);
  expect_file(stream, 0, 5000);
  hang_up(world, stream);
  assert_true(world_await(world, tag).status < 0);
  check_file_close(file);
}

/* An end waits for what was taken of a send that was cancelled. */
static void an_end_stands_behind_it(void **state) {
  struct world *world = *state;
  hws_handle stream = dial(world);
  uint8_t room[1000];
  uint64_t sent = cancelled_send(world, stream, 0, LARGE);
  uint64_t ended = post_shutdown(world, stream);
  for (uint64_t received = 0; received < sent;) {
    struct hws_event event = recv_once(stream, room, sizeof room);
    assert_status(event.status, HWS_OK);
    pattern_expect(1, received, room, event.bytes);
    received += event.bytes;
  }
  assert_status(recv_status(stream), HWS_E_EOF);
  world_await_status(world, ended, HWS_OK);
  hang_up(world, stream);
}

/* Receives and readiness end at once too, and what arrives later is not lost. */
static void a_cancelled_receive_loses_nothing(void **state) {
  struct world *world = *state;
  hws_handle stream = dial(world);
  uint8_t room[100];
  for (int round = 0; round < 4; round++) {
    struct hws_vec vec = {.ptr = room, .len = round % 2 ? sizeof room : 0};
    struct hws_how how = how_queue(world);
    hws_handle op = 0;
    assert_status(hws_recv(stream, &vec, 1, &how, NULL, &op), HWS_OK);
    uint64_t begin = hws_now();
    assert_status(hws_cancel(op), HWS_OK);
    world_await_status(world, how.tag, HWS_E_CANCELED);
    assert_true(hws_now() - begin < PROMPT_NS);
    memset(room, 0xEE, sizeof room);
    send_all(stream, "exactly this", 12);
    uint64_t ready = post_recv(world, stream, NULL, 0);
    world_await_status(world, ready, HWS_OK);
    for (size_t i = 0; i < sizeof room; i++) assert_int_equal(room[i], 0xEE);
    expect_bytes(stream, "exactly this");
  }
  hang_up(world, stream);
}

/* An abort with a write out: every op has its event, and the close waits for the transport only. */
static void an_abort_ends_all(void **state) {
  struct world *world = *state;
  hws_handle stream = dial(world);
  uint8_t *bytes = calloc(1, LARGE);
  uint64_t sending = post_send(world, stream, bytes, LARGE);
  uint64_t next = post_send(world, stream, bytes, 10);
  uint64_t begin = hws_now();
  assert_status(hws_reset(stream, 70000, "enough"), HWS_OK);
  struct hws_event event = world_await(world, sending);
  assert_true(event.status < 0);
  assert_true(world_await(world, next).status < 0);
  assert_true(hws_now() - begin < PROMPT_NS);
  free(bytes);
  hang_up(world, stream);
}

/* A connection that has ended is closed though a write of it is still out, which the system would never end: Wine
 * forgets a file that it sends to a peer that resets. */
static void a_forgotten_write_holds_up_no_close(void **state) {
  struct world *world = *state;
  uint8_t *bytes = calloc(1, LARGE);
  assert_non_null(bytes);
  for (int abort = 0; abort < 2; abort++) {
    hws_handle stream = dial_by(world, WRONG_PLUGIN_DIR "/lost" TEST_PLUGIN_SUFFIX, "lost://x");
    uint8_t byte;
    uint64_t reading = post_recv(world, stream, &byte, 1);
    uint64_t sending = post_send(world, stream, bytes, LARGE);
    world_await_status(world, reading, HWS_E_RESET);
    world_await_status(world, sending, HWS_E_RESET);
    if (abort) {
      abort_handle(stream);
      continue;
    }
    /* What the send was told was on its way is lost, and nobody asked for that. */
    struct hws_event closed = world_await_status(world, post_close(world, stream), HWS_E_RESET);
    assert_true(closed.data > 0);
  }
  free(bytes);
  assert_int_equal(stat_of(world->runtime, "plugin_faults"), 0);
  assert_int_equal(stat_of(world->runtime, "ios_abandoned"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(a_forgotten_write_holds_up_no_close),
      BOTH_MODES(a_cancelled_send_is_exact),
      BOTH_MODES(a_tried_send_is_exact),
      BOTH_MODES(an_end_stands_behind_it),
      BOTH_MODES(a_cancelled_receive_loses_nothing),
      BOTH_MODES(an_abort_ends_all),
      BOTH_MODES(whole_files_and_their_ends),
      BOTH_MODES(a_cancelled_file_is_exact),
      BOTH_MODES(a_file_that_breaks_its_word),
      BOTH_MODES(an_end_stands_behind_a_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
