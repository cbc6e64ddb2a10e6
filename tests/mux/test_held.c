/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-30: what all peers together make a runtime hold is bounded, and shared fairly by session: greedy ones lose
 * streams, an honest one beside them none, and no session ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mux/native.h"
#include "tests/mux/world.h"

enum { MIB = 1 << 20, LIMIT = 8 * MIB, GREEDY = 3, STREAMS = 120, PIECE = 16 * 1024, WAITING = 20 };

static uint8_t bytes[PIECE];

static struct world *limited; /* with the limit */
static struct world *peers;   /* where the peers are */

static int begin_with(void **state, const char *settings) {
  limited = world_open_with(0, settings);
  peers = world_open(0);
  *state = peers;
  return 0;
}

static int begin(void **state) {
  return begin_with(state, "held_max=8m");
}

static int begin_small(void **state) {
  return begin_with(state, "held_max=1m");
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

static void open_all(hws_handle session, hws_handle streams[STREAMS]) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  for (int i = 0; i < STREAMS; i++)
    if (hws_open(session, NULL, &how, &event, NULL, &streams[i]) != 1 || event.status != HWS_OK) streams[i] = 0;
}

/* Send on each what goes, until nothing more goes anywhere for a while. */
static void be_greedy(const hws_handle streams[STREAMS], uint64_t *most) {
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
    open_all(greedy[i].client, streams[i]);
    be_greedy(streams[i], &most);
  }
  /* For a while nothing goes either where the reader waits for a processor. */
  for (uint64_t until = hws_now() + LIMIT_NS; !stat_of(limited->runtime, "held_resets");) {
    assert_true(hws_now() < until);
    for (int i = 0; i < GREEDY; i++) be_greedy(streams[i], &most);
  }
  /* They had 24 MiB and more to send, each. What passes the limit is what is read before the largest are given up. */
  assert_true(most > LIMIT / 2);
  if (most > LIMIT + MIB) fail_msg("%u KiB are held", (unsigned)(most / 1024));
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

/* ---- what the peer had ended ---- */

/* A stream of the peer's, with so much in it and its end behind that, which the application has. */
static hws_handle ended_stream(const struct pair *pair, uint64_t seed, uint64_t length, hws_handle *there) {
  *there = open_stream(pair->client);
  hws_handle here = accept_stream(pair->server);
  for (uint64_t at = 0; at < length; at += PIECE) {
    pattern_fill(seed, at, bytes, PIECE);
    send_all(*there, bytes, PIECE);
  }
  shut_down(*there);
  uint64_t sent = stat_of(pair->client, "bytes_out");
  world_until(peers, stat_of(pair->server, "bytes_in") >= sent);
  return here;
}

/* Of a stream that was complete: all of it and its end, or nothing and that status. */
static bool is_whole(hws_handle here, uint64_t seed, uint64_t length, int32_t status) {
  struct hws_event event = recv_once(here, bytes, 1);
  if (event.status != HWS_OK) {
    assert_status(event.status, status);
    return false;
  }
  assert_int_equal(bytes[0], pattern_at(seed, 0));
  for (uint64_t at = 1; at < length; at += event.bytes) {
    event = recv_once(here, bytes, PIECE);
    assert_status(event.status, HWS_OK);
    pattern_expect(seed, at, bytes, event.bytes);
  }
  assert_status(recv_status(here), HWS_E_EOF);
  return true;
}

/* More, on a stream of its own that does not end. */
static void hold_more(const struct pair *pair, int pieces) {
  hws_handle stream = open_stream(pair->client);
  uint64_t before = stat_of(pair->server, "bytes_in");
  for (int i = 0; i < pieces; i++) send_a_piece(stream);
  world_until(peers, stat_of(pair->server, "bytes_in") >= before + (uint64_t)pieces * PIECE);
}

/* What is complete is given up too, where a session holds too much: else whoever ends its streams could hold all. */
static void ended_streams_are_given_up(void **state) {
  (void)state;
  enum { ENDED = 2, LENGTH = 15 * PIECE };
  struct pair pair = connect(HWS_MODE_YAMUX);
  hws_handle here[ENDED], there[ENDED];
  int whole = 0;
  for (int i = 0; i < ENDED; i++) here[i] = ended_stream(&pair, (uint64_t)i, LENGTH, &there[i]);
  hws_handle last = 0;
  while (!stat_of(limited->runtime, "held_resets")) {
    uint64_t refused = stat_of(limited->runtime, "held_refusals"), before = stat_of(pair.server, "bytes_in");
    hws_handle stream = open_stream(pair.client);
    assert_true(send_a_piece(stream)); /* less than all on average */
    world_until(peers, stat_of(pair.server, "bytes_in") >= before + PIECE ||
                           stat_of(limited->runtime, "held_refusals") > refused);
    if (stat_of(limited->runtime, "held_refusals") == refused)
      last = stream;
    else
      send_a_piece(last); /* right at the limit no stream is taken, and none is given up */
    world_until(peers, held() <= MIB || stat_of(limited->runtime, "held_resets"));
  }
  for (int i = 0; i < ENDED; i++) whole += is_whole(here[i], (uint64_t)i, LENGTH, HWS_E_LIMIT);
  assert_true(whole < ENDED);
}

/* Of a session above its share, where there is little left: a reset takes what was complete, as nothing could later. */
static void resets_take_what_was_complete(void **state) {
  (void)state;
  enum { ENDED = 3, LENGTH = 15 * PIECE };
  struct pair pair = connect(HWS_MODE_YAMUX), other = connect(HWS_MODE_YAMUX);
  hws_handle here[ENDED], there[ENDED], aside;
  (void)ended_stream(&other, 9, UINT64_C(4) * PIECE, &aside); /* now there are two, and a share is half of it */
  for (int i = 0; i < ENDED; i++) here[i] = ended_stream(&pair, (uint64_t)i, LENGTH, &there[i]);
  while (held() < LIMIT - LIMIT / 8) hold_more(&pair, 15);
  assert_int_equal(stat_of(limited->runtime, "held_resets"), 0);
  uint64_t resets = stat_of(pair.server, "resets_in");
  assert_int_equal(hws_reset(there[0], 7, "enough"), HWS_OK);
  world_until(peers, stat_of(pair.server, "resets_in") > resets);
  assert_false(is_whole(here[0], 0, LENGTH, HWS_E_RESET));
  assert_int_equal(detail_of(here[0]).code, 7);
  for (int i = 1; i < ENDED; i++) assert_true(is_whole(here[i], (uint64_t)i, LENGTH, HWS_OK));
  /* Where there is enough it stays. */
  resets = stat_of(other.server, "resets_in");
  hws_handle last_there, last_here = ended_stream(&other, 5, PIECE, &last_there);
  assert_int_equal(hws_reset(last_there, 7, "enough"), HWS_OK);
  world_until(peers, stat_of(other.server, "resets_in") > resets);
  assert_true(is_whole(last_here, 5, PIECE, HWS_OK));
}

/* ---- what no reset gives back: names and metadata of streams that the application has ---- */

/* Streams with that much metadata, all accepted and kept; returns how many were taken. */
static int open_with_metadata(const struct pair *pair, uint32_t size, int count, hws_handle *here, hws_handle *there) {
  static char value[OPEN_HEAD_MAX];
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_pair metadata = {.key = "k", .key_len = 1, .value = value, .value_len = size};
  struct hws_open_config config = {.size = sizeof config, .metadata = &metadata, .metadata_count = 1};
  struct hws_event event;
  uint64_t before = stat_of(pair->server, "streams_accepted") + stat_of(pair->server, "streams_refused");
  for (int i = 0; i < count; i++) {
    assert_int_equal(hws_open(pair->client, &config, &how, &event, NULL, &there[i]), 1);
    assert_status(event.status, HWS_OK);
  }
  world_until(peers, stat_of(pair->server, "streams_accepted") + stat_of(pair->server, "streams_refused") ==
                         before + (unsigned)count);
  int taken = 0;
  for (hws_handle next; hws_accept(pair->server, 0, &how, &event, NULL, &next) == 1 && event.status == HWS_OK; taken++)
    here[taken] = next;
  return taken;
}

/* A byte, into memory that waits for it: nothing is held for it. */
static void pass_a_byte(hws_handle there, hws_handle here) {
  uint8_t byte = 0;
  uint64_t tag = post_recv(limited, here, &byte, 1);
  send_all(there, "x", 1);
  world_await_status(limited, tag, HWS_OK);
}

enum { KEPT = 1000, ROUNDS = 200 };

/* Over the limit for good, by what cannot be taken back: each read would look through all streams for something. */
static void a_search_that_is_of_no_use_is_not_repeated(void **state) {
  (void)state;
  static hws_handle here[KEPT], there[KEPT];
  struct pair keeper = connect(HWS_MODE_NATIVE), other = connect(HWS_MODE_YAMUX);
  int kept = open_with_metadata(&keeper, 900, KEPT, here, there);
  assert_in_range(kept, KEPT / 2, KEPT - 1);
  /* Now there are two, and the first is above its share. */
  hws_handle unread = open_stream(other.client), used = open_stream(other.client);
  for (int i = 0; i < 12; i++) send_all(unread, bytes, PIECE);
  hws_handle unread_here = accept_stream(other.server), used_here = accept_stream(other.server);
  world_until(peers, held() > MIB);
  uint64_t looks = stat_of(limited->runtime, "held_looks");
  for (int i = 0; i < ROUNDS; i++) {
    pass_a_byte(there[i], here[i]);
    pass_a_byte(used, used_here);
  }
  looks = stat_of(limited->runtime, "held_looks") - looks;
  if (looks > UINT64_C(8) * KEPT) fail_msg("%u looks for %d reads", (unsigned)looks, 2 * ROUNDS);
  assert_true(held() > MIB);
  recv_exactly(unread_here, bytes, PIECE);
}

/* One that sends more than was kept finds out that it is searched again: what can be taken back is. */
static void what_can_be_taken_back_still_is(void **state) {
  (void)state;
  static hws_handle here[KEPT], there[KEPT];
  struct pair keeper = connect(HWS_MODE_NATIVE), other = connect(HWS_MODE_YAMUX);
  int kept = open_with_metadata(&keeper, 900, KEPT, here, there);
  hws_handle unread = open_stream(other.client);
  for (int i = 0; i < 12; i++) send_all(unread, bytes, PIECE);
  world_until(peers, held() > MIB);
  uint64_t most = 0;
  for (int i = 0; i < kept; i++) {
    (void)send_a_piece(there[i]);
    if (held() > most) most = held();
  }
  world_until(peers, stat_of(limited->runtime, "held_resets") > 0);
  world_until(peers, held() < MIB + MIB / 2);
  if (most > UINT64_C(2) * MIB) fail_msg("%u KiB are held", (unsigned)(most / 1024));
}

/* Each session has a share, which shrinks as others come, and what is kept does not: so it is refused to all in time.
 */
static void metadata_is_bounded(void **state) {
  (void)state;
  enum { SESSIONS = 8, EACH = 64 };
  static hws_handle here[SESSIONS][EACH], there[SESSIONS][EACH];
  struct pair pairs[SESSIONS];
  for (int i = 0; i < SESSIONS; i++) {
    pairs[i] = connect(HWS_MODE_NATIVE);
    (void)open_with_metadata(&pairs[i], 15 * 1024, EACH, here[i], there[i]);
  }
  if (held() > MIB + MIB / 8) fail_msg("%u KiB are held", (unsigned)(held() / 1024));
  /* Who asks for nothing of it is served, and who does is told. */
  struct pair late = connect(HWS_MODE_NATIVE);
  hws_handle stream = open_stream(late.client), refused_here = 0, refused = 0;
  send_all(stream, "x", 1);
  expect_bytes(accept_stream(late.server), "x");
  assert_int_equal(open_with_metadata(&late, 15 * 1024, 1, &refused_here, &refused), 0);
  assert_status(recv_status(refused), HWS_E_RESET);
  assert_int_equal(detail_of(refused).code, HWS_CODE_REFUSED);
  /* Once the application lets go of some there is room again. */
  for (int i = 0; i < EACH; i++)
    if (here[0][i]) abort_handle(here[0][i]);
  assert_int_equal(open_with_metadata(&late, 15 * 1024, 1, &refused_here, &refused), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(greedy_and_honest, begin, end),
      cmocka_unit_test_setup_teardown(within_the_limit, begin, end),
      cmocka_unit_test_setup_teardown(ended_streams_are_given_up, begin_small, end),
      cmocka_unit_test_setup_teardown(resets_take_what_was_complete, begin, end),
      cmocka_unit_test_setup_teardown(a_search_that_is_of_no_use_is_not_repeated, begin_small, end),
      cmocka_unit_test_setup_teardown(what_can_be_taken_back_still_is, begin_small, end),
      cmocka_unit_test_setup_teardown(metadata_is_bounded, begin_small, end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
