/* SPDX-License-Identifier: Apache-2.0
 *
 * A caller-driven loop that always finds something to do hides nothing: whoever is ready next has a turn (MUX-18), and
 * who harvests looks around now and then, as a signal does not end a wait that never sleeps.
 */
#include "core/runtime.h"
#include "tests/core/places.h"

enum { HARVESTS = 1000 };

/* Work that makes more of itself, as a peer does that sends without end. */
struct work {
  struct task task;
  struct runtime *runtime;
  hws_handle queue; /* 0: it makes no events */
  atomic_bool over;
};

static void work_run(struct task *task) {
  struct work *work = (struct work *)task;
  if (work->queue) assert_int_equal(hws_queue_wake(work->queue, 0), HWS_OK);
  if (!atomic_load(&work->over)) task_post(&work->runtime->loop, task);
}

static void work_begin(struct work *work, struct world *world, hws_handle queue) {
  struct object *runtime = NULL;
  assert_int_equal(handle_pin(world->runtime, OBJECT_RUNTIME, &runtime), HWS_OK);
  *work = (struct work){.task.run = work_run, .runtime = (struct runtime *)runtime, .queue = queue};
  assert_true(task_post(&work->runtime->loop, &work->task));
}

static void work_end(struct work *work, struct world *world) {
  atomic_store(&work->over, true);
  world_until(world, !atomic_load(&work->task.queued));
  object_unpin(&work->runtime->object);
}

/* Harvest until that event came; false: others came without end. */
static bool comes(struct world *world, uint64_t tag, bool refill) {
  for (unsigned i = 0; i < HARVESTS; i++) {
    struct hws_event events[2]; /* a wake comes first */
    if (refill) assert_int_equal(hws_queue_wake(world->queue, 0), HWS_OK);
    int got = hws_queue_wait(world->queue, events, 2, (int64_t)LIMIT_NS);
    assert_true(got >= 0);
    if (got && events[got - 1].tag == tag) return true;
  }
  return false;
}

static void events_do_not_hide_readiness(void **state) {
  struct world *world = *state;
  struct pair pair = pair_raw(world, LOCAL);
  struct work work;
  char byte;
  for (int refill = 0; refill < 2; refill++) {
    uint64_t tag = post_recv(world, pair.server, &byte, 1);
    send_all(pair.client, "x", 1);
    if (!refill) work_begin(&work, world, world->queue);
    assert_true(comes(world, tag, refill));
    if (!refill) work_end(&work, world);
  }
}

/* A deadline passes, too. */
static void events_do_not_hide_time(void **state) {
  struct world *world = *state;
  struct pair pair = pair_raw(world, LOCAL);
  struct hws_how how = how_queue(world);
  struct hws_event events[2] = {0};
  int got = 1;
  char byte;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  how.deadline_ns = hws_now() + MILLISECOND;
  assert_int_equal(hws_recv(pair.server, &vec, 1, &how, NULL, NULL), 0);
  for (uint64_t until = hws_now() + LIMIT_NS; events[got - 1].kind != HWS_KIND_RECV;) {
    assert_true(hws_now() < until);
    assert_int_equal(hws_queue_wake(world->queue, 0), HWS_OK);
    got = hws_queue_wait(world->queue, events, 2, (int64_t)LIMIT_NS);
    assert_in_range(got, 1, 2);
  }
  assert_status(events[got - 1].status, HWS_E_DEADLINE);
}

static void a_busy_harvest_comes_back(void **state) {
  struct world *world = *state;
  struct hws_event event;
  struct work work;
  work_begin(&work, world, 0);
  assert_int_equal(hws_queue_wait(world->queue, &event, 1, -1), 0);
  work_end(&work, world);
}

/* Nobody gave a signal: an op that one would end goes on. */
static void busy_is_no_signal(void **state) {
  struct world *world = *state;
  struct pair pair = pair_raw(world, LOCAL);
  struct hws_how how = how_block();
  struct hws_vec vec = {.ptr = (char[1]){0}, .len = 1};
  struct hws_event event;
  struct work work;
  how.flags |= HWS_INTERRUPTIBLE;
  how.deadline_ns = 20 * MILLISECOND;
  work_begin(&work, world, 0);
  assert_int_equal(hws_recv(pair.server, &vec, 1, &how, &event, NULL), 1);
  assert_status(event.status, HWS_E_DEADLINE);
  work_end(&work, world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(events_do_not_hide_readiness, world_driven, world_close),
      cmocka_unit_test_setup_teardown(events_do_not_hide_time, world_driven, world_close),
      cmocka_unit_test_setup_teardown(a_busy_harvest_comes_back, world_driven, world_close),
      cmocka_unit_test_setup_teardown(busy_is_no_signal, world_driven, world_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
