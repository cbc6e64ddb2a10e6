/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-8, and the flags of hws_how: BLOCK, TRY, RELATIVE. (INTERRUPTIBLE: test_signals_posix.c.)
 */
#include <stdlib.h>
#include <string.h>

#include "tests/core/scenes.h"

/* ---- OP-8: blocking ops overlap ---- */

enum { HELPERS = 8 };

struct helper {
  struct link link;
  uint8_t got[16];
};

static void answer(void *argument) {
  struct helper *helper = argument;
  recv_exactly(helper->link.ends.server, helper->got, 4);
  send_all(helper->link.ends.server, helper->got, 4);
}

/* All are in the middle of their recv before any of them is answered. */
static void helpers_overlap(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct helper helpers[HELPERS];
    struct thread *threads[HELPERS];
    for (int i = 0; i < HELPERS; i++) {
      helpers[i] = (struct helper){.link = link_open(world, carrier)};
      threads[i] = thread_start(answer, &helpers[i]);
    }
    for (int i = 0; i < HELPERS; i++) thread_blocked(threads[i]);
    for (int i = HELPERS - 1; i >= 0; i--) {
      char text[8] = {'n', 'o', '.', (char)('0' + i), 0};
      send_all(helpers[i].link.ends.client, text, 4);
      expect_bytes(helpers[i].link.ends.client, text);
      thread_join(threads[i]);
      link_close(&helpers[i].link);
    }
  }
}

/* ---- BLOCK: every kind that can pend, ended by its deadline ---- */

static void block_ends_by_deadline(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    struct hws_event event;
    hws_handle op = 0;
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    uint64_t before = hws_now();
    struct hws_how how = {
        .size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .tag = 4711, .deadline_ns = 20 * MILLISECOND};
    assert_int_equal(scene_kinds[i].submit(&scene, &how, &event, &op), 1);
    assert_status(event.status, HWS_E_DEADLINE);
    assert_int_equal(event.tag, 4711);
    assert_int_equal(event.kind, scene_kinds[i].kind);
    assert_true(hws_now() - before >= 20 * MILLISECOND);
    assert_status(hws_cancel(op), HWS_E_HANDLE);
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
    assert_int_equal(world->kept, 0);
  }
}

/* A queue given along with BLOCK gets nothing. */
static void block_leaves_the_queue_alone(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  struct hws_how how = how_queue(world);
  struct hws_vec vec = {.ptr = (char[8]){0}, .len = 8};
  struct hws_event event;
  how.flags = HWS_BLOCK;
  send_all(link.ends.server, "x", 1);
  assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
  world_turn(world);
  assert_int_equal(world->kept, 0);
}

struct blocker {
  struct scene *scene;
  hws_result result;
  struct hws_event event;
};

static void block(void *argument) {
  struct blocker *blocker = argument;
  hws_handle op = 0;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK};
  blocker->result = blocker->scene->kind->submit(blocker->scene, &how, &blocker->event, &op);
}

/* What a thread blocks on can be closed, from another. */
static void block_ends_by_close(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    uint16_t kind = scene_kinds[i].kind;
    if (kind == HWS_KIND_CLOSE || kind == HWS_KIND_DIAL) continue; /* their handles are the blocked thread's alone */
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    struct blocker blocker = {.scene = &scene};
    struct thread *thread = thread_start(block, &blocker);
    thread_blocked(thread);
    assert_int_equal(hws_close(scene.target, NULL, NULL, NULL), 0);
    thread_join(thread);
    assert_int_equal(blocker.result, 1);
    assert_status(blocker.event.status, HWS_E_CLOSED);
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
  }
}

/* ---- TRY ---- */

/* A full carrier may have room once more, when the system moves bytes on from one of its buffers to the next. The peer
 * reads nothing, so that comes to an end; nothing that was taken pends. */
static void expect_again(struct scene *scene, const struct hws_how *how) {
  struct hws_event event = {0};
  hws_handle op = 0;
  hws_result result;
  while ((result = scene->kind->submit(scene, how, &event, &op)) == 1) {
    assert_int_equal(event.kind, HWS_KIND_SEND);
    assert_status(event.status, HWS_OK);
    assert_true(event.bytes > 0);
  }
  assert_status(result, HWS_E_AGAIN);
}

static void try_never_pends(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    struct hws_how how = how_queue(world);
    how.flags = HWS_TRY;
    for (int queue = 0; queue < 2; queue++) {
      if (!queue) how.queue = 0;
      expect_again(&scene, &how);
      assert_true(scene.made == 0);
      if (scene.target) assert_int_equal(detail_of(scene.target).status, HWS_OK); /* no effect: it is as it was */
      how.queue = world->queue;
    }
    world_turn(world);
    assert_int_equal(world->kept, 0);
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
  }
}

/* A session that was only asked whether it could go away goes on. */
static void tries_begin_no_drain(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  assert_status(hws_shutdown(link.sessions.client, &how, &event, NULL), HWS_E_AGAIN);
  hws_handle stream = open_stream(link.sessions.client);
  close_handle(accept_stream(link.sessions.server));
  close_handle(stream);
  close_handle(link.ends.server);
  close_handle(link.ends.client);
  world_until(world, hws_shutdown(link.sessions.client, &how, &event, NULL) == 1);
  assert_status(event.status, HWS_OK);
}

/* What has ended by itself can be closed at once, in time; what has not stays open. */
static void tries_close_what_is_over(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle scope = 0, life = 0, listener = 0;
  struct link link = link_open(world, MUX);
  struct pair raw = pair_raw(world, here->scheme);
  struct hws_how block = how_block();
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &life), HWS_OK);
  assert_int_equal(hws_listen(world->runtime, url_new(url, ""), life, &block, &event, NULL, &listener), 1);
  hws_handle objects[] = {listener, link.ends.client, link.sessions.client, raw.client};
  enum { OBJECTS = sizeof objects / sizeof *objects };
  for (int i = 0; i < OBJECTS; i++) assert_status(hws_close(objects[i], &how, &event, NULL), HWS_E_AGAIN);
  assert_int_equal(hws_scope_cancel(life, 0, NULL), HWS_OK);
  for (int i = 1; i < OBJECTS; i++) assert_int_equal(hws_reset(objects[i], 0, NULL), HWS_OK);
  for (int i = 0; i < OBJECTS; i++) {
    hws_result result = 0;
    world_until(world, (result = hws_close(objects[i], &how, &event, NULL)) == 1 || result != HWS_E_AGAIN);
    assert_int_equal(result, 1);
    assert_status(event.status, HWS_OK);
    assert_status(hws_close(objects[i], &how, &event, NULL), HWS_E_HANDLE);
  }
  assert_int_equal(hws_close(scope, &how, &event, NULL), 1);
}

/* What is there is taken, as far as it goes. */
static void try_takes_a_part(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    enum { LARGE = 8 << 20 };
    uint8_t *bytes = malloc(LARGE);
    struct hws_vec vec = {.ptr = bytes, .len = LARGE};
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    struct hws_event event;
    assert_non_null(bytes);
    pattern_fill(9, 0, bytes, LARGE);
    assert_int_equal(hws_send(link.ends.client, &vec, 1, &how, &event, NULL), 1);
    assert_status(event.status, HWS_OK);
    assert_true(event.bytes > 0 && event.bytes < LARGE);
    uint64_t taken = event.bytes;
    memset(bytes, 0, LARGE);
    drain(link.ends.server, 9, 0, taken);
    assert_status(hws_recv(link.ends.server, &vec, 1, &how, &event, NULL), HWS_E_AGAIN);
    send_all(link.ends.client, "abc", 3);
    world_until(world, hws_recv(link.ends.server, &vec, 1, &how, &event, NULL) == 1);
    assert_in_range(event.bytes, through_chaos() ? 1 : 3, 3);
    free(bytes);
    link_close(&link);
  }
}

/* ---- RELATIVE ---- */

static void relative_deadlines(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  uint8_t byte;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_how how = how_queue(world);
  hws_handle op = 0;
  uint64_t before = hws_now();
  how.flags = HWS_RELATIVE;
  how.deadline_ns = 25 * MILLISECOND;
  assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, NULL, NULL), 0);
  world_await_status(world, how.tag, HWS_E_DEADLINE);
  assert_true(hws_now() - before >= 25 * MILLISECOND);
  /* As far as one likes: no overflow into the past. */
  how = how_queue(world);
  how.flags = HWS_RELATIVE;
  how.deadline_ns = UINT64_MAX;
  assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, NULL, &op), 0);
  how.deadline_ns = UINT64_MAX - hws_now();
  uint64_t first = how.tag;
  how.tag = world->next_tag++;
  assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, NULL, NULL), 0);
  world_turn(world);
  assert_int_equal(world->kept, 0);
  send_all(link.ends.server, "xy", 2);
  world_await_status(world, first, HWS_OK);
  world_await_status(world, how.tag, HWS_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(helpers_overlap),      EVERYWHERE(block_ends_by_deadline),   EVERYWHERE(block_leaves_the_queue_alone),
      EVERYWHERE(block_ends_by_close),  EVERYWHERE(try_never_pends),          EVERYWHERE(try_takes_a_part),
      EVERYWHERE(tries_begin_no_drain), EVERYWHERE(tries_close_what_is_over), EVERYWHERE(relative_deadlines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
