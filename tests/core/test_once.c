/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-9, CAN-2, CAN-9: every op ends exactly once, with its tag, and with the status that tells the truth about
 * why, whatever ends it, be it the op's own doing or its object's end. Every kind of op by every way of ending.
 */
#include "tests/core/scenes.h"

#include <stdio.h>

enum ending {
  BY_SUCCESS,
  BY_CANCEL,
  BY_SCOPE,
  BY_DEADLINE,
  BY_RELATIVE_DEADLINE,
  BY_SCOPE_DEADLINE,
  BY_CLOSE,
  BY_RESET,
  BY_SESSION_RESET,
  BY_RUNTIME,
  ENDINGS
};

enum { CODE = HWS_CODE_APPLICATION + 7 };
#define SOON (20 * MILLISECOND)

static const char *const ending_names[ENDINGS] = {
    "success",        "cancel", "scope", "deadline",      "relative deadline",
    "scope deadline", "close",  "reset", "session reset", "join"};

static bool applies(const struct scene_kind *kind, enum ending ending) {
  bool close = kind->kind == HWS_KIND_CLOSE;
  switch (ending) {
  case BY_SUCCESS:
    return kind->let != NULL;
  case BY_CLOSE:
    return !close;
  case BY_RESET:
    return kind->kind != HWS_KIND_DIAL && !close && (kind->target == TARGET_STREAM || kind->target == TARGET_SESSION);
  case BY_SESSION_RESET:
    return kind->carrier == MUX && kind->target == TARGET_STREAM;
  default:
    return true;
  }
}

static hws_handle scope_for(struct world *world, enum ending ending) {
  hws_handle scope = 0;
  uint64_t deadline = ending == BY_SCOPE_DEADLINE ? hws_now() + SOON : 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, deadline, &scope), HWS_OK);
  return scope;
}

static int32_t reset(struct scene *scene, hws_handle object) {
  assert_int_equal(hws_reset(object, CODE, "reset by the test"), HWS_OK);
  /* A close that is cut short says so; a probe is answered. */
  return scene->kind->probe && scene->kind->kind != HWS_KIND_CLOSE ? HWS_OK : HWS_E_CANCELED;
}

/* Its own doing, not its object's end. */
static bool is_own(enum ending ending) {
  return ending >= BY_CANCEL && ending <= BY_SCOPE_DEADLINE;
}

/* Bring it about; what the event has to say. */
static int32_t bring_about(struct scene *scene, enum ending ending, hws_handle op, hws_handle scope) {
  switch (ending) {
  case BY_SUCCESS:
    scene->kind->let(scene);
    return HWS_OK;
  case BY_CANCEL:
    assert_int_equal(hws_cancel(op), HWS_OK);
    return HWS_E_CANCELED;
  case BY_SCOPE:
    assert_int_equal(hws_scope_cancel(scope, 0, NULL), HWS_OK);
    return HWS_E_CANCELED;
  case BY_CLOSE:
    assert_int_equal(hws_close(scene->target, NULL, NULL, NULL), 0);
    return HWS_E_CLOSED;
  case BY_RESET:
    return reset(scene, scene->target);
  case BY_SESSION_RESET:
    return reset(scene, scene->link.sessions.client);
  default:
    return HWS_E_DEADLINE;
  }
}

static struct hws_how how_for(struct scene *scene, enum ending ending, hws_handle *scope) {
  struct hws_how how = how_queue(scene->world);
  if (ending == BY_SCOPE || ending == BY_SCOPE_DEADLINE) *scope = how.scope = scope_for(scene->world, ending);
  if (ending == BY_DEADLINE) how.deadline_ns = hws_now() + SOON;
  if (ending == BY_RELATIVE_DEADLINE) how.deadline_ns = SOON;
  if (ending == BY_RELATIVE_DEADLINE) how.flags |= HWS_RELATIVE;
  return how;
}

/* At the end of a success by acquire, the lease is ours. */
static void settle(const struct hws_event *event) {
  if (event->kind == HWS_KIND_ACQUIRE && event->status == HWS_OK)
    assert_int_equal(hws_release(event->code, event->bytes), HWS_OK);
}

static void end_one(struct world *world, const struct scene_kind *kind, enum ending ending) {
  struct scene scene;
  hws_handle scope = 0;
  hws_handle op = 0;
  struct hws_event event;
  if (!scene_open(&scene, world, kind)) return;
  struct hws_how how = how_for(&scene, ending, &scope);
  hws_result result = kind->submit(&scene, &how, NULL, &op);
  assert_status(result, HWS_OK);
  assert_true(op != 0);
  if (ending == BY_CANCEL) {
    world_turn(world);
    assert_false(world_has(world, how.tag, &event)); /* it does pend */
  }
  int32_t status = bring_about(&scene, ending, op, scope);
  event = world_await_status(world, how.tag, status);
  assert_int_equal(event.kind, kind->kind);
  assert_true(event.op == op);
  assert_int_equal(event.flags & HWS_EVENT_OP, is_own(ending) ? HWS_EVENT_OP : 0);
  bool reset = ending == BY_RESET || ending == BY_SESSION_RESET;
  if (reset && status != HWS_OK) assert_int_equal(event.code, CODE);
  if (status != HWS_OK && kind->kind != HWS_KIND_SEND) assert_int_equal(event.bytes, 0);
  assert_status(hws_cancel(op), HWS_E_HANDLE); /* harvested: stale */
  settle(&event);
  scene_close(&scene);
  if (scene.blocker) world_await(world, scene.blocker);
  if (scope) assert_int_equal(hws_close(scope, NULL, NULL, NULL), 0);
  world_turn(world);
  assert_false(world_has(world, how.tag, &event)); /* and never again */
}

static void ends_once(void **state) {
  for (size_t i = 0; i < scene_count; i++)
    for (enum ending ending = 0; ending < BY_RUNTIME; ending++) {
      if (!applies(&scene_kinds[i], ending)) continue;
      print_message("         %s by %s\n", scene_kinds[i].name, ending_names[ending]);
      end_one(*state, &scene_kinds[i], ending);
    }
}

/* The done-at-once path: ops that need not wait, with and without an out. */
static void ends_at_once(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle listener = 0;
  hws_handle op = 0;
  struct hws_event event;
  struct hws_how how = how_queue(world);
  url_new(url, "");
  assert_int_equal(hws_listen(world->runtime, url, 0, &how, NULL, &op, &listener), 0);
  event = world_await_status(world, how.tag, HWS_OK);
  assert_int_equal(event.kind, HWS_KIND_LISTEN);
  assert_true(event.object == listener && event.op == op);
  how = how_queue(world);
  assert_int_equal(hws_close(listener, &how, NULL, NULL), 0);
  event = world_await_status(world, how.tag, HWS_OK);
  assert_int_equal(event.kind, HWS_KIND_CLOSE);
  assert_true(event.object == listener);

  /* With an out, the event comes once: there, or in the queue. */
  struct link link = link_open(world, MUX);
  how = how_queue(world);
  struct hws_vec vec = {.ptr = (char[]){'x'}, .len = 1};
  assert_int_equal(hws_send(link.ends.client, &vec, 1, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(event.tag, how.tag);
  assert_int_equal(event.bytes, 1);
  world_turn(world);
  assert_false(world_has(world, how.tag, &event));
  expect_bytes(link.ends.server, "x");
  link_close(&link);
}

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(ends_at_once), EVERYWHERE(ends_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
