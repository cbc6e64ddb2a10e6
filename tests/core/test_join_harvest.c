/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-11: a join that succeeds gives every event to those who harvest, and holds up nobody who does not.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/core/places.h"

static int place_only(void **state) {
  here = *state;
  *state = NULL;
  return 0;
}

enum { ROUNDS = 10, EACH = 200, LARGE = 256 };

/* Ops of three kinds that pend until the end. */
static unsigned post_many(struct world *world) {
  static uint8_t byte;
  char url[URL_MAX];
  hws_handle made;
  hws_handle listener = listen_at(world, url_new(url, ""));
  struct pair pair = connect_at(world, listener, "");
  for (unsigned i = 0; i < EACH; i++) {
    (void)post_accept(world, listener, &made);
    (void)post_watch(world, pair.client);
    (void)post_recv(world, pair.server, &byte, 1);
  }
  return 3 * EACH;
}

struct harvester {
  hws_handle queue;
  uint32_t batch;
  useconds_t work; /* on what it took, before it comes back */
  unsigned events;
  hws_result last;
};

static void harvest(void *argument) {
  struct harvester *harvester = argument;
  struct hws_event events[LARGE];
  while ((harvester->last = hws_queue_wait(harvester->queue, events, harvester->batch, -1)) >= 0) {
    harvester->events += (unsigned)harvester->last;
    if (harvester->work) usleep(harvester->work);
  }
}

static void expect_all(unsigned threads, uint32_t batch, useconds_t work) {
  for (int round = 0; round < (work ? 1 : ROUNDS); round++) {
    struct harvester harvesters[2] = {{0}};
    struct thread *running[2];
    struct world *world = here_world = world_open(here->flags);
    unsigned posted = post_many(world);
    unsigned events = 0;
    for (unsigned i = 0; i < threads; i++) {
      harvesters[i] = (struct harvester){.queue = world->queue, .batch = batch, .work = work};
      running[i] = thread_start(harvest, &harvesters[i]);
      thread_blocked(running[i]);
    }
    world_join(world);
    for (unsigned i = 0; i < threads; i++) {
      thread_join(running[i]);
      /* Between two waits the handle has become stale. */
      assert_true(harvesters[i].last == HWS_E_CLOSED || harvesters[i].last == HWS_E_HANDLE);
      events += harvesters[i].events;
    }
    assert_int_equal(events, posted);
  }
}

static void one_by_one(void **state) {
  (void)state;
  expect_all(1, 1, 0);
}

static void by_two_threads(void **state) {
  (void)state;
  expect_all(2, 16, 0);
}

/* It stands there when the end begins, and is away for some time with each event or batch. */
static void by_one_who_works(void **state) {
  (void)state;
  expect_all(1, LARGE, 300 * 1000);
}

/* A join without time does not wait for those who harvest, and takes nothing from them either: it is called again. Who
 * harvests is never in a wait when it looks. */
static void joins_without_time(void **state) {
  (void)state;
  struct world *world = here_world = world_open(here->flags);
  struct hws_event events[1];
  assert_status(hws_queue_wake(world->queue, 0), HWS_OK);
  assert_int_equal(hws_queue_wait(world->queue, events, 1, 0), 1);
  unsigned posted = post_many(world), taken = 0;
  uint64_t until = hws_now() + LIMIT_NS;
  hws_result joined;
  while ((joined = hws_runtime_join(world->runtime, 0)) == HWS_E_DEADLINE) {
    assert_true(hws_now() < until);
    hws_result count = hws_queue_wait(world->queue, events, 1, 0);
    if (count > 0) taken += (unsigned)count;
  }
  assert_status(joined, HWS_OK);
  assert_int_equal(taken, posted);
  free(world);
}

/* Nobody comes back: the joins end it all the same. */
static void joins_without_harvest(void **state) {
  (void)state;
  struct world *world = here_world = world_open(here->flags);
  struct hws_event events[1];
  assert_status(hws_queue_wake(world->queue, 0), HWS_OK);
  assert_int_equal(hws_queue_wait(world->queue, events, 1, 0), 1);
  (void)post_many(world);
  uint64_t until = hws_now() + LIMIT_NS;
  hws_result joined;
  while ((joined = hws_runtime_join(world->runtime, 0)) == HWS_E_DEADLINE) assert_true(hws_now() < until);
  assert_status(joined, HWS_OK);
  free(world);
}

/* Events that nobody takes: some join at least is not held up by the other threads of this machine either. */
static void nobody_harvests(void **state) {
  (void)state;
  uint64_t least = UINT64_MAX;
  for (int round = 0; round < ROUNDS; round++) {
    struct world *world = here_world = world_open(here->flags);
    (void)post_many(world);
    uint64_t begin = hws_now();
    world_join(world);
    uint64_t took = hws_now() - begin;
    if (took < least) least = took;
  }
  assert_true(least < 50 * MILLISECOND);
}

/* A watch of every kind of object, of scopes that were made before the queue and behind it: each has the join's word.
 */
enum { WATCHES_MAX = 16 };

struct watcher {
  hws_handle queue;
  unsigned events;
  struct hws_event got[WATCHES_MAX];
  struct thread *thread;
};

static void keep_events(void *argument) {
  struct watcher *watcher = argument;
  while (hws_queue_wait(watcher->queue, &watcher->got[watcher->events], 1, -1) >= 0)
    if (++watcher->events == WATCHES_MAX) return;
}

static hws_handle scope_under(struct world *world, hws_handle parent) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(world->runtime, parent, 0, &scope), HWS_OK);
  return scope;
}

static void block_on_watch(void *argument) {
  struct watcher *watcher = argument;
  struct hws_how how = how_block();
  assert_int_equal(hws_watch(watcher->queue, &how, &watcher->got[0], NULL), 1);
}

static void expect_shut(const struct hws_event *event) {
  assert_status(event->status, HWS_E_CLOSED);
  assert_int_equal(event->code, HWS_CODE_SHUTTING_DOWN);
  assert_int_equal(event->flags & HWS_EVENT_OP, 0);
}

static void watches_of_all_kinds(void **state) {
  (void)state;
  struct watcher watcher = {0}, blocked = {0};
  char url[URL_MAX];
  struct world *world = here_world = world_open(here->flags);
  hws_handle early = scope_under(world, 0), early_child = scope_under(world, early);
  assert_int_equal(hws_queue_open(world->runtime, &watcher.queue), HWS_OK);
  assert_int_equal(hws_close(world->queue, NULL, NULL, NULL), 0);
  world->queue = watcher.queue;
  hws_handle late = scope_under(world, 0), late_child = scope_under(world, early);
  hws_handle listener = listen_at(world, url_new(url, ""));
  struct pair pair = connect_at(world, listener, "");
  struct pair sessions = sessions_open(world);
  hws_handle watched[] = {early, early_child, late, late_child, listener, pair.client, sessions.client};
  unsigned count = sizeof watched / sizeof watched[0];
  for (unsigned i = 0; i < count; i++) (void)post_watch(world, watched[i]);
  struct hws_how how = how_scoped(world, early); /* one that stands under the scope of another */
  assert_int_equal(hws_watch(late, &how, NULL, NULL), 0);
  blocked.queue = late;
  blocked.thread = thread_start(block_on_watch, &blocked);
  thread_blocked(blocked.thread);
  watcher.thread = thread_start(keep_events, &watcher);
  thread_blocked(watcher.thread);
  world_join(world);
  thread_join(watcher.thread);
  thread_join(blocked.thread);
  assert_int_equal(watcher.events, count + 1);
  for (unsigned i = 0; i < watcher.events; i++) expect_shut(&watcher.got[i]);
  expect_shut(&blocked.got[0]);
}

#undef PLACED
#define PLACED(test, at, name)                                                                                         \
  { #test " (" name ")", test, place_only, NULL, (void *)(uintptr_t)&places[at] }

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(one_by_one),          EVERYWHERE(by_two_threads),        EVERYWHERE(by_one_who_works),
      EVERYWHERE(joins_without_time),  EVERYWHERE(joins_without_harvest), EVERYWHERE(nobody_harvests),
      EVERYWHERE(watches_of_all_kinds)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
