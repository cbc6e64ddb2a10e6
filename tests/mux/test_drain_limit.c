/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-26: `drain` bounds all of the close of a session, that of the connection included, whatever its peer does. The
 * peers here are plain connections that say nothing.
 */
#include <string.h>

#include "tests/mux/world.h"

#define SOON_NS (3 * SECOND) /* ten times the drain, and well below every limit of a connection's own close */
#define DRAIN "drain=300ms&keepalive=0"

enum { LENGTH = 200000, HEARD_MAX = 1 << 20, SIP = 2048 };
static uint8_t bytes[LENGTH];
static uint8_t heard[HEARD_MAX];

/* All that the peer has still to get, until the end. Returns how much was heard, with what was heard before. */
static size_t hear_out(hws_handle peer, size_t have) {
  for (;;) {
    assert_true(have < HEARD_MAX);
    struct hws_event event = recv_once(peer, heard + have, HEARD_MAX - have);
    have += event.bytes;
    if (event.status != HWS_OK || !event.bytes) return have;
  }
}

static bool was_heard(size_t have, const char *text) {
  size_t length = strlen(text);
  for (size_t i = 0; i + length <= have; i++)
    if (memcmp(heard + i, text, length) == 0) return true;
  return false;
}

/* A session over TCP with more under way than its peer's system takes. */
static struct pair busy_session(struct world *world, const char *settings) {
  struct pair pair = pair_raw(world, "tcp");
  pair.client = session_of(pair.client, HWS_ROLE_CLIENT, settings);
  hws_handle stream = open_stream(pair.client);
  pattern_fill(1, 0, bytes, LENGTH);
  world_await_status(world, post_send(world, stream, bytes, LENGTH), HWS_OK);
  uint64_t closing = post_close(world, stream);
  world_await_status(world, closing, HWS_OK); /* so its end is with the system */
  return pair;
}

static struct hws_event close_soon(struct world *world, hws_handle session) {
  uint64_t began = hws_now();
  struct hws_event event = world_await(world, post_close(world, session));
  assert_true(hws_now() - began < SOON_NS);
  return event;
}

/* The close has not waited, and yet nothing is lost: the system delivers what it has. */
static void a_silent_peer(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 2; i++) {
    struct pair pair = busy_session(world, i ? "drain=0" : DRAIN);
    struct hws_event event = close_soon(world, pair.client);
    assert_int_equal(event.data, 0);
    if (i) assert_status(event.status, HWS_OK);
    if (event.status != HWS_OK) assert_status(event.status, HWS_E_TIMEOUT); /* the peer never ended */
    assert_true(hear_out(pair.server, 0) > LENGTH);
    abort_handle(pair.server);
  }
}

/* One that takes something now and then: each time the connection's own limits would begin anew. */
static void a_peer_that_sips(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 2; i++) {
    struct pair pair = busy_session(world, i ? "drain=0" : DRAIN);
    uint64_t began = hws_now();
    uint64_t closing = post_close(world, pair.client);
    uint64_t next = began;
    size_t have = 0;
    struct hws_event event;
    while (!world_has(world, closing, &event)) {
      assert_true(hws_now() - began < SOON_NS);
      if (hws_now() >= next) {
        have += recv_once(pair.server, heard + have, SIP).bytes;
        next = hws_now() + 100 * MILLISECOND;
      }
      world_turn(world);
    }
    assert_int_equal(event.data, 0);
    assert_true(hear_out(pair.server, have) > LENGTH);
    abort_handle(pair.server);
  }
}

/* A session that the peer's fault ended waits for the peer to get the last word, no longer than that either. */
static void a_last_word_that_nobody_takes(void **state) {
  struct world *world = *state;
  struct pair pair = busy_session(world, DRAIN);
  uint64_t watch = post_watch(world, pair.client);
  send_all(pair.server, "this is no frame", 16);
  world_await_status(world, watch, HWS_E_PROTOCOL);
  struct hws_event event = close_soon(world, pair.client);
  assert_int_equal(event.data, 0);
  abort_handle(pair.server);
}

/* What carries a nested session is a stream, whose own close has the limits of the session below. */
static void a_nested_session(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  hws_handle outer = session_of(raw.client, HWS_ROLE_CLIENT, "linger=3600s&keepalive=0&write_timeout=3600s");
  hws_handle inner = session_of(open_stream(outer), HWS_ROLE_CLIENT, DRAIN);
  hws_handle stream = open_stream(inner);
  send_all(stream, "what was taken", 14);
  (void)post_close(world, stream);
  struct hws_event event = close_soon(world, inner);
  assert_status(event.status, HWS_E_TIMEOUT);
  assert_int_equal(event.data, 0);
  uint64_t closing = post_close(world, outer);
  size_t have = hear_out(raw.server, 0);
  assert_true(was_heard(have, "what was taken"));
  close_handle(raw.server);
  world_await_status(world, closing, HWS_OK);
}

/* A write that is out when the time is over: the connection is closed under it, and the close says so. */
static void a_write_that_pends(void **state) {
  struct world *world = *state;
  struct pair pair = pair_raw(world, "mem");
  pair.client = session_of(pair.client, HWS_ROLE_CLIENT, DRAIN "&write_timeout=60s");
  bool full = false;
  for (int i = 0; i < 100 && !full; i++) { /* each has credit for so much */
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    struct hws_vec vec = {.ptr = bytes, .len = LENGTH};
    struct hws_event event;
    full = hws_send(open_stream(pair.client), &vec, 1, &how, &event, NULL) != 1 || event.bytes < LENGTH;
  }
  assert_true(full);
  assert_status(close_soon(world, pair.client).status, HWS_E_TIMEOUT);
  abort_handle(pair.server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(a_write_that_pends), BOTH_MODES(a_silent_peer),
      BOTH_MODES(a_peer_that_sips),   BOTH_MODES(a_last_word_that_nobody_takes),
      BOTH_MODES(a_nested_session),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
