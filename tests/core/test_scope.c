/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-6, CAN-7, CAN-9: scopes are a tree. What ends one ends all below it, and nothing beside or above; a child's
 * deadline is never later than its parent's; and all of it may be done twice, late, or with nothing there to end.
 */
#include <stdlib.h>

#include "tests/core/places.h"

static hws_handle scope_under(struct world *world, hws_handle parent, uint64_t deadline) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(world->runtime, parent, deadline, &scope), HWS_OK);
  return scope;
}

static uint64_t watch_under(struct world *world, hws_handle watched, hws_handle scope) {
  struct hws_how how = how_scoped(world, scope);
  assert_int_equal(hws_watch(watched, &how, NULL, NULL), 0);
  return how.tag;
}

/* A tree of three generations, with an op under each. */
static void a_subtree_ends(void **state) {
  struct world *world = *state;
  enum { WIDTH = 4, ALL = 1 + WIDTH + WIDTH * WIDTH };
  struct link link = link_open(world, RAW);
  for (int victim = 0; victim < ALL; victim += 2) {
    hws_handle scopes[ALL];
    uint64_t tags[ALL], watches[ALL];
    for (int i = 0; i < ALL; i++) {
      scopes[i] = scope_under(world, i ? scopes[(i - 1) / WIDTH] : 0, 0);
      tags[i] = watch_under(world, link.ends.client, scopes[i]);
      watches[i] = post_watch(world, scopes[i]);
    }
    assert_int_equal(hws_scope_cancel(scopes[victim], 99, "pruned"), HWS_OK);
    for (int i = 0; i < ALL; i++) {
      bool below = i == victim;
      for (int up = i; up && !below; up = (up - 1) / WIDTH) below = (up - 1) / WIDTH == victim;
      struct hws_event event;
      assert_status(hws_scope_status(scopes[i]), below ? HWS_E_CANCELED : HWS_OK);
      if (below) world_await_status(world, tags[i], HWS_E_CANCELED);
      if (below) assert_int_equal(world_await_status(world, watches[i], HWS_E_CANCELED).code, 99);
      if (below) expect_detail(scopes[i], HWS_E_CANCELED, "pruned");
      if (!below) world_turn(world);
      if (!below) assert_false(world_has(world, tags[i], &event));
    }
    hws_scope_cancel(scopes[0], 0, NULL);
    for (int i = ALL - 1; i >= 0; i--) close_handle(scopes[i]);
    world->kept = 0;
  }
}

static void a_scope_under_one_that_ended(void **state) {
  struct world *world = *state;
  hws_handle parent = scope_under(world, 0, 0);
  assert_int_equal(hws_scope_cancel(parent, 7, "before"), HWS_OK);
  hws_handle child = scope_under(world, parent, 0);
  assert_status(hws_scope_status(child), HWS_E_CANCELED);
  expect_detail(child, HWS_E_CANCELED, "before");
  struct hws_how how = how_queue(world);
  struct hws_event event;
  assert_int_equal(hws_watch(child, &how, &event, NULL), 1);
  assert_status(event.status, HWS_E_CANCELED);
  assert_int_equal(event.code, 7);
}

/* CAN-6: the earlier of the two holds, whichever's it is. */
static void deadlines_are_inherited(void **state) {
  struct world *world = *state;
  uint64_t now = hws_now();
  struct link link = link_open(world, RAW);
  hws_handle soon = scope_under(world, 0, now + 30 * MILLISECOND);
  hws_handle later = scope_under(world, soon, now + 3600 * SECOND);
  hws_handle none = scope_under(world, later, 0);
  hws_handle far = scope_under(world, 0, now + 3600 * SECOND);
  hws_handle sooner = scope_under(world, far, now + 40 * MILLISECOND);
  uint64_t of_later = watch_under(world, link.ends.client, later);
  uint64_t of_none = watch_under(world, link.ends.client, none);
  uint64_t of_far = watch_under(world, link.ends.client, far);
  uint64_t of_sooner = watch_under(world, link.ends.client, sooner);
  world_await_status(world, of_later, HWS_E_DEADLINE);
  world_await_status(world, of_none, HWS_E_DEADLINE);
  world_await_status(world, of_sooner, HWS_E_DEADLINE);
  assert_true(hws_now() >= now + 40 * MILLISECOND);
  assert_status(hws_scope_status(soon), HWS_E_DEADLINE);
  assert_status(hws_scope_status(later), HWS_E_DEADLINE);
  assert_status(hws_scope_status(none), HWS_E_DEADLINE);
  assert_status(hws_scope_status(sooner), HWS_E_DEADLINE);
  assert_status(hws_scope_status(far), HWS_OK);
  struct hws_event event;
  assert_false(world_has(world, of_far, &event));
  /* A deadline that has passed counts also where nobody drives. */
  hws_handle past = scope_under(world, 0, 1);
  assert_status(hws_scope_status(past), HWS_E_DEADLINE);
}

/* CAN-7 */
static void harmless_repeats(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  hws_handle scope = scope_under(world, 0, 0);
  assert_int_equal(hws_scope_cancel(scope, 1, "first"), HWS_OK); /* with no ops */
  assert_int_equal(hws_scope_cancel(scope, 2, "second"), HWS_OK);
  struct hws_detail detail = detail_of(scope);
  assert_string_equal(detail.text, "first");
  assert_int_equal(detail.code, 1);
  close_handle(scope);
  assert_status(hws_scope_cancel(scope, 0, NULL), HWS_E_HANDLE);
  /* One whose op has ended. */
  scope = scope_under(world, 0, 0);
  char buffer[4];
  struct hws_how how = how_scoped(world, scope);
  struct hws_vec vec = {.ptr = buffer, .len = sizeof buffer};
  assert_int_equal(hws_recv(link.ends.server, &vec, 1, &how, NULL, NULL), 0);
  send_all(link.ends.client, "done", 4);
  world_await_status(world, how.tag, HWS_OK);
  assert_int_equal(hws_scope_cancel(scope, 0, NULL), HWS_OK);
  assert_memory_equal(buffer, "done", 4);
}

/* Closing cancels nothing: what stands under it goes on, and still ends with the parent. */
static void a_closed_scope_lives_on_in_its_ops(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, RAW);
  hws_handle parent = scope_under(world, 0, 0);
  hws_handle scope = scope_under(world, parent, 0);
  hws_handle child = scope_under(world, scope, 0);
  uint64_t first = watch_under(world, link.ends.client, scope);
  uint64_t second = watch_under(world, link.ends.client, child);
  close_handle(scope);
  world_turn(world);
  assert_int_equal(world->kept, 0);
  assert_int_equal(hws_scope_cancel(parent, 0, NULL), HWS_OK);
  world_await_status(world, first, HWS_E_CANCELED);
  world_await_status(world, second, HWS_E_CANCELED);
  assert_status(hws_scope_status(child), HWS_E_CANCELED);
}

/* The watch of a scope ends when that is closed, before the close. */
static void a_watch_ends_with_its_scope(void **state) {
  struct world *world = *state;
  hws_handle scope = scope_under(world, 0, 0);
  uint64_t watch = post_watch(world, scope);
  uint64_t closed = post_close(world, scope);
  struct hws_event events[2];
  uint32_t count = 0;
  while (count < 2) {
    hws_result more = hws_queue_wait(world->queue, events + count, 2 - count, (int64_t)LIMIT_NS);
    assert_true(more > 0);
    count += (uint32_t)more;
  }
  assert_int_equal(events[0].tag, watch);
  assert_status(events[0].status, HWS_E_CLOSED);
  assert_int_equal(events[1].tag, closed);
  assert_status(events[1].status, HWS_OK);
}

/* As deep as one likes, freed from either end. */
static void deep(void **state) {
  struct world *world = *state;
  enum { DEPTH = 100000 };
  hws_handle *scopes = calloc(DEPTH, sizeof *scopes);
  struct link link = link_open(world, RAW);
  assert_non_null(scopes);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < DEPTH; i++) scopes[i] = scope_under(world, i ? scopes[i - 1] : 0, 0);
    uint64_t tag = watch_under(world, link.ends.client, scopes[DEPTH - 1]);
    if (round) {
      for (int i = 0; i < DEPTH - 1; i++) assert_int_equal(hws_close(scopes[i], NULL, NULL, NULL), 0);
      assert_int_equal(hws_scope_cancel(scopes[DEPTH - 1], 0, NULL), HWS_OK);
    } else {
      assert_int_equal(hws_scope_cancel(scopes[0], 0, NULL), HWS_OK);
      assert_status(hws_scope_status(scopes[DEPTH - 1]), HWS_E_CANCELED);
    }
    world_await_status(world, tag, HWS_E_CANCELED);
    for (int i = round ? DEPTH - 1 : 0; i < DEPTH; i++) assert_int_equal(hws_close(scopes[i], NULL, NULL, NULL), 0);
  }
  free(scopes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_subtree_ends),
      EVERYWHERE(a_scope_under_one_that_ended),
      EVERYWHERE(deadlines_are_inherited),
      EVERYWHERE(harmless_repeats),
      EVERYWHERE(deep),
      EVERYWHERE(a_closed_scope_lives_on_in_its_ops),
      EVERYWHERE(a_watch_ends_with_its_scope),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
