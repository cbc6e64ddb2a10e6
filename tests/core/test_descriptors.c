/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-6, HND-4, TRN-4: whatever was opened and closed, and however it ended, no descriptor is left open; on Windows, no
 * handle of any kind.
 */
#include <stdio.h>

#include "core/pool.h"
#include "plugins/check/cases.h"
#include "plugins/check/files.h"
#include "tests/core/places.h"

enum {
  RUNTIMES = TEST_SLOWNESS > 1 ? 4 : 20,
  ROUNDS = TEST_SLOWNESS > 1 ? 6 : 30,
  BATCHES = 2 * POOL_THREADS_MAX + 1 /* more than there can be threads for files and for names */
};

static int place_only(void **state) {
  here = *state;
  return 0;
}

#define AT(test, at, name)                                                                                             \
  { #test " (" name ")", test, place_only, NULL, (void *)(uintptr_t)&places[at] }
#define AT_ALL(test)                                                                                                   \
  AT(test, 0, "mem"), AT(test, 1, "mem, caller-driven"), AT(test, 2, "local"), AT(test, 3, "local, caller-driven"),    \
      AT(test, 4, "tcp"), AT(test, 5, "tcp, caller-driven")

/* ---- what leaves nothing behind ---------------------------------------------------------------------------------- */

static void close_gently(const struct link *link) {
  close_handle(link->ends.client);
  close_handle(link->ends.server);
  if (link->sessions.client) close_handle(link->sessions.client);
  if (link->sessions.server) close_handle(link->sessions.server);
}

static void a_connection(struct world *world, enum carrier carrier, unsigned how_it_ends) {
  struct link link = link_open(world, carrier);
  send_all(link.ends.client, "there", 5);
  expect_bytes(link.ends.server, "there");
  uint64_t waits = post_recv(world, link.ends.server, NULL, 0);
  if (how_it_ends % 3 == 0) assert_status(hws_reset(link.ends.client, 0, NULL), HWS_OK);
  if (how_it_ends % 3 == 1)
    close_gently(&link);
  else
    link_close(&link);
  (void)world_await(world, waits);
}

/* A file that is sent, and one that is not taken. */
static void files(struct world *world, enum carrier carrier) {
  struct link link = link_open(world, carrier);
  int64_t file = check_file_make(100000);
  for (int whole = 1; whole >= 0; whole--) {
    struct hws_how how = how_queue(world);
    hws_handle op = 0;
    assert_status(hws_sendfile(link.ends.client, file, 0, 100000, &how, NULL, &op), HWS_OK);
    uint8_t room[4096];
    for (uint64_t got = 0; whole && got < 100000;) got += recv_once(link.ends.server, room, sizeof room).bytes;
    if (!whole) (void)hws_cancel(op);
    (void)world_await(world, how.tag);
  }
  check_file_close(file);
  link_close(&link);
}

/* Dials that nobody accepts, that are given up, and that nobody hears. */
static void dials(struct world *world) {
  char url[URL_MAX];
  (void)url_new(url, "");
  for (int listening = 1; listening >= 0; listening--) {
    hws_handle listener = listening ? listen_at(world, url) : 0;
    hws_handle streams[3] = {0};
    uint64_t tags[3];
    for (int i = 0; i < 3; i++) {
      struct hws_how how = how_queue(world);
      hws_handle op = 0;
      tags[i] = how.tag;
      assert_status(hws_dial(world->runtime, url, 0, &how, NULL, &op, &streams[i]), HWS_OK);
      if (i == 1) (void)hws_cancel(op);
    }
    for (int i = 0; i < 3; i++) (void)world_await(world, tags[i]);
    for (int i = 0; i < 3; i++) abort_handle(streams[i]);
    if (listening) close_handle(listener);
  }
}

static void everything(struct world *world, unsigned round) {
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    a_connection(world, carrier, round);
    files(world, carrier);
  }
  dials(world);
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* True: there were no more left than before. */
static bool leaves_none(struct world *world) {
  unsigned before = check_descriptors_open();
  for (unsigned round = 0; round < ROUNDS; round++) everything(world, round);
  uint64_t limit = hws_now() + SECOND;
  while (check_descriptors_open() > before && hws_now() < limit) world_turn(world);
  return check_descriptors_open() <= before;
}

/* Of a runtime that lives on. A thread that it starts for itself, because all others were busy, stays and has handles:
 * so often some more may be left, and not more often. */
static void connections_leave_none(void **state) {
  (void)state;
  struct world *world = here_world = world_open(here->flags);
  unsigned batch = 0;
  everything(world, 0);
  everything(world, 1);
  while (!leaves_none(world)) assert_in_range(++batch, 1, BATCHES);
  world_join(world);
}

/* The first runtime loads the transports, which stay. */
static void runtimes_leave_none(void **state) {
  (void)state;
  unsigned before = 0;
  for (unsigned round = 0; round < RUNTIMES; round++) {
    struct world *world = here_world = world_open(here->flags);
    int64_t waitable = -1;
    if (!world->driven) assert_status(hws_queue_waitable(world->queue, &waitable), HWS_OK);
    everything(world, round);
    world_join(world);
    if (round == 0) before = check_descriptors_open();
  }
  assert_int_equal(check_descriptors_open(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {AT_ALL(runtimes_leave_none), AT_ALL(connections_leave_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
