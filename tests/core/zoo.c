/* SPDX-License-Identifier: Apache-2.0
 *
 * The zoo.
 */
#include "tests/core/zoo.h"

void zoo_open(struct zoo *zoo, struct world *world) {
  char url[URL_MAX];
  struct hws_event event;
  struct hws_how how = how_queue(world);
  struct hws_vec vec = {.ptr = zoo->byte, .len = 1};
  *zoo = (struct zoo){.world = world, .recv_tag = how.tag};
  zoo->link = link_open(world, RAW);
  zoo->leased = link_open(world, MUX);
  zoo->of[T_RUNTIME] = world->runtime;
  assert_int_equal(hws_queue_open(world->runtime, &zoo->of[T_QUEUE]), HWS_OK);
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &zoo->of[T_SCOPE]), HWS_OK);
  zoo->of[T_LISTENER] = listen_at(world, url_new(url, ""));
  zoo->of[T_STREAM] = zoo->link.ends.client;
  zoo->of[T_SESSION] = zoo->leased.sessions.client;
  assert_int_equal(hws_recv(zoo->link.ends.server, &vec, 1, &how, NULL, &zoo->of[T_OP]), 0);
  send_all(zoo->leased.ends.client, "lease", 5);
  struct hws_how block = how_block();
  assert_int_equal(hws_acquire(zoo->leased.ends.server, &block, &event, NULL), 1);
  zoo->of[T_LEASE] = event.code;
}

void zoo_close(struct zoo *zoo) {
  assert_int_equal(hws_release(zoo->of[T_LEASE], 5), HWS_OK);
  link_close(&zoo->link);
  world_await(zoo->world, zoo->recv_tag);
}

void expect_no_event(struct world *world) {
  world_turn(world);
  assert_int_equal(world->kept, 0);
}
