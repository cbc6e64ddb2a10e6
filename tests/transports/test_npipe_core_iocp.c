/* SPDX-License-Identifier: Apache-2.0
 *
 * PIP-3, PIP-4, PIP-6, CAN-9: named pipes as a user of the library meets them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/hawser.h"

#define URL "npipe:////./pipe/hawser/core"
#define MESSAGES URL "?mode=message"
#define MS UINT64_C(1000000)
#define PATIENCE_NS (20000 * MS)

static const struct hws_how block = {
    .size = sizeof block, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = PATIENCE_NS};

static int open_runtime(void **state) {
  const struct hws_runtime_config config = {.size = sizeof config, .plugin_dir = TEST_PLUGIN_DIR};
  static hws_handle runtime;
  assert_int_equal(hws_runtime_open(&config, &runtime), HWS_OK);
  *state = &runtime;
  return 0;
}

static int join_runtime(void **state) {
  assert_int_equal(hws_runtime_join(*(hws_handle *)*state, (int64_t)PATIENCE_NS), HWS_OK);
  return 0;
}

static hws_handle listen_at(hws_handle runtime, const char *url) {
  struct hws_event event;
  hws_handle listener = 0;
  assert_int_equal(hws_listen(runtime, url, 0, &block, &event, NULL, &listener), 1);
  assert_int_equal(event.status, HWS_OK);
  return listener;
}

static hws_handle dial(hws_handle runtime, const char *url) {
  struct hws_event event;
  hws_handle stream = 0;
  assert_int_equal(hws_dial(runtime, url, 0, &block, &event, NULL, &stream), 1);
  assert_int_equal(event.status, HWS_OK);
  return stream;
}

static hws_handle accept_one(hws_handle listener) {
  struct hws_event event;
  hws_handle stream = 0;
  assert_int_equal(hws_accept(listener, 0, &block, &event, NULL, &stream), 1);
  assert_int_equal(event.status, HWS_OK);
  return stream;
}

static struct hws_event send_flagged(hws_handle stream, const void *bytes, uint64_t length, uint32_t flags) {
  struct hws_event event = {.status = HWS_E_INTERNAL};
  struct hws_how how = block;
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)bytes, .len = length};
  how.flags |= flags;
  hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
  if (result < 0) event.status = result;
  return event;
}

static struct hws_event recv_some(hws_handle stream, void *bytes, uint64_t room) {
  struct hws_event event;
  struct hws_vec vec = {.ptr = bytes, .len = room};
  assert_int_equal(hws_recv(stream, &vec, 1, &block, &event, NULL), 1);
  return event;
}

static void expect_bytes(hws_handle stream, const char *text) {
  char room[64];
  for (size_t got = 0; got < strlen(text);) {
    struct hws_event event = recv_some(stream, room, strlen(text) - got);
    assert_int_equal(event.status, HWS_OK);
    assert_memory_equal(room, text + got, event.bytes);
    got += event.bytes;
  }
}

struct ends {
  hws_handle listener;
  hws_handle client;
  hws_handle server;
};

/* The parameters that a dial has too. */
static const char *dialled(const char *url) {
  return strcmp(url, MESSAGES) == 0 ? MESSAGES : URL;
}

static struct ends ends_open(hws_handle runtime, const char *url) {
  struct ends ends = {.listener = listen_at(runtime, url)};
  ends.client = dial(runtime, dialled(url));
  ends.server = accept_one(ends.listener);
  return ends;
}

static void ends_close(const struct ends *ends) {
  const struct hws_how abort = {.size = sizeof abort, .flags = HWS_ABORT};
  assert_true(hws_close(ends->client, &abort, NULL, NULL) >= 0);
  assert_true(hws_close(ends->server, &abort, NULL, NULL) >= 0);
  assert_true(hws_close(ends->listener, NULL, NULL, NULL) >= 0);
}

/* ---- dialling ---------------------------------------------------------------------------------------------------- */

/* PIP-4: at a pipe that stays busy, when the deadline says so, and by a cancel. */
static void busy_has_a_deadline(void **state) {
  hws_handle runtime = *(hws_handle *)*state;
  hws_handle listener = listen_at(runtime, URL "?backlog=1");
  hws_handle first = dial(runtime, URL);
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 250 * MS};
  for (int round = 0; round < 2; round++) {
    struct hws_event event;
    hws_handle late = 0;
    uint64_t begin = hws_now();
    assert_int_equal(hws_dial(runtime, URL, 0, &how, &event, NULL, &late), 1);
    assert_int_equal(event.status, HWS_E_DEADLINE);
    assert_true(hws_now() - begin >= how.deadline_ns);
    assert_true(hws_now() - begin < PATIENCE_NS);
    assert_true(hws_close(late, NULL, NULL, NULL) >= 0);
  }
  hws_handle server = accept_one(listener);
  hws_handle third = dial(runtime, URL);
  hws_handle all[] = {first, server, third, listener};
  for (size_t i = 0; i < 4; i++) assert_true(hws_close(all[i], NULL, NULL, NULL) >= 0);
}

/* CAN-9: each op that pends on a pipe, cancelled; and exactly one event of each. */
static void ops_can_be_cancelled(void **state) {
  hws_handle runtime = *(hws_handle *)*state;
  struct ends ends = ends_open(runtime, URL "?backlog=1");
  hws_handle busy = dial(runtime, URL); /* takes the one instance, which nobody accepts */
  static char bytes[4 << 20];
  hws_handle queue = 0;
  assert_int_equal(hws_queue_open(runtime, &queue), HWS_OK);
  struct hws_vec room = {.ptr = bytes, .len = 100};
  struct hws_vec large = {.ptr = bytes, .len = sizeof bytes};
  struct hws_how how = {.size = sizeof how, .queue = queue};
  hws_handle ops[3];
  hws_handle late = 0;
  how.tag = 0;
  assert_int_equal(hws_dial(runtime, URL, 0, &how, NULL, &ops[0], &late), 0);
  how.tag = 1;
  assert_int_equal(hws_recv(ends.client, &room, 1, &how, NULL, &ops[1]), 0);
  how.tag = 2;
  assert_int_equal(hws_send(ends.client, &large, 1, &how, NULL, &ops[2]), 0);
  for (int i = 0; i < 3; i++) assert_int_equal(hws_cancel(ops[i]), HWS_OK);
  unsigned seen = 0;
  while (seen != 7) {
    struct hws_event event;
    assert_int_equal(hws_queue_wait(queue, &event, 1, (int64_t)PATIENCE_NS), 1);
    assert_int_equal(event.status, HWS_E_CANCELED);
    assert_int_equal(seen & 1u << event.tag, 0);
    seen |= 1u << event.tag;
  }
  assert_int_equal(send_flagged(ends.server, "still", 5, 0).status, HWS_OK);
  expect_bytes(ends.client, "still");
  hws_handle all[] = {busy, late, queue};
  for (size_t i = 0; i < 3; i++) assert_true(hws_close(all[i], NULL, NULL, NULL) >= 0);
  ends_close(&ends);
}

/* ---- closing ----------------------------------------------------------------------------------------------------- */

enum { CLOSERS = 8, ACCEPTS = 4 };

static hws_handle contested;
static pthread_barrier_t together;

static void *close_main(void *closed) {
  struct hws_event event;
  (void)pthread_barrier_wait(&together);
  hws_result result = hws_close(contested, &block, &event, NULL); /* the name is free afterwards */
  assert_true(result >= 0 || result == HWS_E_HANDLE);
  *(bool *)closed = result >= 0;
  return NULL;
}

/* While a connection keeps the name, a pipe that nobody listens at is a busy one. */
static void *dial_main(void *runtime) {
  const struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 200 * MS};
  struct hws_event event = {.status = HWS_E_INTERNAL};
  hws_handle stream = 0;
  (void)pthread_barrier_wait(&together);
  assert_int_equal(hws_dial(*(hws_handle *)runtime, URL, 0, &how, &event, NULL, &stream), 1);
  assert_true(event.status == HWS_OK || event.status == HWS_E_DEADLINE);
  assert_true(hws_close(stream, NULL, NULL, NULL) >= 0);
  return NULL;
}

/* PIP-3: closed by many at once, beside dials and with accepts out, once; every accept has its end, and what was handed
 * over goes on. */
static void closed_from_many_threads(void **state) {
  hws_handle runtime = *(hws_handle *)*state;
  for (int round = 0; round < 10; round++) {
    struct ends ends = ends_open(runtime, URL "?backlog=4");
    hws_handle queue = 0;
    hws_handle accepts[ACCEPTS];
    pthread_t threads[CLOSERS + 1];
    bool closed[CLOSERS];
    contested = ends.listener;
    assert_int_equal(hws_queue_open(runtime, &queue), HWS_OK);
    struct hws_how how = {.size = sizeof how, .queue = queue};
    for (how.tag = 0; how.tag < ACCEPTS; how.tag++)
      assert_int_equal(hws_accept(ends.listener, 0, &how, NULL, NULL, &accepts[how.tag]), 0);
    assert_int_equal(pthread_barrier_init(&together, NULL, CLOSERS + 1), 0);
    for (int i = 0; i < CLOSERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, close_main, &closed[i]), 0);
    assert_int_equal(pthread_create(&threads[CLOSERS], NULL, dial_main, &runtime), 0);
    for (int i = 0; i <= CLOSERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    unsigned count = 0;
    for (int i = 0; i < CLOSERS; i++) count += closed[i];
    assert_int_equal(count, 1);
    for (int i = 0; i < ACCEPTS; i++) {
      struct hws_event event;
      assert_int_equal(hws_queue_wait(queue, &event, 1, (int64_t)PATIENCE_NS), 1);
      assert_true(event.status == HWS_OK || event.status == HWS_E_CLOSED);
      assert_true(hws_close(accepts[event.tag], NULL, NULL, NULL) >= 0);
    }
    assert_int_equal(send_flagged(ends.client, "still", 5, 0).status, HWS_OK);
    expect_bytes(ends.server, "still");
    assert_true(hws_close(ends.client, NULL, NULL, NULL) >= 0);
    assert_true(hws_close(ends.server, NULL, NULL, NULL) >= 0);
    assert_true(hws_close(queue, NULL, NULL, NULL) >= 0);
    (void)pthread_barrier_destroy(&together);
  }
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void *send_large(void *stream) {
  static char bytes[200000];
  memset(bytes, 'x', sizeof bytes);
  struct hws_event event = send_flagged(*(hws_handle *)stream, bytes, sizeof bytes, HWS_EOM);
  assert_int_equal(event.status, HWS_OK);
  assert_int_equal(event.bytes, sizeof bytes);
  return NULL;
}

/* The length of the next message. */
static uint64_t recv_message(hws_handle stream, void *bytes, uint64_t room) {
  uint64_t length = 0;
  struct hws_event event;
  do {
    event = recv_some(stream, (char *)bytes + length, room - length);
    assert_int_equal(event.status, HWS_OK);
    length += event.bytes;
  } while (!(event.flags & HWS_EVENT_EOM));
  return length;
}

/* PIP-6: a send is a message unless more of it follows, however large; the end of one may come alone. */
static void messages(void **state) {
  hws_handle runtime = *(hws_handle *)*state;
  struct ends ends = ends_open(runtime, MESSAGES);
  static char room[400000];
  pthread_t sender;
  assert_int_equal(send_flagged(ends.client, "one", 3, HWS_EOM).status, HWS_OK);
  assert_int_equal(send_flagged(ends.client, "four", 4, 0).status, HWS_OK);
  assert_int_equal(recv_message(ends.server, room, sizeof room), 3);
  assert_int_equal(recv_message(ends.server, room, sizeof room), 4);
  assert_int_equal(send_flagged(ends.server, "in ", 3, HWS_MORE).status, HWS_OK);
  assert_int_equal(send_flagged(ends.server, "parts", 5, HWS_EOM).status, HWS_OK);
  assert_int_equal(recv_message(ends.client, room, sizeof room), 8);
  assert_memory_equal(room, "in parts", 8);
  assert_int_equal(send_flagged(ends.server, "alone", 5, HWS_MORE).status, HWS_OK);
  assert_int_equal(send_flagged(ends.server, NULL, 0, HWS_EOM).status, HWS_OK);
  assert_int_equal(recv_message(ends.client, room, sizeof room), 5);
  assert_int_equal(pthread_create(&sender, NULL, send_large, &ends.server), 0);
  assert_int_equal(recv_message(ends.client, room, sizeof room), 200000);
  assert_int_equal(pthread_join(sender, NULL), 0);
  ends_close(&ends);
}

/* PIP-6: one direction ends, by an empty message, and the other goes on. */
static void messages_can_be_half_closed(void **state) {
  hws_handle runtime = *(hws_handle *)*state;
  struct ends ends = ends_open(runtime, MESSAGES);
  struct hws_event event;
  char room[8];
  assert_int_equal(hws_shutdown(ends.client, &block, &event, NULL), 1);
  assert_int_equal(event.status, HWS_OK);
  assert_int_equal(recv_some(ends.server, room, sizeof room).status, HWS_E_EOF);
  assert_int_equal(send_flagged(ends.server, "back", 4, 0).status, HWS_OK);
  expect_bytes(ends.client, "back");
  assert_int_equal(send_flagged(ends.client, "x", 1, 0).status, HWS_E_CLOSED);
  ends_close(&ends);
}

/* Bytes have neither. */
static void bytes_have_no_messages(void **state) {
  hws_handle runtime = *(hws_handle *)*state;
  struct ends ends = ends_open(runtime, URL);
  struct hws_event event;
  assert_int_equal(send_flagged(ends.client, "x", 1, HWS_EOM).status, HWS_E_UNSUPPORTED);
  assert_int_equal(send_flagged(ends.client, "y", 1, 0).status, HWS_OK);
  expect_bytes(ends.server, "y");
  assert_int_equal(hws_shutdown(ends.client, &block, &event, NULL), 1);
  assert_int_equal(event.status, HWS_E_UNSUPPORTED);
  assert_int_equal(send_flagged(ends.client, "z", 1, 0).status, HWS_OK); /* it was refused, and nothing happened */
  expect_bytes(ends.server, "z");
  ends_close(&ends);
}

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

static void carry_a_session(hws_handle runtime, const char *url) {
  struct ends ends = ends_open(runtime, url);
  struct hws_session_config config = {.size = sizeof config, .mode = HWS_MODE_NATIVE};
  struct hws_event event;
  hws_handle client;
  hws_handle server;
  hws_handle near = 0;
  assert_int_equal(hws_session(ends.client, &config, &client), HWS_OK);
  assert_int_equal(hws_session(ends.server, &config, &server), HWS_OK);
  assert_int_equal(hws_open(client, NULL, &block, &event, NULL, &near), 1);
  assert_int_equal(event.status, HWS_OK);
  hws_handle far = accept_one(server);
  assert_int_equal(send_flagged(near, "to", 2, 0).status, HWS_OK);
  expect_bytes(far, "to");
  assert_int_equal(send_flagged(far, "and fro", 7, 0).status, HWS_OK);
  expect_bytes(near, "and fro");
  hws_handle all[] = {near, far, client, server, ends.listener};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    assert_int_equal(hws_close(all[i], &block, &event, NULL), 1);
    assert_int_equal(event.status, HWS_OK);
  }
}

static void sessions(void **state) {
  carry_a_session(*(hws_handle *)*state, URL);
  carry_a_session(*(hws_handle *)*state, MESSAGES);
}

static void peers(void **state) {
  struct ends ends = ends_open(*(hws_handle *)*state, URL);
  struct hws_peer peer = {.size = sizeof peer};
  assert_int_equal(hws_peer(ends.server, &peer), HWS_OK);
  assert_int_equal(peer.flags & HWS_PEER_PID, HWS_PEER_PID);
  assert_int_equal(peer.flags & HWS_PEER_UID, 0);
  assert_int_equal(peer.pid, getpid());
  ends_close(&ends);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_runtime, join_runtime)
  const struct CMUnitTest tests[] = {
      TEST(busy_has_a_deadline),
      TEST(ops_can_be_cancelled),
      TEST(closed_from_many_threads),
      TEST(messages),
      TEST(messages_can_be_half_closed),
      TEST(bytes_have_no_messages),
      TEST(sessions),
      TEST(peers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
