/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-9, WIN-5: a file's bytes, sent on every kind of stream: through the transport's own system call where there is
 * one, else in pieces that threads of the library read.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/core/disk.h"

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static void every_length_and_offset(void **state) {
  static const struct file_case {
    uint64_t offset;
    uint64_t length;
  } cases[] = {{0, 1},      {0, 65535},     {0, 65536},       {0, 65537},   {0, 131072},       {0, 131073},
               {1, 262144}, {4095, 262145}, {65536, 1000000}, {3, 3000001}, {(4 << 20) - 1, 1}};
  struct world *world = *state;
  int64_t file = file_of(4 << 20);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
      uint64_t tag = post_file(world, link.ends.client, file, cases[i].offset, cases[i].length, NULL);
      drain(link.ends.server, DISK_SEED, cases[i].offset, cases[i].length);
      expect_sent(world, tag, HWS_OK, cases[i].length);
    }
    expect_usable(&link);
    link_close(&link);
  }
  file_done(file);
}

static void a_large_file(void **state) {
  enum { LARGE = (64 << 20) / TEST_SLOWNESS };
  struct world *world = *state;
  int64_t file = file_of(LARGE);
  uint64_t place = file_place(file);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LARGE, NULL);
    drain(link.ends.server, DISK_SEED, 0, LARGE);
    expect_sent(world, tag, HWS_OK, LARGE);
    link_close(&link);
  }
  assert_int_equal(file_place(file), place); /* its own place is left alone */
  file_done(file);
}

/* Also the end of the stream comes behind the file. */
static void order_among_sends(void **state) {
  enum { PART = 300000 };
  struct world *world = *state;
  int64_t file = file_of(UINT64_C(2) * PART);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    uint64_t tags[6];
    uint8_t got[8];
    tags[0] = post_send(world, link.ends.client, "first", 5);
    tags[1] = post_file(world, link.ends.client, file, 0, PART, NULL);
    tags[2] = post_send(world, link.ends.client, "amid", 4);
    tags[3] = post_file(world, link.ends.client, file, PART, PART, NULL);
    tags[4] = post_send(world, link.ends.client, "last", 4);
    tags[5] = post_shutdown(world, link.ends.client);
    expect_bytes(link.ends.server, "first");
    drain(link.ends.server, DISK_SEED, 0, PART);
    expect_bytes(link.ends.server, "amid");
    drain(link.ends.server, DISK_SEED, PART, PART);
    expect_bytes(link.ends.server, "last");
    struct hws_event end = recv_once(link.ends.server, got, sizeof got);
    assert_status(end.status, HWS_E_EOF);
    for (int i = 0; i < 6; i++) world_await_status(world, tags[i], HWS_OK);
    link_close(&link);
  }
  file_done(file);
}

/* The op has a descriptor of its own. */
static void the_descriptor_may_be_closed_at_once(void **state) {
  enum { LENGTH = 3000000 };
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    int64_t file = file_of(LENGTH);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, NULL);
    file_done(file);
    int64_t other = file_folder(); /* of the same number */
    drain(link.ends.server, DISK_SEED, 0, LENGTH);
    expect_sent(world, tag, HWS_OK, LENGTH);
    file_done(other);
    link_close(&link);
  }
}

static void many_files_at_once(void **state) {
  enum { STREAMS = 12, LENGTH = 700001 };
  struct world *world = *state;
  int64_t file = file_of(LENGTH);
  struct pair sessions = sessions_open(world);
  struct pair ends[STREAMS];
  uint64_t tags[STREAMS];
  for (int i = 0; i < STREAMS; i++) {
    uint64_t accepted = post_accept(world, sessions.server, &ends[i].server);
    ends[i].client = open_stream(sessions.client);
    world_await_status(world, accepted, HWS_OK);
    tags[i] = post_file(world, ends[i].client, file, 0, LENGTH, NULL);
  }
  for (int i = 0; i < STREAMS; i++) drain(ends[i].server, DISK_SEED, 0, LENGTH);
  for (int i = 0; i < STREAMS; i++) expect_sent(world, tags[i], HWS_OK, LENGTH);
  abort_handle(sessions.client);
  abort_handle(sessions.server);
  for (int i = 0; i < STREAMS; i++) {
    abort_handle(ends[i].client);
    abort_handle(ends[i].server);
  }
  file_done(file);
}

/* ---- what is no such file ---------------------------------------------------------------------------------------- */

static void short_files_are_told(void **state) {
  static const uint64_t sizes[] = {0, 1, 65536, 100000, 131072, 200000};
  struct world *world = *state;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    int64_t file = file_of(sizes[i]);
    for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
      struct link link = link_open(world, carrier);
      uint64_t tag = post_file(world, link.ends.client, file, 0, 262144, NULL);
      drain(link.ends.server, DISK_SEED, 0, sizes[i]);
      expect_sent(world, tag, HWS_E_INVAL, sizes[i]);
      char line[80];
      (void)snprintf(line, sizeof line, "the file ended after %llu of 262144 bytes", (unsigned long long)sizes[i]);
      expect_detail(world->runtime, HWS_E_INVAL, line);
      expect_usable(&link);
      link_close(&link);
    }
    file_done(file);
  }
}

/* One that loses what it has while it is sent is as one that was too short from the first. What arrives in place of
 * what was cut off is not said: the system may have sent it from the file's own memory. */
static void shrinking_files_are_told(void **state) {
  enum { LENGTH = 16 << 20, LEFT = 100000 };
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    int64_t file = file_of(LENGTH);
    struct link link = link_open(world, carrier);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, NULL);
    drain(link.ends.server, DISK_SEED, 0, LEFT + 1);
    file_resize(file, LEFT);
    struct hws_event event;
    uint64_t got = LEFT + 1;
    while (!world_has(world, tag, &event)) {
      uint8_t part[32768];
      struct hws_vec vec = {.ptr = part, .len = sizeof part};
      struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
      struct hws_event some;
      if (hws_recv(link.ends.server, &vec, 1, &how, &some, NULL) != 1) {
        world_turn(world);
        continue;
      }
      assert_status(some.status, HWS_OK);
      got += some.bytes;
    }
    assert_status(event.status, HWS_E_INVAL);
    assert_true(event.bytes >= got && event.bytes < LENGTH);
    for (uint8_t part[32768]; got < event.bytes;) {
      uint64_t left = event.bytes - got;
      struct hws_event some = recv_once(link.ends.server, part, left < sizeof part ? (size_t)left : sizeof part);
      assert_status(some.status, HWS_OK);
      got += some.bytes;
    }
    expect_usable(&link);
    link_close(&link);
    file_done(file);
  }
}

static void other_descriptors_are_refused(void **state) {
  struct world *world = *state;
  int64_t file = file_of(10);
  int64_t folder = file_folder();
  int64_t pipe = file_pipe();
  int64_t write_only = file_write_only(file);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    hws_handle stream = link.ends.client;
    struct hws_how how = how_queue(world);
    assert_status(hws_sendfile(stream, file_closed(), 0, 1, &how, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_sendfile(stream, -1, 0, 1, &how, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_sendfile(stream, INT64_MAX, 0, 1, &how, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_sendfile(stream, write_only, 0, 1, &how, NULL, NULL), HWS_E_ACCESS);
    assert_status(hws_sendfile(stream, file, 0, 0, &how, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_sendfile(stream, file, 0, UINT64_MAX, &how, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_sendfile(stream, file, INT64_MAX, 1, &how, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_sendfile(stream, file, UINT64_MAX, 1, &how, NULL, NULL), HWS_E_INVAL);
    how.flags = HWS_TRY;
    assert_status(hws_sendfile(stream, file, 0, 1, &how, NULL, NULL), HWS_E_AGAIN);
    world_turn(world);
    assert_int_equal(world->kept, 0);
    expect_sent(world, post_file(world, stream, folder, 0, 1, NULL), HWS_E_INVAL, 0);
    expect_detail(world->runtime, HWS_E_INVAL, "found no regular file");
    expect_sent(world, post_file(world, stream, pipe, 0, 1, NULL), HWS_E_INVAL, 0);
    expect_sent(world, post_file(world, stream, file, 100, 1, NULL), HWS_E_INVAL, 0);
    expect_usable(&link);
    shut_down(stream);
    how = how_queue(world);
    assert_status(hws_sendfile(stream, file, 0, 1, &how, NULL, NULL), HWS_OK);
    expect_sent(world, how.tag, HWS_E_CLOSED, 0);
    link_close(&link);
  }
  file_done(folder);
  file_done(write_only);
  file_done(pipe);
  file_done(file);
}

/* ---- cancels ----------------------------------------------------------------------------------------------------- */

/* The peer does not read. Whatever ends the op, its count is what arrives, and the stream goes on behind it. */
static void end_by(struct world *world, enum carrier carrier, int64_t file, int how_it_ends) {
  enum { LENGTH = 32 << 20 };
  struct link link = link_open(world, carrier);
  struct hws_how how = how_queue(world);
  hws_handle op = 0;
  hws_handle scope = 0;
  int32_t status = HWS_E_CANCELED;
  if (how_it_ends == 1) {
    how.flags = HWS_RELATIVE;
    how.deadline_ns = TEST_SLOWNESS > 1 ? SECOND : 300 * MILLISECOND;
    status = HWS_E_DEADLINE;
  } else if (how_it_ends == 2) {
    assert_status(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
    how.scope = scope;
  }
  uint64_t arrived = post_recv(world, link.ends.server, NULL, 0);
  assert_status(hws_sendfile(link.ends.client, file, 0, LENGTH, &how, NULL, &op), HWS_OK);
  world_await_status(world, arrived, HWS_OK);
  for (int i = 0; i < 20; i++) world_turn(world);
  if (how_it_ends == 0) assert_status(hws_cancel(op), HWS_OK);
  if (how_it_ends == 2) assert_status(hws_scope_cancel(scope, 0, NULL), HWS_OK);
  struct hws_event event = world_await_status(world, how.tag, status);
  assert_int_equal(event.flags, HWS_EVENT_OP); /* OP-9 */
  assert_true(event.bytes > 0 && event.bytes < LENGTH);
  uint64_t behind = post_send(world, link.ends.client, "behind", 6);
  drain(link.ends.server, DISK_SEED, 0, event.bytes);
  expect_bytes(link.ends.server, "behind");
  world_await_status(world, behind, HWS_OK);
  expect_usable(&link);
  if (scope) close_handle(scope);
  link_close(&link);
}

static void ends_early_with_an_exact_count(void **state) {
  struct world *world = *state;
  int64_t file = file_of(32 << 20);
  for (int how = 0; how < 3; how++)
    for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) end_by(world, carrier, file, how);
  file_done(file);
}

/* At any moment, in the middle of a transfer that goes on: once, with what arrives. */
static void cancel_at_any_moment(void **state) {
  enum { LENGTH = 8 << 20, ROUNDS = 40 / TEST_SLOWNESS, STEP = 20000 * TEST_SLOWNESS };
  struct world *world = *state;
  int64_t file = file_of(LENGTH);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    for (uint64_t round = 0; round < ROUNDS; round++) {
      hws_handle op = 0;
      uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, &op);
      drain(link.ends.server, DISK_SEED, 0, round * STEP);
      hws_result canceled = hws_cancel(op);
      struct hws_event event = world_await(world, tag);
      if (event.status != HWS_OK) assert_status(event.status, HWS_E_CANCELED);
      assert_true(canceled == HWS_OK && event.bytes >= round * STEP && event.bytes <= LENGTH);
      drain(link.ends.server, DISK_SEED, round * STEP, event.bytes - round * STEP);
    }
    expect_usable(&link);
    assert_int_equal(world->kept, 0);
    link_close(&link);
  }
  file_done(file);
}

/* Behind an op that pends, before its turn came. */
static void cancel_of_one_that_waits(void **state) {
  struct world *world = *state;
  int64_t file = file_of(100);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    uint64_t filled = fill_up(link.ends.client, 1);
    uint8_t *bytes = calloc(1, (size_t)4 << 20);
    uint64_t before = post_send(world, link.ends.client, bytes, 4 << 20);
    hws_handle op = 0;
    uint64_t tag = post_file(world, link.ends.client, file, 0, 100, &op);
    world_turn(world);
    assert_status(hws_cancel(op), HWS_OK);
    expect_sent(world, tag, HWS_E_CANCELED, 0);
    drain(link.ends.server, 1, 0, filled);
    for (uint64_t got = 0; got < 4 << 20;) {
      uint8_t part[32768];
      struct hws_event event = recv_once(link.ends.server, part, sizeof part);
      assert_status(event.status, HWS_OK);
      got += event.bytes;
    }
    world_await_status(world, before, HWS_OK);
    expect_usable(&link);
    free(bytes);
    link_close(&link);
  }
  file_done(file);
}

/* Closed, reset, or lost under it: one event, with the reason. */
static void ends_with_the_stream(void **state) {
  enum { LENGTH = 32 << 20 };
  struct world *world = *state;
  int64_t file = file_of(LENGTH);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    for (int how = 0; how < 3; how++) {
      struct link link = link_open(world, carrier);
      /* Somebody reads: Wine does not tell the call for a file of a reset that comes as it begins. */
      char byte;
      uint64_t reading = post_recv(world, link.ends.client, &byte, 1);
      uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, NULL);
      for (int i = 0; i < 5; i++) world_turn(world);
      if (how == 0) abort_handle(link.ends.client);
      if (how == 1) assert_status(hws_reset(link.ends.client, 0, NULL), HWS_OK);
      if (how == 2) abort_handle(link.ends.server);
      struct hws_event event = world_await(world, tag);
      assert_int_equal(event.kind, HWS_KIND_SENDFILE);
      assert_true(event.status < 0 && event.bytes < LENGTH);
      if (how == 0) assert_status(event.status, HWS_E_CLOSED);
      if (how == 1) assert_status(event.status, HWS_E_CANCELED);
      assert_true(world_await(world, reading).status < 0);
      link = (struct link){.ends = {how == 0 ? 0 : link.ends.client, how == 2 ? 0 : link.ends.server},
                           .sessions = link.sessions};
      if (link.ends.client) abort_handle(link.ends.client);
      if (link.ends.server) abort_handle(link.ends.server);
      if (link.sessions.client) abort_handle(link.sessions.client);
      if (link.sessions.server) abort_handle(link.sessions.server);
    }
  }
  file_done(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(every_length_and_offset),
      EVERYWHERE(a_large_file),
      EVERYWHERE(order_among_sends),
      EVERYWHERE(the_descriptor_may_be_closed_at_once),
      EVERYWHERE(many_files_at_once),
      EVERYWHERE(short_files_are_told),
      EVERYWHERE(shrinking_files_are_told),
      EVERYWHERE(other_descriptors_are_refused),
      EVERYWHERE(ends_early_with_an_exact_count),
      EVERYWHERE(cancel_at_any_moment),
      EVERYWHERE(cancel_of_one_that_waits),
      EVERYWHERE(ends_with_the_stream),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
