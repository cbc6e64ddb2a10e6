/* SPDX-License-Identifier: Apache-2.0
 *
 * HWS_INTERRUPTIBLE: what a signal ends, and what it does not.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "tests/core/scenes.h"
#include "tests/core/threads_posix.h"

struct blocker {
  struct scene *scene;
  uint32_t flags;
  _Atomic(hws_handle) op;
  hws_result result;
  struct hws_event event;
};

static void block(void *argument) {
  struct blocker *blocker = argument;
  hws_handle op = 0;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | blocker->flags};
  blocker->result = blocker->scene->kind->submit(blocker->scene, &how, &blocker->event, &op);
}

static atomic_int signals;
static void on_signal(int signal) {
  (void)signal;
  atomic_fetch_add(&signals, 1);
}

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
}

static void signals_interrupt(void **state) {
  struct world *world = *state;
  catch_signals();
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    struct blocker blocker = {.scene = &scene, .flags = HWS_INTERRUPTIBLE};
    struct thread *thread = thread_start(block, &blocker);
    thread_blocked(world, thread);
    thread_signal(thread, SIGUSR1);
    thread_join(thread);
    assert_int_equal(blocker.result, 1);
    assert_status(blocker.event.status, HWS_E_CANCELED);
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
  }
}

/* Without the flag a signal is nothing, and in a queue's wait it is an answer. */
static void signals_do_not_interrupt(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  struct itimerval every = {.it_interval = {.tv_usec = 2000}, .it_value = {.tv_usec = 2000}}, never = {0};
  catch_signals();
  atomic_store(&signals, 0);
  assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
  uint64_t before = hws_now();
  for (int i = 0; i < 10; i++) {
    uint8_t byte;
    struct hws_vec vec = {.ptr = &byte, .len = 1};
    struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 10 * MILLISECOND};
    struct hws_event event;
    assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, &event, NULL), 1);
    assert_status(event.status, HWS_E_DEADLINE);
  }
  assert_true(hws_now() - before >= 100 * MILLISECOND);
  struct hws_event event;
  hws_result result = 0;
  while (result == 0) result = hws_queue_wait(world->queue, &event, 1, (int64_t)SECOND);
  assert_status(result, HWS_E_INTERRUPTED);
  assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
  assert_true(atomic_load(&signals) > 0);
  send_all(link.ends.server, "all the same", 12);
  expect_bytes(link.ends.client, "all the same");
}

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(signals_interrupt), EVERYWHERE(signals_do_not_interrupt)};
  return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
