/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-5, OP-6: closing an object ends all that pends on it first, and then nothing of it is touched; memory that was
 * given to an op is the library's until its event, and that of a send that was copied is not.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"
#include "tests/mux/wire.h"

enum { MOST = 64 };

/* Harvest until the event of `last` came; how many came before it, and which. */
static uint32_t until_tag(struct world *world, uint64_t last, struct hws_event *events) {
  uint32_t count = 0;
  uint64_t limit = hws_now() + LIMIT_NS;
  for (;;) {
    hws_result more = hws_queue_wait(world->queue, &events[count], 1, (int64_t)SECOND);
    assert_true(more >= 0 && hws_now() < limit);
    if (!more) continue;
    if (events[count].tag == last) return count;
    count++;
    assert_in_range(count, 1, MOST - 1);
  }
}

static void expect_all(const struct hws_event *events, uint32_t count, int32_t status) {
  for (uint32_t i = 0; i < count; i++)
    if (events[i].status != status)
      fail_msg("kind %d ended with %s", events[i].kind, hws_status_name(events[i].status));
}

static void expect_quiet(struct world *world) {
  struct hws_event event;
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, (int64_t)(10 * MILLISECOND)), 0);
}

/* OP-6: a stream with ops of every kind on it. */
static void a_stream_closes_last(void **state) {
  struct world *world = *state;
  for (int abort = 0; abort < 2; abort++)
    for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
      struct link link = link_open(world, carrier);
      hws_handle stream = link.ends.client;
      static uint8_t in[3][100];
      uint8_t *out = calloc(1, 1 << 20);
      struct hws_event events[MOST];
      assert_non_null(out);
      fill_up(stream, 1);
      post_recv(world, stream, in[0], 100);
      post_recv(world, stream, in[1], 100);
      struct hws_how how = how_queue(world);
      assert_int_equal(hws_acquire(stream, &how, NULL, NULL), 0);
      post_watch(world, stream);
      post_watch(world, stream);
      post_send(world, stream, out, 1 << 20);
      post_send(world, stream, out, 1 << 20);
      post_shutdown(world, stream);
      how = how_queue(world);
      how.flags = abort ? HWS_ABORT : 0;
      assert_int_equal(hws_close(stream, &how, NULL, NULL), 0);
      assert_status(hws_flush(stream), HWS_E_HANDLE);
      assert_status(hws_close(stream, NULL, NULL, NULL), HWS_E_HANDLE);
      bool copied = is_tcp(here) && !tcp_revokes;
      if (!abort && (carrier == MUX || copied || through_chaos())) {
        /* What was taken goes out first: somebody has to read it. */
        uint8_t *bytes = malloc(1 << 20);
        for (int32_t status = HWS_OK; status == HWS_OK;) status = recv_once(link.ends.server, bytes, 1 << 20).status;
        free(bytes);
      }
      uint32_t before = until_tag(world, how.tag, events);
      assert_int_equal(before, 8);
      expect_all(events, before, HWS_E_CLOSED);
      assert_status(events[before].status, HWS_OK);
      free(out); /* nobody reads it any more: the sanitizer would say so */
      memset(in, 0x55, sizeof in);
      world_turn(world);
      for (int i = 0; i < 3; i++) assert_int_equal(in[i][0], 0x55);
      expect_quiet(world);
      abort_handle(link.ends.server);
      if (link.sessions.client) abort_handle(link.sessions.client);
      if (link.sessions.server) abort_handle(link.sessions.server);
    }
}

static void a_listener_closes_last(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  struct hws_event events[MOST];
  hws_handle made[4];
  hws_handle listener = listen_at(world, url_new(url, ""));
  for (int i = 0; i < 4; i++) post_accept(world, listener, &made[i]);
  post_watch(world, listener);
  uint64_t closed = post_close(world, listener);
  uint32_t before = until_tag(world, closed, events);
  assert_int_equal(before, 5);
  expect_all(events, before, HWS_E_CLOSED);
  expect_quiet(world);
  for (int i = 0; i < 4; i++) assert_status(recv_status(made[i]), HWS_E_CLOSED);
  for (int i = 0; i < 4; i++) close_handle(made[i]);
  /* The address is free again at once. */
  close_handle(listen_at(world, url));
}

static void a_session_closes_last(void **state) {
  struct world *world = *state;
  for (int abort = 0; abort < 2; abort++) {
    struct link link = link_open(world, MUX);
    struct hws_event events[MOST];
    static uint8_t buffer[100];
    hws_handle made = 0;
    hws_handle session = link.sessions.client;
    post_recv(world, link.ends.client, buffer, sizeof buffer);
    post_watch(world, link.ends.client);
    post_watch(world, session);
    post_accept(world, session, &made);
    struct hws_how how = how_queue(world);
    how.flags = abort ? HWS_ABORT : 0;
    assert_int_equal(hws_close(session, &how, NULL, NULL), 0);
    uint32_t before = until_tag(world, how.tag, events);
    assert_int_equal(before, 4);
    expect_all(events, before, HWS_E_CLOSED);
    expect_quiet(world);
    assert_status(recv_status(link.ends.client), HWS_E_CLOSED); /* the stream is still there to be asked */
    assert_status(send_status(link.ends.client), HWS_E_CLOSED);
    close_handle(link.ends.client);
    close_handle(link.ends.server);
    abort_handle(link.sessions.server);
  }
}

/* OP-5: a send that ended at once has copied. */
static void copied_sends(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  uint64_t done = 0;
  for (int i = 0; i < 200; i++) {
    uint8_t *bytes = malloc(1000);
    struct hws_how how = how_queue(world);
    struct hws_vec vec[2] = {{.ptr = bytes, .len = 300}, {.ptr = bytes + 300, .len = 700}};
    struct hws_event event;
    assert_non_null(bytes);
    pattern_fill(5, done, bytes, 1000);
    assert_int_equal(hws_send(link.ends.client, vec, 2, &how, &event, NULL), 1);
    assert_status(event.status, HWS_OK);
    memset(bytes, 0xbb, 1000);
    memset(vec, 0xbb, sizeof vec);
    free(bytes);
    done += 1000;
  }
  drain(link.ends.server, 5, 0, done);
}

/* A vector itself is read during the call only. */
static void vectors_are_copied(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    enum { PIECES = 1024 };
    const size_t piece = 100;
    uint64_t filled = fill_up(link.ends.client, 5);
    uint8_t *bytes = malloc(PIECES * piece);
    struct hws_vec *vec = calloc(PIECES, sizeof *vec);
    assert_true(bytes && vec);
    pattern_fill(5, filled, bytes, PIECES * piece);
    for (size_t i = 0; i < PIECES; i++) vec[i] = (struct hws_vec){.ptr = bytes + i * piece, .len = piece};
    struct hws_how how = how_queue(world);
    assert_int_equal(hws_send(link.ends.client, vec, PIECES, &how, NULL, NULL), 0);
    free(vec);
    drain(link.ends.server, 5, 0, filled + PIECES * piece);
    assert_int_equal(world_await_status(world, how.tag, HWS_OK).bytes, PIECES * piece);
    free(bytes);
    link_close(&link);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_stream_closes_last), EVERYWHERE(a_listener_closes_last), EVERYWHERE(a_session_closes_last),
      EVERYWHERE(copied_sends),         EVERYWHERE(vectors_are_copied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
