/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-4: queues are waited on with a timeout, harvested in batches and in order, woken from another thread, shared by
 * threads, and watched through a descriptor.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"

static void timeouts(void **state) {
  struct world *world = *state;
  struct hws_event event;
  uint64_t before = hws_now();
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, 0), 0);
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, (int64_t)(30 * MILLISECOND)), 0);
  assert_true(hws_now() - before >= 30 * MILLISECOND);
}

/* Many sends of one byte that are taken at once: their events in order, in batches of any size. */
static void batches(void **state) {
  struct world *world = *state;
  enum { OPS = 1000 };
  struct link link = link_open(world, MUX);
  uint64_t first = world->next_tag;
  for (int i = 0; i < OPS; i++) post_send(world, link.ends.client, "x", 1);
  uint64_t next = first;
  for (uint32_t size = 1; next < first + OPS; size = size * 2 % 127) {
    struct hws_event events[128];
    hws_result count = hws_queue_wait(world->queue, events, size, (int64_t)LIMIT_NS);
    assert_in_range(count, 1, size);
    for (hws_result i = 0; i < count; i++) assert_int_equal(events[i].tag, next++);
  }
}

static void wakes_fold(void **state) {
  struct world *world = *state;
  struct hws_event events[4];
  for (uint64_t i = 1; i <= 5; i++) assert_int_equal(hws_queue_wake(world->queue, i), HWS_OK);
  assert_int_equal(hws_queue_wait(world->queue, events, 4, (int64_t)LIMIT_NS), 1);
  assert_int_equal(events[0].kind, HWS_KIND_WAKE);
  assert_int_equal(events[0].data, 5);
  assert_int_equal(events[0].tag, 5);
  assert_true(events[0].object == world->queue);
  assert_int_equal(hws_queue_wait(world->queue, events, 4, 0), 0);
  assert_int_equal(hws_queue_wake(world->queue, 6), HWS_OK);
  assert_int_equal(hws_queue_wait(world->queue, events, 4, 0), 1);
  assert_int_equal(events[0].data, 1);
}

/* ---- other threads ---- */

struct waiting {
  struct world *world;
  hws_result result;
  struct hws_event event;
};

static void wait_for_one(void *argument) {
  struct waiting *waiting = argument;
  waiting->result = hws_queue_wait(waiting->world->queue, &waiting->event, 1, (int64_t)LIMIT_NS);
}

static void a_wake_ends_a_wait(void **state) {
  struct waiting waiting = {.world = *state};
  struct thread *thread = thread_start(wait_for_one, &waiting);
  thread_blocked(thread);
  assert_int_equal(hws_queue_wake(waiting.world->queue, 77), HWS_OK);
  thread_join(thread);
  assert_int_equal(waiting.result, 1);
  assert_int_equal(waiting.event.tag, 77);
}

static void a_close_ends_all_waits(void **state) {
  struct world *world = *state;
  struct waiting waiting[4];
  struct thread *threads[4];
  for (int i = 0; i < 4; i++) {
    waiting[i] = (struct waiting){.world = world};
    threads[i] = thread_start(wait_for_one, &waiting[i]);
    thread_blocked(threads[i]);
  }
  close_handle(world->queue);
  for (int i = 0; i < 4; i++) thread_join(threads[i]);
  for (int i = 0; i < 4; i++) assert_status(waiting[i].result, HWS_E_CLOSED);
}

enum { SHARED_OPS = 2000, SHARERS = 4, POSTERS = 3 };
struct sharing {
  struct world *world;
  hws_handle streams[POSTERS];
  uint8_t memory[POSTERS]; /* the library's until the last event: no poster writes to it */
  atomic_uint posters;
  atomic_uchar seen[POSTERS * SHARED_OPS];
  atomic_uint count;
  atomic_uint_fast64_t wakes;
  atomic_bool woken;
};

static void share(void *argument) {
  struct sharing *sharing = argument;
  while (atomic_load(&sharing->count) < POSTERS * SHARED_OPS || !atomic_load(&sharing->woken)) {
    struct hws_event events[3];
    hws_result count = hws_queue_wait(sharing->world->queue, events, 3, (int64_t)(5 * MILLISECOND));
    for (hws_result i = 0; i < count; i++) {
      if (events[i].kind == HWS_KIND_WAKE) {
        atomic_fetch_add(&sharing->wakes, events[i].data);
      } else {
        atomic_fetch_add(&sharing->seen[events[i].tag], 1);
        atomic_fetch_add(&sharing->count, 1);
      }
    }
  }
}

static void post(void *argument) {
  struct sharing *sharing = argument;
  uint64_t which = atomic_fetch_add(&sharing->posters, 1);
  for (uint64_t i = 0; i < SHARED_OPS; i++) {
    struct hws_how how = {.size = sizeof how, .queue = sharing->world->queue, .tag = which * SHARED_OPS + i};
    struct hws_vec vec = {.ptr = &sharing->memory[which], .len = 1};
    assert_int_equal(hws_send(sharing->streams[which], &vec, 1, &how, NULL, NULL), 0);
    if (i % 4 == 0) assert_int_equal(hws_queue_wake(sharing->world->queue, 1), HWS_OK);
  }
}

/* Many post and wake, many harvest: every event goes to one of them, and no wake is lost in the folding. */
static void several_threads_share_a_queue(void **state) {
  struct sharing *sharing = calloc(1, sizeof *sharing);
  struct thread *sharers[SHARERS], *posters[POSTERS];
  assert_non_null(sharing);
  sharing->world = *state;
  for (int i = 0; i < POSTERS; i++) sharing->streams[i] = link_open(sharing->world, MUX).ends.client;
  for (int i = 0; i < SHARERS; i++) sharers[i] = thread_start(share, sharing);
  for (int i = 0; i < POSTERS; i++) posters[i] = thread_start(post, sharing);
  for (int i = 0; i < POSTERS; i++) thread_join(posters[i]);
  atomic_store(&sharing->woken, true);
  for (int i = 0; i < SHARERS; i++) thread_join(sharers[i]);
  for (int i = 0; i < POSTERS * SHARED_OPS; i++) assert_int_equal(sharing->seen[i], 1);
  struct hws_event last;
  if (hws_queue_wait(sharing->world->queue, &last, 1, 0) == 1) atomic_fetch_add(&sharing->wakes, last.data);
  assert_int_equal(atomic_load(&sharing->wakes), POSTERS * SHARED_OPS / 4);
  free(sharing);
}

enum { WAKERS = 4, WAKES_EACH = 2000 };

static void wake_often(void *argument) {
  struct world *world = argument;
  for (int i = 0; i < WAKES_EACH; i++) assert_int_equal(hws_queue_wake(world->queue, 7), HWS_OK);
}

/* One waits, without a time-out: whatever the moment of a wake, it is noticed, and counted once. */
static void wakes_from_many_threads(void **state) {
  struct world *world = *state;
  struct thread *wakers[WAKERS];
  uint64_t wakes = 0;
  for (int i = 0; i < WAKERS; i++) wakers[i] = thread_start(wake_often, world);
  while (wakes < (uint64_t)WAKERS * WAKES_EACH) {
    struct hws_event event;
    assert_int_equal(hws_queue_wait(world->queue, &event, 1, (int64_t)LIMIT_NS), 1);
    assert_int_equal(event.kind, HWS_KIND_WAKE);
    assert_int_equal(event.tag, 7);
    wakes += event.data;
  }
  assert_true(wakes == (uint64_t)WAKERS * WAKES_EACH);
  for (int i = 0; i < WAKERS; i++) thread_join(wakers[i]);
}

/* Several queues, each gets its own. */
static void queues_are_apart(void **state) {
  struct world *world = *state;
  hws_handle other = 0;
  struct hws_event event;
  struct link link = link_open(world, MUX);
  assert_int_equal(hws_queue_open(world->runtime, &other), HWS_OK);
  struct hws_how how = {.size = sizeof how, .queue = other, .tag = 1};
  assert_int_equal(hws_watch(link.ends.client, &how, NULL, NULL), 0);
  uint64_t mine = post_watch(world, link.ends.client);
  assert_int_equal(hws_reset(link.ends.client, 0, NULL), HWS_OK);
  world_await(world, mine);
  assert_int_equal(hws_queue_wait(other, &event, 1, (int64_t)LIMIT_NS), 1);
  assert_int_equal(event.tag, 1);
  assert_int_equal(hws_queue_wait(other, &event, 1, 0), 0);
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, 0), 0);
}

/* An op may outlive its queue: its event then goes nowhere. */
static void ops_outlive_their_queue(void **state) {
  struct world *world = *state;
  hws_handle other = 0, op = 0;
  struct link link = link_open(world, RAW);
  static char buffer[8];
  assert_int_equal(hws_queue_open(world->runtime, &other), HWS_OK);
  struct hws_how how = {.size = sizeof how, .queue = other, .tag = 1};
  struct hws_vec vec = {.ptr = buffer, .len = sizeof buffer};
  assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, NULL, &op), 0);
  close_handle(other);
  assert_status(hws_recv(link.ends.client, &vec, 1, &how, NULL, NULL), HWS_E_HANDLE);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_until(world, hws_cancel(op) == HWS_E_HANDLE);
  send_all(link.ends.server, "later", 5);
  expect_bytes(link.ends.client, "later");
}

/* ---- the descriptor ---- */

/* Readable exactly while events wait, however often one looks, and also when they were there first. */
static void waitable(void **state) {
  struct world *world = *state;
  int64_t descriptor = -1, again = -1;
  struct hws_event events[4];
  struct link link = link_open(world, MUX);
  if (here->flags & HWS_RUNTIME_CALLER_DRIVEN) {
    assert_status(hws_queue_waitable(world->queue, &descriptor), HWS_E_UNSUPPORTED);
    return;
  }
  post_send(world, link.ends.client, "x", 1);
  assert_int_equal(hws_queue_waitable(world->queue, &descriptor), HWS_OK);
  assert_int_equal(hws_queue_waitable(world->queue, &again), HWS_OK);
  assert_int_equal(descriptor, again);
  post_send(world, link.ends.client, "y", 1);
  assert_int_equal(hws_queue_wake(world->queue, 1), HWS_OK);
  for (int left = 3; left > 0; left--) {
    assert_true(descriptor_readable(descriptor, 1000));
    assert_true(descriptor_readable(descriptor, 0));
    assert_int_equal(hws_queue_wait(world->queue, events, 1, 0), 1);
  }
  assert_false(descriptor_readable(descriptor, 0));
  /* An event that comes by the I/O thread while a foreign loop sleeps. */
  for (int i = 0; i < 50; i++) {
    char buffer[8];
    post_recv(world, link.ends.client, buffer, sizeof buffer);
    assert_false(descriptor_readable(descriptor, 0));
    send_all(link.ends.server, "ping", 4);
    assert_true(descriptor_readable(descriptor, 60000));
    assert_int_equal(hws_queue_wait(world->queue, events, 4, 0), 1);
    assert_status(events[0].status, HWS_OK);
    assert_false(descriptor_readable(descriptor, 0));
  }
}

/* MUX-14: a lease whose event is dropped with its queue is not lost, nor are its bytes. */
static void leases_of_dropped_events(struct world *world, unsigned carrier, bool late) {
  struct link link = link_open(world, carrier);
  hws_handle other = 0;
  assert_int_equal(hws_queue_open(world->runtime, &other), HWS_OK);
  struct hws_how how = {.size = sizeof how, .queue = other};
  if (!late) {
    send_all(link.ends.server, "bytes", 5);
    struct hws_how block = how_block();
    struct hws_event event;
    assert_int_equal(hws_recv(link.ends.client, NULL, 0, &block, &event, NULL), 1);
  }
  assert_int_equal(hws_acquire(link.ends.client, &how, NULL, NULL), 0);
  close_handle(other);
  if (late) send_all(link.ends.server, "bytes", 5);
  expect_bytes(link.ends.client, "bytes");
}

static void dropped_leases_go_back(void **state) {
  leases_of_dropped_events(*state, RAW, false);
  leases_of_dropped_events(*state, MUX, false);
  leases_of_dropped_events(*state, RAW, true);
  leases_of_dropped_events(*state, MUX, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(timeouts),
      EVERYWHERE(batches),
      EVERYWHERE(wakes_fold),
      EVERYWHERE(a_wake_ends_a_wait),
      EVERYWHERE(a_close_ends_all_waits),
      EVERYWHERE(several_threads_share_a_queue),
      EVERYWHERE(wakes_from_many_threads),
      EVERYWHERE(queues_are_apart),
      EVERYWHERE(ops_outlive_their_queue),
      EVERYWHERE(dropped_leases_go_back),
      EVERYWHERE(waitable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
