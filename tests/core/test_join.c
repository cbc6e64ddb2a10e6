/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-6, MUX-24: the end of a runtime, with everything open: it comes in time, whoever waits is told, every handle
 * is stale, leases can still be read, and no descriptor and no thread is left.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/runtime.h"
#include "plugins/check/cases.h"
#include "tests/core/scenes.h"
#include "tests/core/zoo.h"
#include "tests/mux/wire.h"

/* Its own worlds, as these end in the test. */
static int place_only(void **state) {
  here = *state;
  *state = NULL;
  return 0;
}

static struct world *world_here(void) {
  return here_world = world_open(here->flags);
}

/* Descriptors and threads of this process; a thread that was joined may still be seen for a moment. */
struct census {
  unsigned descriptors;
  unsigned threads;
};

static unsigned idle_threads; /* of a process that has begun nothing */

static struct census census_settled(unsigned threads, uint64_t limit_ns) {
  uint64_t until = hws_now() + limit_ns;
  while (threads_count() > threads && hws_now() < until) usleep(1000);
  return (struct census){check_descriptors_open(), threads_count()};
}

/* What is still there then is the system's, or a sanitizer's, and stays. */
static struct census census_take(void) {
  struct census now = census_settled(idle_threads, SECOND);
  idle_threads = now.threads;
  return now;
}

static void census_expect(struct census before) {
  struct census now = census_settled(before.threads, LIMIT_NS);
  assert_int_equal(now.descriptors, before.descriptors);
  assert_int_equal(now.threads, before.threads);
}

/* What a process opens once and for all is not counted. */
static void warm_up(void) {
  char url[URL_MAX];
  struct world *world = world_here();
  local_url(url, sizeof url);
  (void)link_open(world, MUX);
  world_join(world);
  (void)census_take();
}

/* ---- everything open ---- */

enum { SCENES_MAX = 32, SLEEPERS = 3, OPS_MAX = 4096 };

struct sleeper {
  hws_handle on;
  hws_result result;
  struct hws_event event;
};

static void wait_for_ever(void *argument) {
  struct sleeper *sleeper = argument;
  sleeper->result = hws_queue_wait(sleeper->on, &sleeper->event, 1, -1);
}

static void accept_for_ever(void *argument) {
  struct sleeper *sleeper = argument;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK};
  hws_handle made = 0;
  sleeper->result = hws_accept(sleeper->on, 0, &how, &sleeper->event, NULL, &made);
}

static void recv_for_ever(void *argument) {
  struct sleeper *sleeper = argument;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK};
  struct hws_vec vec = {.ptr = (char[8]){0}, .len = 8};
  sleeper->result = hws_recv(sleeper->on, &vec, 1, &how, &sleeper->event, NULL);
}

struct harvester {
  hws_handle queue;
  hws_result last;
  unsigned seen[OPS_MAX]; /* by tag */
  int32_t status[OPS_MAX];
};

/* Until there will be nothing any more. */
static void harvest(void *argument) {
  struct harvester *all = argument;
  struct hws_event events[16];
  while ((all->last = hws_queue_wait(all->queue, events, 16, -1)) >= 0)
    for (hws_result i = 0; i < all->last; i++) {
      all->seen[events[i].tag % OPS_MAX]++;
      all->status[events[i].tag % OPS_MAX] = events[i].status;
    }
}

static void expect_closed(struct thread *thread, const struct sleeper *sleeper, bool op) {
  thread_join(thread);
  assert_status(op ? sleeper->event.status : sleeper->result, HWS_E_CLOSED);
}

static void everything_open(void **state) {
  (void)state;
  static struct scene scenes[SCENES_MAX];
  static struct harvester all;
  warm_up();
  struct census before = census_take();
  struct world *world = world_here();
  struct zoo zoo;
  zoo_open(&zoo, world);
  size_t count = 0;
  assert_true(scene_count <= SCENES_MAX);
  for (size_t i = 0; i < scene_count; i++) {
    hws_handle scope = 0;
    if (!scene_open(&scenes[count], world, &scene_kinds[i])) continue;
    assert_int_equal(hws_scope_open(world->runtime, zoo.of[T_SCOPE], hws_now() + 3600 * SECOND, &scope), HWS_OK);
    struct hws_how how = how_scoped(world, scope);
    if (scene_kinds[i].submit(&scenes[count], &how, NULL, NULL) != 0) fail_msg("%s", scene_kinds[i].name);
    count++;
  }
  struct hws_detail detail = {.size = sizeof detail};
  struct sleeper sleepers[SLEEPERS] = {{.on = zoo.of[T_QUEUE]}, {.on = zoo.of[T_LISTENER]}, {.on = zoo.of[T_STREAM]}};
  struct thread *threads[SLEEPERS] = {thread_start(wait_for_ever, &sleepers[0]),
                                      thread_start(accept_for_ever, &sleepers[1]),
                                      thread_start(recv_for_ever, &sleepers[2])};
  for (int i = 0; i < SLEEPERS; i++) thread_blocked(threads[i]);
  all = (struct harvester){.queue = world->queue};
  struct thread *harvester = thread_start(harvest, &all);
  thread_blocked(harvester);
  hws_handle queue = world->queue;
  uint64_t tags = world->next_tag;

  world_join(world);

  expect_closed(threads[0], &sleepers[0], false);
  expect_closed(threads[1], &sleepers[1], true);
  expect_closed(threads[2], &sleepers[2], true);
  thread_join(harvester);
  assert_true(all.last == HWS_E_CLOSED || all.last == HWS_E_HANDLE); /* in a wait, or between two */
  for (uint64_t tag = 0; tag < tags; tag++) {
    assert_true(all.seen[tag] <= 1); /* an event that nobody harvested before the queue went is dropped with it */
    int32_t status = all.status[tag];
    if (status == HWS_E_DEADLINE || status == HWS_E_INTERNAL || status == HWS_E_PLUGIN)
      fail_msg("an op ended with %s", hws_status_name(status));
  }
  for (enum type t = 0; t < TYPES; t++)
    if (t != T_LEASE) assert_status(hws_detail(zoo.of[t], &detail), HWS_E_HANDLE);
  assert_status(hws_queue_wait(queue, &sleepers[0].event, 1, -1), HWS_E_HANDLE);
  assert_int_equal(hws_release(zoo.of[T_LEASE], 5), HWS_OK);
  assert_status(hws_release(zoo.of[T_LEASE], 5), HWS_E_HANDLE);
  for (size_t i = 0; i < count; i++) scene_close(&scenes[i]);
  census_expect(before);
}

/* MUX-24: bytes that are leased are the caller's, however long everything else has been gone. */
static void leases_outlive_it(void **state) {
  (void)state;
  enum { SEED = 41, LENGTH = 20000, LEASES = 8 };
  struct census before = census_take();
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct world *world = world_here();
    struct link link = link_open(world, carrier);
    struct hws_event leased[LEASES];
    static uint8_t bytes[LENGTH];
    for (uint64_t i = 0; i < LEASES; i++) {
      struct hws_how how = how_block();
      pattern_fill(SEED + i, 0, bytes, LENGTH);
      send_all(link.ends.client, bytes, LENGTH);
      assert_int_equal(hws_acquire(link.ends.server, &how, &leased[i], NULL), 1);
      assert_status(leased[i].status, HWS_OK);
      for (uint64_t rest = LENGTH - leased[i].bytes; rest;) rest -= recv_once(link.ends.server, bytes, rest).bytes;
    }
    world_join(world);
    for (uint64_t i = 0; i < LEASES; i++)
      pattern_expect(SEED + i, 0, (const void *)(uintptr_t)leased[i].data, leased[i].bytes);
    for (int i = 0; i < LEASES; i++) assert_int_equal(hws_release(leased[i].code, leased[i].bytes), HWS_OK);
  }
  census_expect(before);
}

/* ---- connections whose end had come before, in every way, and that were never closed ---- */

enum way { EOF_HERE, SHUT_HERE, SHUT_BOTH, SHUT_AND_READ_BOTH, PEER_ABORTED, RESET_HERE, REFUSED, CONSUMED, WAYS };

static void end_somehow(struct world *world, enum way way) {
  struct link link = link_open(world, RAW);
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle made = 0;
  char url[URL_MAX];
  switch (way) {
  case EOF_HERE:
    close_handle(link.ends.client);
    assert_status(recv_status(link.ends.server), HWS_E_EOF);
    break;
  case SHUT_AND_READ_BOTH:
    shut_down(link.ends.client);
    shut_down(link.ends.server);
    assert_status(recv_status(link.ends.server), HWS_E_EOF);
    assert_status(recv_status(link.ends.client), HWS_E_EOF);
    break;
  case SHUT_BOTH:
    shut_down(link.ends.server); /* falls through */
  case SHUT_HERE:
    shut_down(link.ends.client);
    break;
  case PEER_ABORTED:
    abort_handle(link.ends.client);
    assert_int_not_equal(recv_status(link.ends.server), HWS_OK);
    assert_int_not_equal(send_status(link.ends.server), HWS_OK);
    break;
  case RESET_HERE:
    assert_int_equal(hws_reset(link.ends.client, 0, NULL), HWS_OK);
    break;
  case REFUSED:
    if (hws_dial(world->runtime, url_new(url, ""), 0, &how, &event, NULL, &made) == 1)
      assert_status(event.status, HWS_E_REFUSED);
    break;
  default:
    made = session_of(link.ends.client, HWS_ROLE_DEFAULT, NULL);
    abort_handle(link.ends.server);
    assert_int_equal(hws_watch(made, &how, &event, NULL), 1);
  }
}

static void ended_and_not_closed(void **state) {
  (void)state;
  struct census before = census_take();
  for (enum way way = 0; way < WAYS; way++) {
    struct world *world = world_here();
    end_somehow(world, way);
    world_join(world);
  }
  census_expect(before);
}

/* ---- joins that are early, late, or two ---- */

enum { TIMES = TEST_SLOWNESS > 1 ? 4 : 20 };

/* A join whose time is over has begun the end all the same, and is called again. */
static void a_join_in_pieces(void **state) {
  (void)state;
  for (int i = 0; i < TIMES; i++) {
    struct world *world = world_here();
    struct link link = link_open(world, MUX);
    uint8_t byte;
    char url[URL_MAX];
    hws_handle listener = 0;
    post_recv(world, link.ends.client, &byte, 1);
    hws_result result = hws_runtime_join(world->runtime, 0);
    uint64_t until = hws_now() + LIMIT_NS;
    for (; result == HWS_E_DEADLINE && hws_now() < until; result = hws_runtime_join(world->runtime, 100000)) {
      struct hws_how how = how_queue(world);
      assert_status(hws_listen(world->runtime, url_new(url, ""), 0, &how, NULL, NULL, &listener), HWS_E_CLOSED);
    }
    assert_status(result, HWS_OK);
    assert_status(hws_runtime_join(world->runtime, -1), HWS_E_HANDLE);
    free(world);
  }
}

struct joiner {
  hws_handle runtime;
  hws_result result;
};

static void join(void *argument) {
  struct joiner *joiner = argument;
  joiner->result = hws_runtime_join(joiner->runtime, (int64_t)LIMIT_NS);
}

/* One of them does it. */
static void joins_at_once(void **state) {
  (void)state;
  enum { JOINERS = 3 };
  for (int i = 0; i < TIMES; i++) {
    struct world *world = world_here();
    struct joiner joiners[JOINERS];
    struct thread *threads[JOINERS];
    unsigned joined = 0;
    (void)link_open(world, MUX);
    for (int j = 0; j < JOINERS; j++) {
      joiners[j].runtime = world->runtime;
      threads[j] = thread_start(join, &joiners[j]);
    }
    for (int j = 0; j < JOINERS; j++) {
      thread_join(threads[j]);
      if (joiners[j].result == HWS_OK) joined++;
      if (joiners[j].result != HWS_OK)
        assert_true(joiners[j].result == HWS_E_BUSY || joiners[j].result == HWS_E_HANDLE);
    }
    assert_int_equal(joined, 1);
    free(world);
  }
}

/* ---- calls beside it ---- */

struct beside {
  hws_handle runtime;
  hws_handle queue;
  hws_handle session;
  hws_handle listener;
  atomic_bool ready;
};

/* Any call, until the runtime's handle is stale. Each has an answer. */
static void call_on(void *argument) {
  struct beside *beside = argument;
  struct hws_event event;
  for (hws_result last = 0; last != HWS_E_HANDLE; atomic_store(&beside->ready, true)) {
    hws_handle made = 0, scope = 0;
    uint64_t value;
    struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 50000};
    hws_queue_wait(beside->queue, &event, 1, 0);
    hws_queue_wait(beside->queue, &event, 1, 20000);
    hws_queue_wake(beside->queue, 1);
    hws_open(beside->session, NULL, &how, &event, NULL, &made);
    if (made) hws_close(made, NULL, NULL, NULL);
    hws_accept(beside->listener, 0, &how, &event, NULL, &made);
    if (made) hws_close(made, NULL, NULL, NULL);
    hws_scope_open(beside->runtime, 0, hws_now() + MILLISECOND, &scope);
    how.scope = scope;
    hws_watch(beside->session, &how, &event, NULL);
    hws_close(scope, NULL, NULL, NULL);
    last = hws_stat(beside->runtime, "endpoints", &value);
  }
}

static void calls_beside_it(void **state) {
  (void)state;
  enum { CALLERS = 3, ROUNDS = TEST_SLOWNESS > 1 ? 5 : 25 };
  struct census before = census_take();
  for (int i = 0; i < ROUNDS; i++) {
    struct world *world = world_here();
    struct link link = link_open(world, MUX);
    char url[URL_MAX];
    struct beside beside = {.runtime = world->runtime,
                            .queue = world->queue,
                            .session = link.sessions.client,
                            .listener = listen_at(world, url_new(url, ""))};
    struct thread *threads[CALLERS];
    for (int c = 0; c < CALLERS; c++) threads[c] = thread_start(call_on, &beside);
    while (!atomic_load(&beside.ready)) usleep(100);
    world_join(world);
    for (int c = 0; c < CALLERS; c++) thread_join(threads[c]);
  }
  census_expect(before);
}

/* ---- from within ---- */

static struct {
  struct task task;
  hws_handle runtime;
  atomic_int status;
} within;

static void join_from_within(struct task *task) {
  (void)task;
  atomic_store(&within.status, hws_runtime_join(within.runtime, 0));
}

/* A plugin's call on the runtime's own thread, which would wait for itself. Nothing of it stays. */
static void no_join_on_its_own_thread(void **state) {
  (void)state;
  struct world *world = world_here();
  struct object *object = NULL;
  within.runtime = world->runtime;
  within.task.run = join_from_within;
  atomic_store(&within.status, HWS_E_AGAIN);
  assert_int_equal(handle_pin(world->runtime, OBJECT_RUNTIME, &object), HWS_OK);
  assert_true(task_post(&((struct runtime *)object)->loop, &within.task));
  uint64_t until =
      hws_now() + LIMIT_NS; /* this thread does not wait in the library: it would drive, and run the task */
  while (atomic_load(&within.status) == HWS_E_AGAIN && hws_now() < until) usleep(100);
  object_unpin(object);
  assert_status(atomic_load(&within.status), HWS_E_BUSY);
  world_join(world);
}

#undef PLACED
#define PLACED(test, at, name)                                                                                         \
  { #test " (" name ")", test, place_only, NULL, (void *)(uintptr_t)&places[at] }

int main(void) {
  idle_threads = threads_count();
  const struct CMUnitTest tests[] = {
      EVERYWHERE(everything_open),         EVERYWHERE(leases_outlive_it), EVERYWHERE(ended_and_not_closed),
      EVERYWHERE(a_join_in_pieces),        EVERYWHERE(joins_at_once),     EVERYWHERE(calls_beside_it),
      THREADED(no_join_on_its_own_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
