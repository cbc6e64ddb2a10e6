/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter chaos by itself: it does what its parameters say, at the byte that they say, and the same in every run.
 */
#include "tests/mux/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MUCH = 300000, COUNTS = 400 };

static hws_result dial_at(struct world *world, const char *url, hws_handle *stream) {
  struct hws_how how = how_block();
  struct hws_event event = {0};
  hws_result result = hws_dial(world->runtime, url, 0, &how, &event, NULL, stream);
  return result == 1 ? event.status : result;
}

/* A connection whose dialled end is under chaos, as the parameters say. */
static struct pair connect_ends(struct world *world, const char *filters, const char *parameters) {
  static unsigned number;
  char url[URL_MAX];
  struct hws_how how = how_block();
  struct hws_event event;
  struct pair pair = {0};
  hws_handle listener = 0;
  (void)snprintf(url, sizeof url, "mem://chaos%u", number);
  assert_int_equal(hws_listen(world->runtime, url, 0, &how, &event, NULL, &listener), 1);
  assert_status(event.status, HWS_OK);
  uint64_t accepting = post_accept(world, listener, &pair.server);
  (void)snprintf(url, sizeof url, "%smem://chaos%u?%s", filters, number++, parameters);
  assert_status(dial_at(world, url, &pair.client), HWS_OK);
  world_await_status(world, accepting, HWS_OK);
  close_handle(listener);
  return pair;
}

static void close_pair(struct world *world, struct pair pair) {
  abort_handle(pair.client);
  abort_handle(pair.server);
  assert_int_equal(stat_of(world->runtime, "plugin_faults"), 0);
}

/* Receive to the end; how many bytes came before it. */
static uint64_t receive_all(hws_handle stream, uint64_t seed, int32_t *status) {
  static uint8_t room[4096];
  uint64_t got = 0;
  for (;;) {
    struct hws_event event = recv_once(stream, room, sizeof room);
    pattern_expect(seed, got, room, event.bytes);
    got += event.bytes;
    *status = event.status;
    if (event.status != HWS_OK) return got;
  }
}

static uint8_t *much_of(uint64_t seed) {
  uint8_t *bytes = malloc(MUCH);
  assert_non_null(bytes);
  pattern_fill(seed, 0, bytes, MUCH);
  return bytes;
}

/* ---- resets and ends ---- */

static void a_reset_comes_at_its_byte(void **state) {
  struct world *world = *state;
  static const unsigned offsets[] = {0, 1, 1000, 65536, 200000};
  for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
    for (int sends = 0; sends < 2; sends++) {
      char parameters[64];
      int32_t status = HWS_OK;
      (void)snprintf(parameters, sizeof parameters, "chaos.seed=%u&chaos.reset_at=%u", (unsigned)i, offsets[i]);
      struct pair pair = connect_ends(world, "chaos+", parameters);
      uint8_t *bytes = much_of(3);
      uint64_t sending = post_send(world, sends ? pair.client : pair.server, bytes, MUCH);
      if (sends) {
        struct hws_event event = world_await(world, sending);
        assert_status(event.status, HWS_E_RESET);
        assert_int_equal(event.bytes, offsets[i]);
        assert_status(recv_status(pair.client), HWS_E_RESET); /* the other direction too */
        abort_handle(pair.client);
        pair.client = 0;
        assert_in_range(receive_all(pair.server, 3, &status), 0, offsets[i]);
      } else {
        assert_int_equal(receive_all(pair.client, 3, &status), offsets[i]);
        assert_status(status, HWS_E_RESET);
        expect_detail(pair.client, HWS_E_RESET, "chaos: read: a reset, as the parameters ask for");
        assert_status(send_status(pair.client), HWS_E_RESET);
        abort_handle(pair.client);
        pair.client = 0;
        assert_true(world_await(world, sending).status <= HWS_OK);
      }
      free(bytes);
      abort_handle(pair.server);
    }
  assert_int_equal(stat_of(world->runtime, "plugin_faults"), 0);
}

static void an_end_comes_at_its_byte(void **state) {
  struct world *world = *state;
  static const unsigned offsets[] = {0, 1, 5000};
  for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
    char parameters[64];
    int32_t status = HWS_OK;
    (void)snprintf(parameters, sizeof parameters, "chaos.seed=%u&chaos.end_at=%u", (unsigned)i, offsets[i]);
    struct pair pair = connect_ends(world, "chaos+", parameters);
    uint8_t *bytes = much_of(4);
    uint64_t sending = post_send(world, pair.server, bytes, MUCH);
    assert_int_equal(receive_all(pair.client, 4, &status), offsets[i]);
    assert_status(status, HWS_E_EOF);
    send_all(pair.client, "goes on", 7);
    expect_bytes(pair.server, "goes on");
    close_pair(world, pair);
    assert_true(world_await(world, sending).status <= HWS_OK);
    free(bytes);
  }
}

static void chance_ends_streams_within_the_span(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 10; i++) {
    char parameters[100];
    int32_t status = HWS_OK;
    (void)snprintf(parameters, sizeof parameters, "chaos.seed=%d&chaos.%s=100&chaos.span=5000", i,
                   i % 2 ? "reset" : "end");
    struct pair pair = connect_ends(world, "chaos+", parameters);
    uint8_t *bytes = much_of(5);
    uint64_t sending = post_send(world, pair.server, bytes, MUCH);
    assert_in_range(receive_all(pair.client, 5, &status), 0, 4999);
    assert_status(status, i % 2 ? HWS_E_RESET : HWS_E_EOF);
    close_pair(world, pair);
    assert_true(world_await(world, sending).status <= HWS_OK);
    free(bytes);
  }
}

/* ---- everything at once ---- */

static void nothing_is_lost_when_all_goes_wrong(void **state) {
  struct world *world = *state;
  static const char *const worst[] = {
      "chaos.cut=100&chaos.pend=100&chaos.storm=0&chaos.delay=0&chaos.swap=0",
      "chaos.storm=100&chaos.cut=0",
      "chaos.delay=100&chaos.delay_us=50&chaos.cut=0",
      "chaos.swap=100&chaos.cut=50&chaos.delay_us=50",
      "chaos.cut=90&chaos.pend=90&chaos.storm=90&chaos.storm_max=3&chaos.delay=50&chaos.swap=90&chaos.delay_us=20",
  };
  enum { LENGTH = 30000 };
  for (size_t i = 0; i < sizeof worst / sizeof worst[0]; i++) {
    struct pair pair = connect_ends(world, "chaos+", worst[i]);
    hws_handle ends[2] = {pair.client, pair.server};
    static uint8_t got[2][LENGTH];
    uint8_t *bytes = much_of(6);
    uint64_t sending[2];
    for (int k = 0; k < 2; k++) sending[k] = post_send(world, ends[k], bytes, LENGTH);
    for (int k = 0; k < 2; k++) {
      recv_exactly(ends[k], got[k], LENGTH);
      pattern_expect(6, 0, got[k], LENGTH);
      world_await_status(world, sending[1 - k], HWS_OK);
    }
    shut_down(pair.client);
    assert_status(recv_status(pair.server), HWS_E_EOF);
    free(bytes);
    close_pair(world, pair);
  }
}

/* Cancels that answer late still say how much was taken, and lose nothing. */
static void late_cancels_are_exact(void **state) {
  struct world *world = *state;
  struct pair pair = connect_ends(world, "chaos+", "chaos.late=100&chaos.delay_us=200&chaos.seed=9");
  uint8_t *bytes = malloc(MUCH);
  static uint8_t room[20000];
  uint64_t sent = 0;
  uint64_t received = 0;
  for (int round = 0; round < 40; round++) {
    hws_handle op = 0;
    struct hws_vec vec = {.ptr = bytes, .len = MUCH};
    struct hws_how how = how_queue(world);
    pattern_fill(8, sent, bytes, MUCH);
    assert_status(hws_send(pair.client, &vec, 1, &how, NULL, &op), HWS_OK);
    if (round % 2) world_turn(world);
    hws_result result = hws_cancel(op);
    assert_true(result == HWS_OK || result == HWS_E_HANDLE);
    struct hws_event event = world_await(world, how.tag);
    assert_true(event.status == HWS_E_CANCELED || event.status == HWS_OK);
    sent += event.bytes;
    memset(bytes, 0xEE, MUCH);
    while (received < sent) {
      size_t part = sent - received < sizeof room ? (size_t)(sent - received) : sizeof room;
      recv_exactly(pair.server, room, part);
      pattern_expect(8, received, room, part);
      received += part;
    }
  }
  free(bytes);
  close_pair(world, pair);
}

/* ---- seeds ---- */

/* How many bytes each receive brings, of what is there already. */
static void counts_of(struct world *world, const char *filters, const char *parameters, uint64_t *counts) {
  struct pair pair = connect_ends(world, filters, parameters);
  static uint8_t room[2000];
  uint8_t *bytes = much_of(7);
  uint64_t got = 0;
  enum { LENGTH = 200000 };
  send_all(pair.server, bytes, LENGTH);
  for (int i = 0; i < COUNTS && got < LENGTH; i++) {
    struct hws_event event = recv_once(pair.client, room, sizeof room);
    assert_status(event.status, HWS_OK);
    got += event.bytes;
    counts[i] = event.bytes;
  }
  free(bytes);
  close_pair(world, pair);
}

static bool same_counts(struct world *world, const char *filters, const char *one, const char *other) {
  uint64_t counts[2][COUNTS] = {{0}};
  counts_of(world, filters, one, counts[0]);
  counts_of(world, filters, other, counts[1]);
  return memcmp(counts[0], counts[1], sizeof counts[0]) == 0;
}

static void a_seed_says_all(void **state) {
  struct world *world = *state;
  assert_true(same_counts(world, "chaos+", "chaos.seed=7", "chaos.seed=7"));
  assert_true(same_counts(world, "chaos+", "chaos.seed=7", "chaos.1.seed=7&chaos.seed=8"));
  assert_false(same_counts(world, "chaos+", "chaos.seed=7", "chaos.seed=8"));
  assert_true(same_counts(world, "chaos+chaos+", "chaos.seed=7", "chaos.1.seed=7&chaos.2.seed=7"));
  assert_false(same_counts(world, "chaos+chaos+", "chaos.seed=7", "chaos.2.seed=8&chaos.seed=7"));
}

static void parameters_are_judged(void **state) {
  struct world *world = *state;
  static const char *const wrong[][2] = {{"cut=101", "cut: found '101', wanted a number from 0 to 100"},
                                         {"seed=", "seed: found '', wanted a number from 0 to 18446744073709551615"},
                                         {"seed=18446744073709551616", "seed: found '18446744073709551616'"},
                                         {"pend=-1", "pend: found '-1'"},
                                         {"delay_us=0", "delay_us: found '0', wanted a number from 1 to 1000000"},
                                         {"storm_max=1x", "storm_max: found '1x'"},
                                         {"reset_at=18446744073709551615", "reset_at: found"},
                                         {"nope=1", "chaos does not know the parameter 'chaos.nope'"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char url[URL_MAX];
    hws_handle stream = 0;
    (void)snprintf(url, sizeof url, "chaos+mem://x?chaos.%s", wrong[i][0]);
    assert_status(dial_at(world, url, &stream), HWS_E_ADDRESS);
    expect_refusal(HWS_E_ADDRESS, wrong[i][1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(a_reset_comes_at_its_byte),
      BOTH_MODES(an_end_comes_at_its_byte),
      BOTH_MODES(chance_ends_streams_within_the_span),
      BOTH_MODES(nothing_is_lost_when_all_goes_wrong),
      BOTH_MODES(late_cancels_are_exact),
      BOTH_MODES(a_seed_says_all),
      BOTH_MODES(parameters_are_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
