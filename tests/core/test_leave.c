/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-26 on raw connections: a close that is no abort loses nothing of what was sent, whatever the peer still sends,
 * and ends in any case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"

enum { SENT = 48 * 1024, LARGE = 16 << 20, FLOOD = 80 << 20 };

static uint8_t large[LARGE];

/* Both ends through the filter, as what stands on it gives back no memory that it was given. */
static struct pair connect_through(struct world *world, bool filtered) {
  char url[URL_MAX];
  char through[2 * URL_MAX];
  struct pair pair = {0};
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle listener = listen_at(world, url_new(url, ""));
  if (!filtered || through_chaos()) {
    pair = connect_at(world, listener, "");
    close_handle(listener);
    return pair;
  }
  close_handle(listener);
  (void)snprintf(through, sizeof through, "chaos+%s", url);
  listener = listen_at(world, through);
  uint64_t accepted = post_accept(world, listener, &pair.server);
  assert_int_equal(hws_dial(world->runtime, through, 0, &how, &event, NULL, &pair.client), 1);
  assert_status(event.status, HWS_OK);
  world_await_status(world, accepted, HWS_OK);
  close_handle(listener);
  return pair;
}

/* What goes on has come to its end: the carrier is full. */
static void settle(struct world *world) {
  enum { STILL = 60 };
  uint64_t before = 0;
  for (int still = 0; still < STILL; still++) {
    world_turn(world);
    uint64_t now = stat_of(world->runtime, "transfers");
    if (now != before) still = 0;
    before = now;
  }
}

/* Both have more to send than the carrier takes, neither reads, and both close. */
static void two_closes_face_to_face(void **state) {
  struct world *world = *state;
  for (int filtered = 0; filtered < 2; filtered++) {
    struct pair pair = connect_through(world, filtered);
    uint64_t sends[] = {post_send(world, pair.client, large, LARGE), post_send(world, pair.server, large, LARGE)};
    settle(world);
    uint64_t closes[] = {post_close(world, pair.client), post_close(world, pair.server)};
    world_await_status(world, sends[0], HWS_E_CLOSED);
    /* Whole, if all of it went before the second close: the first end takes and drops what comes. */
    struct hws_event second = world_await(world, sends[1]);
    if (second.status != HWS_OK) assert_status(second.status, HWS_E_CLOSED);
    for (int i = 0; i < 2; i++) world_await_status(world, closes[i], HWS_OK);
  }
}

static void expect_all_of_it(hws_handle stream) {
  static uint8_t found[SENT];
  recv_exactly(stream, found, SENT);
  pattern_expect(6, 0, found, SENT);
  assert_status(recv_status(stream), HWS_E_EOF);
}

/* The peer has sent what nobody read, and goes on sending, before it looks at what it got. */
static void input_costs_nothing_that_was_sent(void **state) {
  struct world *world = *state;
  for (int filtered = 0; filtered < 2; filtered++)
    for (int goes_on = 0; goes_on < 2; goes_on++) {
      struct pair pair = connect_through(world, filtered);
      uint8_t bytes[SENT];
      pattern_fill(6, 0, bytes, SENT);
      send_all(pair.client, "unread", 6);
      send_all(pair.server, bytes, SENT);
      uint64_t more = goes_on ? post_send(world, pair.client, large, LARGE) : 0;
      uint64_t closed = post_close(world, pair.server);
      settle(world);
      expect_all_of_it(pair.client);
      if (more) (void)world_await(world, more); /* whatever became of it */
      close_handle(pair.client);
      world_await_status(world, closed, HWS_OK);
    }
}

/* OP-11: nor does the end of the runtime, which comes right behind the close. */
static void a_join_keeps_what_closes_promised(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  if (strcmp(here->scheme, "mem") == 0) return; /* one runtime's own */
  struct world *inner = world_open(here->flags);
  hws_handle listener = listen_at(world, url_new(url, ""));
  char at[URL_MAX];
  hws_handle server = 0;
  hws_handle client = 0;
  struct hws_event event;
  assert_true(hws_text(listener, HWS_TEXT_LOCAL, at, sizeof at) > 0);
  uint64_t accepted = post_accept(world, listener, &client);
  struct hws_how dialling = how_queue(inner);
  assert_true(hws_dial(inner->runtime, at, 0, &dialling, NULL, NULL, &server) >= 0);
  world_until(world, (world_turn(inner), world_has(inner, dialling.tag, &event)));
  assert_status(event.status, HWS_OK);
  world_await_status(world, accepted, HWS_OK);
  uint8_t bytes[SENT];
  pattern_fill(6, 0, bytes, SENT);
  uint64_t sent = post_send(inner, server, bytes, SENT);
  world_await_status(inner, sent, HWS_OK);
  send_all(client, "unread", 6);
  assert_int_equal(hws_close(server, NULL, NULL, NULL), 0);
  world_join(inner);
  expect_all_of_it(client);
  abort_handle(client);
  abort_handle(listener);
}

static int32_t status_behind_all(hws_handle stream) {
  struct hws_how how = how_block();
  struct hws_vec vec = {.ptr = large, .len = LARGE};
  struct hws_event event;
  do assert_int_equal(hws_recv(stream, &vec, 1, &how, &event, NULL), 1);
  while (event.status == HWS_OK);
  return event.status;
}

/* Sockets and pipes of this machine may know none. */
static bool has_no_reset(int32_t status) {
  return status == HWS_E_EOF && strcmp(here->scheme, "mem") != 0;
}

/* A peer that only talks is not listened to for ever; what it did not take is lost, and the close says so. */
static void a_flood_ends_the_close(void **state) {
  struct world *world = *state;
  struct pair pair = connect_through(world, true);
  uint8_t *flood = calloc(1, FLOOD);
  assert_non_null(flood);
  uint64_t stuck = post_send(world, pair.server, large, LARGE);
  settle(world);
  uint64_t talk = post_send(world, pair.client, flood, FLOOD);
  uint64_t closed = post_close(world, pair.server);
  world_await_status(world, stuck, HWS_E_CLOSED);
  struct hws_event event = world_await_status(world, closed, HWS_E_LIMIT);
  assert_true(event.data > 0 && event.data <= UINT64_C(64) * 1024);
  int32_t status = status_behind_all(pair.client);
  if (!has_no_reset(status)) assert_status(status, HWS_E_RESET);
  abort_handle(pair.client);
  (void)world_await(world, talk);
  free(flood);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(two_closes_face_to_face),         EVERYWHERE(input_costs_nothing_that_was_sent),
      THREADED(a_join_keeps_what_closes_promised), PLACED(a_flood_ends_the_close, 0, "mem"),
      PLACED(a_flood_ends_the_close, 2, "local"),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
