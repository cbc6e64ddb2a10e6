/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-6: no event of an op of an object comes after the object's close event, be it that they go to different queues and
 * that another thread has just ended the ops. OP-3: a call that pinned the object before it was closed, or taken by a
 * session, finds it stale.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"

enum { ROUNDS = 150, OPS = 48 };

/* Their events go to two queues in turn, so that they are told one by one. */
struct race {
  struct world *world;
  hws_handle second;
  hws_handle object; /* to close */
  hws_handle ender;  /* whose end ends what pends on it */
  struct link link;
  struct pair pair;
  uint32_t pending;
  uint8_t bytes[OPS][8];
};

struct racer {
  const char *name;
  void (*set)(struct race *race);
  void (*end)(struct race *race); /* in a thread of its own */
  void (*clear)(struct race *race);
};

static struct hws_how next_how(struct race *race) {
  struct hws_how how = {.size = sizeof how, .tag = 3};
  how.queue = race->pending++ % 2 ? race->second : race->world->queue;
  return how;
}

static void pend_recvs(struct race *race) {
  for (int i = 0; i < OPS; i++) {
    struct hws_how how = next_how(race);
    struct hws_vec vec = {.ptr = race->bytes[i], .len = sizeof race->bytes[i]};
    assert_int_equal(hws_recv(race->object, &vec, 1, &how, NULL, NULL), 0);
  }
}

static void pend_watches(struct race *race) {
  for (int i = 0; i < OPS; i++) {
    struct hws_how how = next_how(race);
    assert_int_equal(hws_watch(race->object, &how, NULL, NULL), 0);
  }
}

/* ---- a stream of a session, reset by the peer ---- */

static void set_stream(struct race *race) {
  if (!race->link.sessions.client) race->link = link_open(race->world, MUX);
  race->object = open_stream(race->link.sessions.client);
  race->ender = accept_stream(race->link.sessions.server);
  pend_recvs(race);
}

static void end_by_reset(struct race *race) {
  (void)hws_reset(race->ender, 0, "over");
}

static void clear_stream(struct race *race) {
  abort_handle(race->ender);
}

/* ---- a raw connection, whose peer aborts ---- */

static void set_raw(struct race *race) {
  race->pair = pair_raw(race->world, here->scheme);
  race->object = race->pair.client;
  race->ender = race->pair.server;
  pend_recvs(race);
  pend_watches(race);
}

/* ---- a session, whose peer is reset ---- */

static void set_session(struct race *race) {
  race->pair = sessions_open(race->world);
  race->object = race->pair.client;
  race->ender = race->pair.server;
  pend_watches(race);
}

static void clear_session(struct race *race) {
  abort_handle(race->ender);
}

/* ---- a listener, whose life ends; a scope that is cancelled ---- */

static hws_handle scope_new(struct world *world) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &scope), 0);
  return scope;
}

static void end_by_cancel(struct race *race) {
  (void)hws_scope_cancel(race->ender, 0, NULL);
}

static void set_listener(struct race *race) {
  char url[URL_MAX];
  struct hws_how how = how_block();
  struct hws_event event;
  race->ender = scope_new(race->world);
  assert_int_equal(hws_listen(race->world->runtime, url_new(url, ""), race->ender, &how, &event, NULL, &race->object),
                   1);
  assert_status(event.status, HWS_OK);
  pend_watches(race);
}

static void clear_listener(struct race *race) {
  close_handle(race->ender);
}

static void set_scope(struct race *race) {
  race->object = race->ender = scope_new(race->world);
  pend_watches(race);
}

static void clear_scope(struct race *race) {
  (void)race;
}

static const struct racer racers[] = {
    {"stream of a session", set_stream, end_by_reset, clear_stream},
    {"raw connection", set_raw, end_by_reset, clear_stream},
    {"session", set_session, end_by_reset, clear_session},
    {"listener", set_listener, end_by_cancel, clear_listener},
    {"scope", set_scope, end_by_cancel, clear_scope},
};

struct ending {
  struct race *race;
  const struct racer *racer;
  atomic_bool go;
};

static void run_end(void *argument) {
  struct ending *ending = argument;
  while (!atomic_load(&ending->go)) continue;
  ending->racer->end(ending->race);
}

static void one_round(struct race *race, const struct racer *racer, hws_handle last, struct dice *dice) {
  struct ending ending = {.race = race, .racer = racer};
  struct hws_how how = {.size = sizeof how, .queue = last, .tag = 7};
  struct hws_event event;
  race->pending = 0;
  racer->set(race);
  struct thread *thread = thread_start(run_end, &ending);
  atomic_store(&ending.go, true);
  /* When the first is there the others are on their way. */
  uint32_t found = 0;
  if (dice_roll(dice, 4))
    while (!found) found += hws_queue_wait(race->world->queue, &event, 1, 0) == 1;
  assert_int_equal(hws_close(race->object, &how, NULL, NULL), 0);
  assert_int_equal(hws_queue_wait(last, &event, 1, (int64_t)LIMIT_NS), 1);
  assert_int_equal(event.kind, HWS_KIND_CLOSE);
  for (uint32_t i = 0; i < race->pending; i++)
    found += hws_queue_wait(i % 2 ? race->second : race->world->queue, &event, 1, 0) == 1;
  if (found != race->pending) fail_msg("%s: %u of %u events came before the close", racer->name, found, race->pending);
  thread_join(thread);
  racer->clear(race);
}

static void the_close_is_told_last(void **state) {
  struct world *world = *state;
  struct dice dice = {.state = 5};
  hws_handle last = 0;
  hws_handle second = 0;
  assert_int_equal(hws_queue_open(world->runtime, &last), 0);
  assert_int_equal(hws_queue_open(world->runtime, &second), 0);
  for (size_t i = 0; i < sizeof racers / sizeof *racers; i++) {
    struct race race = {.world = world, .second = second};
    for (int round = 0; round < ROUNDS; round++) one_round(&race, &racers[i], last, &dice);
    if (race.link.sessions.client) abort_handle(race.link.sessions.client);
    if (race.link.sessions.server) abort_handle(race.link.sessions.server);
  }
  close_handle(last);
  close_handle(second);
}

/* ---- a session takes a stream that another thread uses ---- */

static void run_recvs(void *argument) {
  hws_handle stream = *(hws_handle *)argument;
  char byte;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  for (hws_result result = 1; result != HWS_E_HANDLE;) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 1000};
    struct hws_event event;
    result = hws_recv(stream, &vec, 1, &how, &event, NULL);
    if (result == 1) assert_status(event.status, HWS_E_DEADLINE);
  }
}

static void a_session_shares_its_carrier_with_nobody(void **state) {
  struct world *world = *state;
  for (int round = 0; round < 30; round++) {
    struct pair raw = pair_raw(world, here->scheme);
    struct thread *thread = thread_start(run_recvs, &raw.client);
    struct hws_session_config config = {.size = sizeof config, .mode = HWS_MODE_YAMUX};
    hws_handle client = 0;
    hws_result result;
    do result = hws_session(raw.client, &config, &client);
    while (result == HWS_E_BUSY);
    assert_status(result, HWS_OK);
    hws_handle server = session_of(raw.server, HWS_ROLE_SERVER, NULL);
    hws_handle near = open_stream(client);
    send_all(near, "whole", 5);
    hws_handle far = accept_stream(server);
    expect_bytes(far, "whole");
    send_all(far, "answer", 6);
    expect_bytes(near, "answer");
    thread_join(thread);
    abort_handle(client);
    abort_handle(server);
    abort_handle(near);
    abort_handle(far);
  }
}

/* ---- handles of ops ---- */

struct cancels {
  hws_handle op;   /* the library's to write while ours to read */
  hws_handle last; /* of the op before: the next in its place has the next number */
  atomic_bool stop;
};

static void run_cancels(void *argument) {
  struct cancels *cancels = argument;
  while (!atomic_load(&cancels->stop)) {
    hws_handle last = __atomic_load_n(&cancels->last, __ATOMIC_RELAXED);
    hws_handle op = __atomic_load_n(&cancels->op, __ATOMIC_ACQUIRE);
    if (last) (void)hws_cancel(last + 1);
    if (op) (void)hws_cancel(op);
  }
}

/* Found the moment it can be found, by its handle or by a guess: the op is whole by then. */
static void an_op_is_whole_once_it_is_found(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, here->scheme);
  struct cancels cancels = {0};
  struct thread *thread = thread_start(run_cancels, &cancels);
  char byte;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  for (int round = 0; round < 3000; round++) {
    struct hws_how how = how_queue(world);
    assert_true(hws_recv(raw.client, &vec, 1, &how, NULL, &cancels.op) >= 0);
    world_await_status(world, how.tag, HWS_E_CANCELED);
    __atomic_store_n(&cancels.last, cancels.op, __ATOMIC_RELAXED);
  }
  atomic_store(&cancels.stop, true);
  thread_join(thread);
  abort_handle(raw.client);
  abort_handle(raw.server);
}

/* ---- the end of the runtime ---- */

static void run_wakes(void *argument) {
  while (hws_queue_wake(*(hws_handle *)argument, 1) == HWS_OK) continue;
}

/* Whoever wakes the loop meanwhile touches nothing that is freed, and no descriptor that is another's by then. */
static void wakes_meet_the_end(void **state) {
  (void)state;
  for (int round = 0; round < 200; round++) {
    struct world *inner = world_open(0);
    struct thread *thread = thread_start(run_wakes, &inner->queue);
    struct hws_event event;
    (void)hws_queue_wait(inner->queue, &event, 1, (int64_t)MILLISECOND);
    assert_int_equal(hws_runtime_join(inner->runtime, (int64_t)LIMIT_NS), HWS_OK);
    thread_join(thread);
    free(inner);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      THREADED(the_close_is_told_last),
      THREADED(a_session_shares_its_carrier_with_nobody),
      THREADED(an_op_is_whole_once_it_is_found),
      PLACED(wakes_meet_the_end, 0, "mem"),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
