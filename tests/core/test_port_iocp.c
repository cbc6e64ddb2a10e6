/* SPDX-License-Identifier: Apache-2.0
 *
 * WIN-1, WIN-9: the poller over a completion port: batches, unknown keys, packets that name nobody, wake-ups.
 */
#include <stdatomic.h>
#include <string.h>

#include "core/loop.h"
#include "core/park.h"
#include "core/port_iocp.h"
#include "plugins/hawser_plugin.h"
#include "tests/core/places.h"

static void before_turn(struct loop *loop) {
  (void)loop;
}

static void loop_begin(struct loop *loop) {
  memset(loop, 0, sizeof *loop);
  loop->before_turn = before_turn;
  assert_int_equal(loop_init(loop, true), HWS_OK);
}

static void post(struct loop *loop, ULONG_PTR key, OVERLAPPED *overlapped) {
  assert_true(PostQueuedCompletionStatus(loop->poller->port, 0, key, overlapped));
}

/* What comes under a key that is none of ours is counted and not followed. */
static void unknown_keys_are_counted(void **state) {
  static struct hws_packet packet;
  struct loop loop;
  (void)state;
  loop_begin(&loop);
  post(&loop, 0, NULL);
  post(&loop, 1, (OVERLAPPED *)packet.storage);
  post(&loop, (ULONG_PTR)&packet, NULL);
  post(&loop, (ULONG_PTR)&loop.poller->keys[PORT_KEYS], NULL);
  assert_true(loop_turn(&loop, NULL, 0));
  assert_int_equal(atomic_load(&loop.strays), 4);
  loop_free(&loop);
}

/* A packet under the right key, but of no endpoint, or of no direction. */
static void packets_of_nobody_are_counted(void **state) {
  struct loop loop;
  struct hws_packet packets[2] = {{.endpoint = NULL}, {.endpoint = (void *)&loop, .direction = 2}};
  (void)state;
  loop_begin(&loop);
  ULONG_PTR key = (ULONG_PTR)&loop.poller->keys[PORT_PACKET];
  post(&loop, key, NULL);
  post(&loop, key, (OVERLAPPED *)packets[0].storage);
  post(&loop, key, (OVERLAPPED *)packets[1].storage);
  assert_true(loop_turn(&loop, NULL, 0));
  assert_int_equal(atomic_load(&loop.strays), 3);
  loop_free(&loop);
}

/* One turn takes as many as there is room for. */
static void packets_come_in_batches(void **state) {
  struct loop loop;
  (void)state;
  loop_begin(&loop);
  for (int i = 0; i < PORT_BATCH + 3; i++) post(&loop, 0, NULL);
  assert_true(loop_turn(&loop, NULL, 0));
  assert_int_equal(atomic_load(&loop.strays), PORT_BATCH);
  assert_true(loop_turn(&loop, NULL, 0));
  assert_int_equal(atomic_load(&loop.strays), PORT_BATCH + 3);
  loop_free(&loop);
}

struct waiting {
  struct loop *loop;
  struct waiter waiter;
  atomic_bool ended;
};

static void wait_long(void *argument) {
  struct waiting *waiting = argument;
  assert_int_equal(waiter_wait(&waiting->waiter, PARK_FOREVER), WAIT_READY);
  atomic_store(&waiting->ended, true);
}

/* Those that wait at the port and those that sleep beside it all leave when they are told, and each that leaves wakes
 * the next: nobody waits for a packet that another took. */
static void waiters_leave(void **state) {
  enum { WAITERS = 4, ROUNDS = 50 };
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    struct loop loop;
    struct waiting waiting[WAITERS];
    struct thread *threads[WAITERS];
    loop_begin(&loop);
    for (int i = 0; i < WAITERS; i++) {
      waiting[i] = (struct waiting){.loop = &loop};
      waiter_init(&waiting[i].waiter, &loop);
      threads[i] = thread_start(wait_long, &waiting[i]);
    }
    for (int i = 0; i < WAITERS; i++) waiter_signal(&waiting[(i + round) % WAITERS].waiter);
    for (int i = 0; i < WAITERS; i++) thread_join(threads[i]);
    for (int i = 0; i < WAITERS; i++) assert_true(atomic_load(&waiting[i].ended));
    assert_int_equal(atomic_load(&loop.strays), 0);
    loop_free(&loop);
  }
}

/* A wait ends by its time, late rather than early. */
static void waits_end_by_their_time(void **state) {
  struct loop loop;
  (void)state;
  loop_begin(&loop);
  for (uint64_t ms = 0; ms < 30; ms += 3) {
    struct waiter waiter;
    waiter_init(&waiter, &loop);
    uint64_t until = clock_now() + ms * MILLISECOND;
    assert_int_equal(waiter_wait(&waiter, until), WAIT_LATE);
    assert_true(clock_now() >= until);
  }
  loop_free(&loop);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_keys_are_counted), cmocka_unit_test(packets_of_nobody_are_counted),
      cmocka_unit_test(packets_come_in_batches),  cmocka_unit_test(waiters_leave),
      cmocka_unit_test(waits_end_by_their_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
