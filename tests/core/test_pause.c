/* SPDX-License-Identifier: Apache-2.0
 *
 * PRG-1, OP-1: a filter is abandoned for what it does not do while somebody drives. A caller-driven runtime that was
 * left alone for longer than a plugin may take has none to blame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/core/places.h"
#include "tests/mux/wire.h"

enum { WORLDS = 30, PAIRS = 8, PAUSE_US = 5600000 };

/* Connections with ios under way, cut off here and closed at the other end, and then driven for so many turns only. */
static void cut_off_and_leave(struct world *world, struct world *peer, int turns) {
  static uint8_t bytes[2][9];
  char plain[URL_MAX];
  char url[URL_MAX + 8];
  hws_handle dialled[PAIRS];
  hws_handle accepted[PAIRS];
  struct hws_event event;
  local_url(plain, sizeof plain);
  snprintf(url, sizeof url, "chaos+%s", plain);
  hws_handle listener = listen_at(world, url);
  for (int i = 0; i < PAIRS; i++) {
    struct hws_how how = how_block();
    assert_int_equal(hws_dial(peer->runtime, url, 0, &how, &event, NULL, &dialled[i]), 1);
    assert_status(event.status, HWS_OK);
    assert_int_equal(hws_accept(listener, 0, &how, &event, NULL, &accepted[i]), 1);
    assert_status(event.status, HWS_OK);
    (void)post_recv(world, accepted[i], bytes[0], sizeof bytes[0]);
    (void)post_send(world, accepted[i], bytes[1], sizeof bytes[1]);
  }
  for (int i = 0; i < PAIRS; i++) {
    struct hws_how how = how_queue(world);
    how.flags |= HWS_ABORT;
    (void)post_close(peer, dialled[i]);
    assert_int_equal(hws_close(accepted[i], &how, NULL, NULL), 0);
  }
  for (int i = 0; i < turns; i++) (void)hws_queue_wait(world->queue, &event, 1, 0);
}

static void nobody_drives_for_long(void **state) {
  (void)state;
  static struct world *worlds[WORLDS];
  struct world *peer = world_open(0);
  for (int i = 0; i < WORLDS; i++) {
    worlds[i] = world_open(HWS_RUNTIME_CALLER_DRIVEN);
    cut_off_and_leave(worlds[i], peer, i % 10);
  }
  usleep(PAUSE_US); /* the scene itself, no wait for anything */
  for (int i = 0; i < WORLDS; i++) world_join(worlds[i]);
  world_join(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_drives_for_long)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
