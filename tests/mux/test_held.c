/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-30: what all peers together make a runtime hold is bounded, and shared fairly by session: greedy ones lose
 * streams, an honest one beside them none, and no session ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mux/world.h"

enum { MIB = 1 << 20, LIMIT = 8 * MIB, GREEDY = 3, STREAMS = 120, PIECE = 16 * 1024, WAITING = 20 };

static uint8_t bytes[PIECE];

static struct world *limited; /* with the limit */
static struct world *peers;   /* where the peers are */

static int begin(void **state) {
  limited = world_open_with(0, "held_max=8m");
  peers = world_open(0);
  *state = peers;
  return 0;
}

static int end(void **state) {
  (void)state;
  world_join(limited);
  world_join(peers);
  return 0;
}

/* A session of a peer's on a connection to the runtime with the limit. */
static struct pair connect(uint32_t mode) {
  static unsigned number;
  struct hws_how how = how_block();
  struct hws_event event;
  struct pair raw, pair;
  hws_handle listener = 0;
  char url[URL_MAX];
  (void)snprintf(url, sizeof url, "mem://held-%u", ++number);
  assert_int_equal(hws_listen(limited->runtime, url, 0, &how, &event, NULL, &listener), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(hws_dial(peers->runtime, url, 0, &how, &event, NULL, &raw.client), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(hws_accept(listener, 0, &how, &event, NULL, &raw.server), 1);
  assert_status(event.status, HWS_OK);
  close_handle(listener);
  pair.client = session_in(raw.client, mode, HWS_ROLE_CLIENT, NULL);
  pair.server = session_in(raw.server, mode, HWS_ROLE_SERVER, NULL);
  return pair;
}

static bool send_a_piece(hws_handle stream) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = bytes, .len = PIECE};
  struct hws_event event;
  return hws_send(stream, &vec, 1, &how, &event, NULL) == 1 && event.status == HWS_OK;
}

static uint64_t held(void) {
  return stat_of(limited->runtime, "held");
}

/* Open all that it may, and send on each what goes, until nothing more goes anywhere. */
static void be_greedy(hws_handle session, hws_handle streams[STREAMS], uint64_t *most) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  for (int i = 0; i < STREAMS; i++)
    if (hws_open(session, NULL, &how, &event, NULL, &streams[i]) != 1 || event.status != HWS_OK) streams[i] = 0;
  for (int idle = 0; idle < WAITING;) {
    bool sent = false;
    for (int i = 0; i < STREAMS; i++) sent = (streams[i] && send_a_piece(streams[i])) || sent;
    idle = sent ? 0 : idle + 1;
    if (held() > *most) *most = held();
    if (!sent) world_turn(peers);
  }
}

static void greedy_and_honest(void **state) {
  (void)state;
  static hws_handle streams[GREEDY][STREAMS];
  struct pair greedy[GREEDY];
  uint64_t most = 0;
  struct pair honest = connect(HWS_MODE_YAMUX);
  hws_handle here = 0, there = open_stream(honest.client);
  for (int i = 0; i < GREEDY; i++) {
    greedy[i] = connect(i % 2 ? HWS_MODE_NATIVE : HWS_MODE_YAMUX);
    be_greedy(greedy[i].client, streams[i], &most);
  }
  /* They had 24 MiB and more to send, each. What passes the limit is what is read before the largest are given up. */
  assert_true(most > LIMIT / 2);
  if (most > LIMIT + MIB) fail_msg("%u KiB are held", (unsigned)(most / 1024));
  assert_true(stat_of(limited->runtime, "held_resets") > 0);
  /* Nothing of the honest one's was touched, and it goes on: streams, and more than a window of data. */
  here = accept_stream(honest.server);
  for (uint64_t at = 0; at < UINT64_C(2) * MIB; at += PIECE) {
    pattern_fill(7, at, bytes, PIECE);
    send_all(there, bytes, PIECE);
    recv_exactly(here, bytes, PIECE);
    pattern_expect(7, at, bytes, PIECE);
  }
  hws_handle another = open_stream(honest.client);
  send_all(another, "x", 1);
  expect_bytes(accept_stream(honest.server), "x");
  /* No session has ended. */
  assert_status(detail_of(honest.server).status, HWS_OK);
  for (int i = 0; i < GREEDY; i++) assert_status(detail_of(greedy[i].server).status, HWS_OK);
  /* All of it is given back. */
  for (int i = 0; i < GREEDY; i++) abort_handle(greedy[i].server);
  abort_handle(honest.server);
  world_until(limited, held() == 0);
}

/* A share is what can be held: one that reads is not hurt by its own streams that are not read, as long as it is alone
 * and within the limit. */
static void within_the_limit(void **state) {
  (void)state;
  struct pair pair = connect(HWS_MODE_YAMUX);
  enum { UNREAD = 12 };
  hws_handle streams[UNREAD];
  uint64_t sent[UNREAD] = {0};
  for (int i = 0; i < UNREAD; i++) {
    streams[i] = open_stream(pair.client);
    while (sent[i] < UINT64_C(256) * 1024) {
      pattern_fill((uint64_t)i, sent[i], bytes, PIECE);
      send_all(streams[i], bytes, PIECE);
      sent[i] += PIECE;
    }
  }
  for (int i = 0; i < UNREAD; i++) {
    hws_handle stream = accept_stream(pair.server);
    for (uint64_t at = 0; at < sent[i]; at += PIECE) {
      recv_exactly(stream, bytes, PIECE);
      pattern_expect((uint64_t)i, at, bytes, PIECE);
    }
  }
  assert_int_equal(stat_of(limited->runtime, "held_resets"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(greedy_and_honest, begin, end),
                                     cmocka_unit_test_setup_teardown(within_the_limit, begin, end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
