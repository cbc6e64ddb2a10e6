/* SPDX-License-Identifier: Apache-2.0
 *
 * WIN-8: more connections than a select could name, and an event costs no more calls of the system beside them than
 * beside ten. How long it takes is printed, and nothing is made of that.
 */
#include "tests/core/places.h"

enum { FEW = 10, MANY = 2100, EVENTS = 300 };

struct crowd {
  hws_handle listener;
  char url[URL_MAX];
  struct pair pairs[MANY];
  unsigned count;
};

static void grow(struct world *world, struct crowd *crowd, unsigned count) {
  for (; crowd->count < count; crowd->count++) {
    struct pair *pair = &crowd->pairs[crowd->count];
    struct hws_how how = how_block();
    struct hws_event event;
    uint64_t accepted = post_accept(world, crowd->listener, &pair->server);
    assert_int_equal(hws_dial(world->runtime, crowd->url, 0, &how, &event, NULL, &pair->client), 1);
    assert_status(event.status, HWS_OK);
    world_await_status(world, accepted, HWS_OK);
  }
}

struct cost {
  uint64_t turns;     /* of the loop: each takes what the system has for it */
  uint64_t transfers; /* ios that were given to the transport: a call each */
  uint64_t ns;
};

/* One connection is busy, all others are not; each has a receive posted already. */
static struct cost measure(struct world *world, const struct pair *busy) {
  struct cost cost = {stat_of(world->runtime, "loop_turns"), stat_of(world->runtime, "transfers"), hws_now()};
  for (int i = 0; i < EVENTS; i++) {
    send_all(busy->client, "ask", 3);
    expect_bytes(busy->server, "ask");
    send_all(busy->server, "tell", 4);
    expect_bytes(busy->client, "tell");
  }
  cost.turns = stat_of(world->runtime, "loop_turns") - cost.turns;
  cost.transfers = stat_of(world->runtime, "transfers") - cost.transfers;
  cost.ns = hws_now() - cost.ns;
  return cost;
}

static void print(const char *what, uint64_t few, uint64_t many) {
  print_message("  %s for %d events: %llu beside few, %llu beside many\n", what, 2 * EVENTS, (unsigned long long)few,
                (unsigned long long)many);
}

/* How many turns there are is also a matter of who is awake when. */
static void expect_no_more(const struct cost *few, const struct cost *many) {
  print("turns of the loop", few->turns, many->turns);
  print("ios", few->transfers, many->transfers);
  print("us", few->ns / 1000, many->ns / 1000);
  assert_true(few->transfers > 0 && many->transfers * 10 <= few->transfers * 12);
  assert_in_range(many->turns, 0, 3 * 2 * EVENTS);
}

static void idle_connections_cost_nothing(void **state) {
  struct world *world = *state;
  const unsigned most = TEST_SLOWNESS > 1 && world->driven ? 20 * FEW : MANY; /* once is enough where it takes long */
  static struct crowd crowd;
  static uint8_t rooms[MANY];
  static uint64_t waits[MANY];
  uint8_t byte;
  crowd.count = 0;
  descriptors_allow(2 * MANY + 100);
  crowd.listener = listen_at(world, url_new(crowd.url, ""));
  grow(world, &crowd, FEW);
  for (unsigned i = 1; i < FEW; i++) waits[i] = post_recv(world, crowd.pairs[i].server, &rooms[i], 1);
  struct cost few = measure(world, &crowd.pairs[0]);
  grow(world, &crowd, most);
  for (unsigned i = FEW; i < most; i++) waits[i] = post_recv(world, crowd.pairs[i].server, &rooms[i], 1);
  struct cost many = measure(world, &crowd.pairs[0]);
  expect_no_more(&few, &many);
  /* All of them are alive, the first as much as the last. */
  for (unsigned i = 1; i < most; i++) {
    send_all(crowd.pairs[i].client, "x", 1);
    assert_int_equal(world_await_status(world, waits[i], HWS_OK).bytes, 1);
    assert_int_equal(rooms[i], 'x');
  }
  for (unsigned i = 0; i < most; i++) {
    abort_handle(crowd.pairs[i].client);
    assert_true(recv_once(crowd.pairs[i].server, &byte, 1).status < 0);
    abort_handle(crowd.pairs[i].server);
  }
  close_handle(crowd.listener);
}

int main(void) {
  const struct CMUnitTest tests[] = {PLACED(idle_connections_cost_nothing, 4, "tcp"),
                                     PLACED(idle_connections_cost_nothing, 5, "tcp, caller-driven")};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
