/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-9, WIN-5: a file's bytes, sent on every kind of stream: through the transport's own system call where there is
 * one, else in pieces that threads of the library read. No I/O thread waits for a disk: the fake system calls here
 * block until they are let.
 */
#define _GNU_SOURCE /* O_TMPFILE, memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/core/places.h"

/* ---- the disk: reads go through a gate, and can be made to fail -------------------------------------------------- */

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool closed;
  unsigned inside; /* reads that wait */
  unsigned reads;
  int error; /* of the read after `error_after` more */
  int error_after;
  bool error_once;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void disk_set(bool closed) {
  pthread_mutex_lock(&disk.mutex);
  disk.closed = closed;
  pthread_cond_broadcast(&disk.changed);
  pthread_mutex_unlock(&disk.mutex);
}

static unsigned disk_inside(void) {
  pthread_mutex_lock(&disk.mutex);
  unsigned inside = disk.inside;
  pthread_mutex_unlock(&disk.mutex);
  return inside;
}

static void disk_fail(int error, int after) {
  pthread_mutex_lock(&disk.mutex);
  disk.error = error;
  disk.error_after = after;
  pthread_mutex_unlock(&disk.mutex);
}

static int disk_pass(void) {
  pthread_mutex_lock(&disk.mutex);
  disk.inside++;
  disk.reads++;
  while (disk.closed) pthread_cond_wait(&disk.changed, &disk.mutex);
  disk.inside--;
  int error = disk.error && disk.error_after-- <= 0 ? disk.error : 0;
  if (error && disk.error_once) disk.error = 0;
  pthread_mutex_unlock(&disk.mutex);
  return error;
}

ssize_t __real_pread(int file, void *to, size_t bytes, off_t offset);
ssize_t __wrap_pread(int file, void *to, size_t bytes, off_t offset);

/* Only of the library: the test's own files are memory. */
ssize_t __wrap_pread(int file, void *to, size_t bytes, off_t offset) {
  int error = disk_pass();
  if (!error) return __real_pread(file, to, bytes, offset);
  errno = error;
  return -1;
}

/* The transports' own call: this program's definition is found before the system's. */
__attribute__((visibility("default"))) ssize_t sendfile(int to, int file, off_t *offset, size_t bytes);

ssize_t sendfile(int to, int file, off_t *offset, size_t bytes) {
  sigset_t blocked;
  assert_true(bytes <= 256 * 1024);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
  assert_true(sigismember(&blocked, SIGPIPE));
  int error = disk_pass();
  if (!error) return syscall(SYS_sendfile, to, file, offset, bytes);
  errno = error;
  return -1;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

enum { SEED = 77 };

static int file_of(uint64_t bytes) {
  enum { STEP = 1 << 20 };
  int file = memfd_create("file", MFD_CLOEXEC);
  uint8_t *memory = malloc(STEP);
  assert_true(file >= 0 && memory);
  for (uint64_t done = 0; done < bytes;) {
    size_t part = bytes - done < STEP ? (size_t)(bytes - done) : STEP;
    pattern_fill(SEED, done, memory, part);
    assert_int_equal(write(file, memory, part), part);
    done += part;
  }
  free(memory);
  return file;
}

static uint64_t post_file(struct world *world, hws_handle stream, int file, uint64_t offset, uint64_t length,
                          hws_handle *op) {
  struct hws_how how = how_queue(world);
  assert_status(hws_sendfile(stream, file, offset, length, &how, NULL, op), HWS_OK);
  return how.tag;
}

static void expect_sent(struct world *world, uint64_t tag, int32_t status, uint64_t bytes) {
  struct hws_event event = world_await(world, tag);
  assert_int_equal(event.kind, HWS_KIND_SENDFILE);
  assert_status(event.status, status);
  assert_int_equal(event.bytes, bytes);
}

/* The stream goes on where the file ended. */
static void expect_usable(const struct link *link) {
  send_all(link->ends.client, "usable", 6);
  expect_bytes(link->ends.server, "usable");
  send_all(link->ends.server, "back", 4);
  expect_bytes(link->ends.client, "back");
}

#define EACH_CARRIER(carrier) for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++)

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static void every_length_and_offset(void **state) {
  static const struct file_case {
    uint64_t offset;
    uint64_t length;
  } cases[] = {{0, 1},      {0, 65535},     {0, 65536},       {0, 65537},   {0, 131072},       {0, 131073},
               {1, 262144}, {4095, 262145}, {65536, 1000000}, {3, 3000001}, {(4 << 20) - 1, 1}};
  struct world *world = *state;
  int file = file_of(4 << 20);
  EACH_CARRIER(carrier) {
    struct link link = link_open(world, carrier);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
      uint64_t tag = post_file(world, link.ends.client, file, cases[i].offset, cases[i].length, NULL);
      drain(link.ends.server, SEED, cases[i].offset, cases[i].length);
      expect_sent(world, tag, HWS_OK, cases[i].length);
    }
    expect_usable(&link);
    link_close(&link);
  }
  (void)close(file);
}

static void a_large_file(void **state) {
  enum { LARGE = 64 << 20 };
  struct world *world = *state;
  int file = file_of(LARGE);
  EACH_CARRIER(carrier) {
    struct link link = link_open(world, carrier);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LARGE, NULL);
    drain(link.ends.server, SEED, 0, LARGE);
    expect_sent(world, tag, HWS_OK, LARGE);
    link_close(&link);
  }
  assert_int_equal(lseek(file, 0, SEEK_CUR), LARGE); /* its own place is left alone */
  (void)close(file);
}

/* Also the end of the stream comes behind the file. */
static void order_among_sends(void **state) {
  enum { PART = 300000 };
  struct world *world = *state;
  int file = file_of(2 * PART);
  EACH_CARRIER(carrier) {
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
    drain(link.ends.server, SEED, 0, PART);
    expect_bytes(link.ends.server, "amid");
    drain(link.ends.server, SEED, PART, PART);
    expect_bytes(link.ends.server, "last");
    struct hws_event end = recv_once(link.ends.server, got, sizeof got);
    assert_status(end.status, HWS_E_EOF);
    for (int i = 0; i < 6; i++) world_await_status(world, tags[i], HWS_OK);
    link_close(&link);
  }
  (void)close(file);
}

static void many_files_at_once(void **state) {
  enum { STREAMS = 12, LENGTH = 700001 };
  struct world *world = *state;
  int file = file_of(LENGTH);
  struct pair sessions = sessions_open(world);
  struct pair ends[STREAMS];
  uint64_t tags[STREAMS];
  for (int i = 0; i < STREAMS; i++) {
    uint64_t accepted = post_accept(world, sessions.server, &ends[i].server);
    ends[i].client = open_stream(sessions.client);
    world_await_status(world, accepted, HWS_OK);
    tags[i] = post_file(world, ends[i].client, file, 0, LENGTH, NULL);
  }
  for (int i = 0; i < STREAMS; i++) drain(ends[i].server, SEED, 0, LENGTH);
  for (int i = 0; i < STREAMS; i++) expect_sent(world, tags[i], HWS_OK, LENGTH);
  abort_handle(sessions.client);
  abort_handle(sessions.server);
  for (int i = 0; i < STREAMS; i++) {
    abort_handle(ends[i].client);
    abort_handle(ends[i].server);
  }
  (void)close(file);
}

/* ---- what is no such file ---------------------------------------------------------------------------------------- */

static void short_files_are_told(void **state) {
  static const uint64_t sizes[] = {0, 1, 65536, 100000, 131072, 200000};
  struct world *world = *state;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    int file = file_of(sizes[i]);
    EACH_CARRIER(carrier) {
      struct link link = link_open(world, carrier);
      uint64_t tag = post_file(world, link.ends.client, file, 0, 262144, NULL);
      drain(link.ends.server, SEED, 0, sizes[i]);
      expect_sent(world, tag, HWS_E_INVAL, sizes[i]);
      char line[80];
      (void)snprintf(line, sizeof line, "the file ended after %llu of 262144 bytes", (unsigned long long)sizes[i]);
      expect_detail(world->runtime, HWS_E_INVAL, line);
      expect_usable(&link);
      link_close(&link);
    }
    (void)close(file);
  }
}

static void other_descriptors_are_refused(void **state) {
  struct world *world = *state;
  int ends[2];
  int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int file = file_of(10);
  char path[64];
  assert_int_equal(pipe(ends), 0);
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  int write_only = open(path, O_WRONLY | O_CLOEXEC);
  assert_true(folder >= 0 && write_only >= 0);
  EACH_CARRIER(carrier) {
    struct link link = link_open(world, carrier);
    hws_handle stream = link.ends.client;
    struct hws_how how = how_queue(world);
    int none = dup(file);
    (void)close(none);
    assert_status(hws_sendfile(stream, none, 0, 1, &how, NULL, NULL), HWS_E_INVAL);
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
    expect_sent(world, post_file(world, stream, ends[0], 0, 1, NULL), HWS_E_INVAL, 0);
    expect_sent(world, post_file(world, stream, file, 100, 1, NULL), HWS_E_INVAL, 0);
    expect_usable(&link);
    shut_down(stream);
    how = how_queue(world);
    assert_status(hws_sendfile(stream, file, 0, 1, &how, NULL, NULL), HWS_OK);
    expect_sent(world, how.tag, HWS_E_CLOSED, 0);
    link_close(&link);
  }
  (void)close(folder);
  (void)close(write_only);
  (void)close(ends[0]);
  (void)close(ends[1]);
  (void)close(file);
}

/* The disk fails behind some bytes: these arrive, and the op says how many they were. A transport that reads the file
 * by itself meets no such error here. */
static void failing_reads_are_told(void **state) {
  struct world *world = *state;
  int file = file_of(1 << 20);
  for (int after = 0; after < 5; after++) {
    struct link link = link_open(world, MUX);
    disk_fail(EIO, after);
    uint64_t tag = post_file(world, link.ends.client, file, 0, 1 << 20, NULL);
    drain(link.ends.server, SEED, 0, (uint64_t)after * 65536);
    expect_sent(world, tag, HWS_E_IO, (uint64_t)after * 65536);
    expect_detail(world->runtime, HWS_E_IO, "Input/output error");
    disk_fail(0, 0);
    expect_usable(&link);
    link_close(&link);
  }
  (void)close(file);
}

/* ---- cancels ----------------------------------------------------------------------------------------------------- */

/* The peer does not read. Whatever ends the op, its count is what arrives, and the stream goes on behind it. */
static void end_by(struct world *world, enum carrier carrier, int file, int how_it_ends) {
  enum { LENGTH = 32 << 20 };
  struct link link = link_open(world, carrier);
  struct hws_how how = how_queue(world);
  hws_handle op = 0;
  hws_handle scope = 0;
  int32_t status = HWS_E_CANCELED;
  if (how_it_ends == 1) {
    how.flags = HWS_RELATIVE;
    how.deadline_ns = 30 * MILLISECOND;
    status = HWS_E_DEADLINE;
  } else if (how_it_ends == 2) {
    assert_status(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
    how.scope = scope;
  }
  assert_status(hws_sendfile(link.ends.client, file, 0, LENGTH, &how, NULL, &op), HWS_OK);
  for (int i = 0; i < 20; i++) world_turn(world);
  if (how_it_ends == 0) assert_status(hws_cancel(op), HWS_OK);
  if (how_it_ends == 2) assert_status(hws_scope_cancel(scope, 0, NULL), HWS_OK);
  struct hws_event event = world_await_status(world, how.tag, status);
  assert_true(event.bytes > 0 && event.bytes < LENGTH);
  uint64_t behind = post_send(world, link.ends.client, "behind", 6);
  drain(link.ends.server, SEED, 0, event.bytes);
  expect_bytes(link.ends.server, "behind");
  world_await_status(world, behind, HWS_OK);
  expect_usable(&link);
  if (scope) close_handle(scope);
  link_close(&link);
}

static void ends_early_with_an_exact_count(void **state) {
  struct world *world = *state;
  int file = file_of(32 << 20);
  for (int how = 0; how < 3; how++) EACH_CARRIER(carrier) end_by(world, carrier, file, how);
  (void)close(file);
}

/* At any moment, in the middle of a transfer that goes on: once, with what arrives. */
static void cancel_at_any_moment(void **state) {
  enum { LENGTH = 8 << 20, ROUNDS = 40 };
  struct world *world = *state;
  int file = file_of(LENGTH);
  EACH_CARRIER(carrier) {
    struct link link = link_open(world, carrier);
    for (uint64_t round = 0; round < ROUNDS; round++) {
      hws_handle op = 0;
      uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, &op);
      drain(link.ends.server, SEED, 0, round * 20000);
      hws_result canceled = hws_cancel(op);
      struct hws_event event = world_await(world, tag);
      if (event.status != HWS_OK) assert_status(event.status, HWS_E_CANCELED);
      assert_true(canceled == HWS_OK && event.bytes >= round * 20000 && event.bytes <= LENGTH);
      drain(link.ends.server, SEED, round * 20000, event.bytes - round * 20000);
    }
    expect_usable(&link);
    assert_int_equal(world->kept, 0);
    link_close(&link);
  }
  (void)close(file);
}

/* Behind an op that pends, before its turn came. */
static void cancel_of_one_that_waits(void **state) {
  struct world *world = *state;
  int file = file_of(100);
  EACH_CARRIER(carrier) {
    struct link link = link_open(world, carrier);
    uint64_t filled = fill_up(link.ends.client, 1);
    uint8_t *bytes = calloc(1, 4 << 20);
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
  (void)close(file);
}

/* Closed, reset, or lost under it: one event, with the reason. */
static void ends_with_the_stream(void **state) {
  enum { LENGTH = 32 << 20 };
  struct world *world = *state;
  int file = file_of(LENGTH);
  EACH_CARRIER(carrier) {
    for (int how = 0; how < 3; how++) {
      struct link link = link_open(world, carrier);
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
      link = (struct link){.ends = {how == 0 ? 0 : link.ends.client, how == 2 ? 0 : link.ends.server},
                           .sessions = link.sessions};
      if (link.ends.client) abort_handle(link.ends.client);
      if (link.ends.server) abort_handle(link.ends.server);
      if (link.sessions.client) abort_handle(link.sessions.client);
      if (link.sessions.server) abort_handle(link.sessions.server);
    }
  }
  (void)close(file);
}

/* ---- a disk that does not answer --------------------------------------------------------------------------------- */

/* Other streams of the same session and the same loop go on, and what waits for the disk can be given up. */
static void disk_holds_up_nobody(void **state) {
  struct world *world = *state;
  int file = file_of(1 << 20);
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
  (void)close(file);
}

static bool is_direct(void) {
  return strcmp(here->scheme, "mem") != 0;
}

/* The same where the transport reads the file: neither its other direction nor anybody else is held up. A cancel waits
 * for the one call that is in the system, and counts what that sent. */
static void disk_holds_up_no_connection(void **state) {
  enum { LENGTH = 1 << 20 };
  struct world *world = *state;
  int file = file_of(LENGTH);
  for (int told_first = 0; told_first < 2 && is_direct(); told_first++) {
    struct link link = link_open(world, RAW);
    struct pair other = pair_raw(world, here->scheme);
    uint64_t filled = told_first ? fill_up(link.ends.client, 1) : 0;
    hws_handle op = 0;
    if (!told_first) disk_set(true);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, &op);
    if (told_first) {
      /* It has met a full socket, and readiness leads it to the disk again. */
      unsigned seen = disk.reads;
      world_until(world, disk.reads > seen || disk_inside() == 0);
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
    assert_true(event.bytes <= 512 * 1024);
    drain(link.ends.server, SEED, 0, event.bytes);
    expect_usable(&link);
    abort_handle(other.client);
    abort_handle(other.server);
    link_close(&link);
  }
  (void)close(file);
}

/* What one way of sending cannot do another can: the rest of the file is read. */
static void failing_calls_are_made_up_for(void **state) {
  static const int errors[] = {EINVAL, EIO, ENOSYS, EOPNOTSUPP};
  enum { LENGTH = 1 << 20 };
  struct world *world = *state;
  int file = file_of(LENGTH);
  for (size_t i = 0; i < sizeof errors / sizeof errors[0] && is_direct(); i++) {
    struct link link = link_open(world, RAW);
    pthread_mutex_lock(&disk.mutex);
    disk.error = errors[i];
    disk.error_after = (int)i;
    disk.error_once = true;
    pthread_mutex_unlock(&disk.mutex);
    uint64_t tag = post_file(world, link.ends.client, file, 0, LENGTH, NULL);
    drain(link.ends.server, SEED, 0, LENGTH);
    expect_sent(world, tag, HWS_OK, LENGTH);
    assert_int_equal(disk.error, 0); /* it was met */
    expect_usable(&link);
    link_close(&link);
  }
  (void)close(file);
}

/* A connection whose file does not come is closed all the same. */
static void close_leaves_a_hung_file_behind(void **state) {
  (void)state;
  int file = file_of(1 << 20);
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
  (void)close(file);
}

/* A join does not wait for it for ever. */
static void join_leaves_a_hung_read_behind(void **state) {
  (void)state;
  int file = file_of(1 << 20);
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
  (void)close(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(every_length_and_offset),
      EVERYWHERE(a_large_file),
      EVERYWHERE(order_among_sends),
      EVERYWHERE(many_files_at_once),
      EVERYWHERE(short_files_are_told),
      EVERYWHERE(other_descriptors_are_refused),
      EVERYWHERE(failing_reads_are_told),
      EVERYWHERE(ends_early_with_an_exact_count),
      EVERYWHERE(cancel_at_any_moment),
      EVERYWHERE(cancel_of_one_that_waits),
      EVERYWHERE(ends_with_the_stream),
      EVERYWHERE(disk_holds_up_nobody),
      EVERYWHERE(disk_holds_up_no_connection),
      EVERYWHERE(failing_calls_are_made_up_for),
      cmocka_unit_test(close_leaves_a_hung_file_behind),
      cmocka_unit_test(join_leaves_a_hung_read_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
