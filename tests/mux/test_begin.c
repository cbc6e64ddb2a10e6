/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-24: streams that no session begins on: with ops of its user's, or with a direction that has ended. They stay as
 * they are.
 */
#include <stdio.h>
#include <string.h>

#include "tests/mux/world.h"

static uint8_t byte;

static void expect_none(hws_handle stream, int32_t status, const char *text) {
  struct hws_session_config config = {.size = sizeof config, .mode = HWS_MODE_YAMUX};
  hws_handle session = 0;
  assert_status(hws_session(stream, &config, &session), status);
  expect_refusal(status, text);
}

static void expect_begun(hws_handle stream) {
  abort_handle(session_of(stream, HWS_ROLE_CLIENT, NULL));
}

#define BUSY "ops pend on the stream, or a lease of it is out"
#define ENDED "a direction of the stream has ended"

static void ops_and_leases_are_in_the_way(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  hws_handle op = 0;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_recv(raw.client, &vec, 1, &how, NULL, &op), 0);
  expect_none(raw.client, HWS_E_BUSY, BUSY);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  how = how_queue(world);
  assert_int_equal(hws_watch(raw.client, &how, NULL, &op), 0);
  expect_none(raw.client, HWS_E_BUSY, BUSY);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  send_all(raw.server, "x", 1);
  struct hws_event event;
  how = how_block();
  assert_int_equal(hws_acquire(raw.client, &how, &event, NULL), 1);
  expect_none(raw.client, HWS_E_BUSY, BUSY);
  assert_int_equal(hws_release(event.code, 1), HWS_OK);
  expect_begun(raw.client);
}

/* A send that pends for want of room at the other end. */
static void sends_are_in_the_way(void **state) {
  struct world *world = *state;
  enum { MUCH = 4 << 20 };
  static uint8_t much[MUCH], got[MUCH];
  struct pair raw = pair_raw(world, "mem");
  uint64_t sending = post_send(world, raw.client, much, MUCH);
  expect_none(raw.client, HWS_E_BUSY, BUSY);
  recv_exactly(raw.server, got, MUCH);
  world_await_status(world, sending, HWS_OK);
  expect_begun(raw.client);
}

/* By an end of the peer's, one of ours, and a reset, whose words are told. */
static void ended_directions_are_in_the_way(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  shut_down(raw.server);
  assert_status(recv_status(raw.client), HWS_E_EOF);
  expect_none(raw.client, HWS_E_CLOSED, ENDED);
  expect_none(raw.server, HWS_E_CLOSED, ENDED);
  raw = pair_raw(world, "mem");
  assert_int_equal(hws_reset(raw.client, 5, "enough"), HWS_OK);
  expect_none(raw.client, HWS_E_CANCELED, ENDED ": enough");
  close_handle(raw.client);
}

int main(void) {
  const struct CMUnitTest tests[] = {BOTH_MODES(ops_and_leases_are_in_the_way), BOTH_MODES(sends_are_in_the_way),
                                     BOTH_MODES(ended_directions_are_in_the_way)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
