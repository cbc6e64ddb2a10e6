/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-9, OP-10, CAN-12: an end that comes while its op is being submitted is not lost, one that comes when the op
 * has ended is, and a runtime that ends meanwhile ends what is being made.
 *
 * The moment is met by standing behind op_new: the op can be seen then, and pends nowhere yet. For some kinds a lock is
 * held there, on which what comes meanwhile waits.
 */
#include <stdatomic.h>
#include <unistd.h>

#include "core/op.h"
#include "tests/core/scenes.h"

static struct {
  enum hws_kind kind; /* 0: stands aside */
  void (*run)(void *argument);
  struct thread *thread;
  hws_handle op;
  hws_handle runtime;
  uint64_t patience;
  atomic_bool done;
} meanwhile;

typedef void revoke_function(struct op *op);
struct op *__real_op_new(const struct request *request, struct runtime *runtime, struct object *on, enum hws_kind kind,
                         revoke_function *revoke, int *status);
struct op *__wrap_op_new(const struct request *request, struct runtime *runtime, struct object *on, enum hws_kind kind,
                         revoke_function *revoke, int *status);

struct op *__wrap_op_new(const struct request *request, struct runtime *runtime, struct object *on, enum hws_kind kind,
                         revoke_function *revoke, int *status) {
  struct op *op = __real_op_new(request, runtime, on, kind, revoke, status);
  if (!op || meanwhile.kind != kind) return op;
  meanwhile.kind = HWS_KIND_NONE;
  meanwhile.op = op->object.handle;
  meanwhile.thread = thread_start(meanwhile.run, NULL);
  uint64_t until = hws_now() + meanwhile.patience;
  while (!atomic_load(&meanwhile.done) && hws_now() < until) usleep(100);
  return op;
}

static void cancel_it(void *argument) {
  (void)argument;
  hws_cancel(meanwhile.op);
  atomic_store(&meanwhile.done, true);
}

static void join_it(void *argument) {
  (void)argument;
  hws_runtime_join(meanwhile.runtime, 0);
  atomic_store(&meanwhile.done, true);
}

/* No lock is held where their ops are made, for which a cancel might wait. */
static bool is_free(enum hws_kind kind) {
  return kind == HWS_KIND_LISTEN || kind == HWS_KIND_DIAL || kind == HWS_KIND_CLOSE;
}

static void meanwhile_begin(struct world *world, enum hws_kind kind, void (*run)(void *argument)) {
  meanwhile.run = run;
  meanwhile.runtime = world->runtime;
  meanwhile.patience = run == cancel_it && !is_free(kind) ? 20 * MILLISECOND : LIMIT_NS;
  meanwhile.thread = NULL;
  atomic_store(&meanwhile.done, false);
  meanwhile.kind = kind;
}

static void meanwhile_end(void) {
  assert_int_equal(meanwhile.kind, HWS_KIND_NONE);
  assert_non_null(meanwhile.thread);
  thread_join(meanwhile.thread);
}

/* Once, and its own doing. */
static void expect_canceled(struct world *world, uint64_t tag, uint16_t kind) {
  struct hws_event event = world_await_status(world, tag, HWS_E_CANCELED);
  assert_int_equal(event.kind, kind);
  assert_int_equal(event.flags, HWS_EVENT_OP);
  assert_true(event.op == meanwhile.op);
  assert_status(hws_cancel(event.op), HWS_E_HANDLE);
}

/* ---- a cancel in the middle of the call ---- */

static void cancels_are_not_lost(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    struct hws_event event;
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    struct hws_how how = how_queue(world);
    print_message("         %s\n", scene_kinds[i].name);
    meanwhile_begin(world, scene_kinds[i].kind, cancel_it);
    assert_status(scene.kind->submit(&scene, &how, NULL, NULL), HWS_OK);
    meanwhile_end();
    expect_canceled(world, how.tag, scene_kinds[i].kind);
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
    world_turn(world);
    assert_false(world_has(world, how.tag, &event));
  }
}

/* One that would not have pended: nobody listens there, and somebody else can. */
static void listens_are_not_lost(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle listener = 0;
  struct hws_how how = how_queue(world);
  meanwhile_begin(world, HWS_KIND_LISTEN, cancel_it);
  assert_status(hws_listen(world->runtime, url_new(url, ""), 0, &how, NULL, NULL, &listener), HWS_OK);
  meanwhile_end();
  expect_canceled(world, how.tag, HWS_KIND_LISTEN);
  close_handle(listener);
  close_handle(listen_at(world, url));
}

/* Closes that would not have pended: the object is closed all the same. */
static void closes_are_not_lost(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  struct link link = link_open(world, MUX);
  struct pair raw = pair_raw(world, here->scheme);
  hws_handle objects[] = {listen_at(world, url_new(url, "")), link.ends.client, link.sessions.server, raw.client};
  for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
    struct hws_how how = how_queue(world);
    meanwhile_begin(world, HWS_KIND_CLOSE, cancel_it);
    assert_status(hws_close(objects[i], &how, NULL, NULL), HWS_OK);
    meanwhile_end();
    expect_canceled(world, how.tag, HWS_KIND_CLOSE);
    assert_status(hws_close(objects[i], NULL, NULL, NULL), HWS_E_HANDLE);
  }
  world_until(world, recv_status(raw.server) != HWS_E_AGAIN);
}

/* ---- the runtime's end in the middle of the call ---- */

static hws_result submit_listen(struct scene *scene, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  char url[URL_MAX];
  return hws_listen(scene->world->runtime, url_new(url, ""), 0, how, out, op, &scene->made);
}

static void set_nothing(struct scene *scene) {
  (void)scene;
}

static const struct scene_kind listening = {
    .name = "listen", .kind = HWS_KIND_LISTEN, .target = TARGET_NONE, .set = set_nothing, .submit = submit_listen};

/* Without a lock that the end would wait for. */
static bool makes_alone(const struct scene_kind *kind) {
  return kind->kind == HWS_KIND_DIAL || (kind->kind == HWS_KIND_ACCEPT && kind->target == TARGET_LISTENER);
}

static void end_meanwhile(const struct scene_kind *kind) {
  struct world *world = world_open(here->flags);
  struct world *before = here_world;
  struct scene scene;
  here_world = world;
  bool here_too = scene_open(&scene, world, kind);
  if (here_too) {
    struct hws_how how = how_queue(world);
    print_message("         %s\n", kind->name);
    meanwhile_begin(world, kind->kind, join_it);
    hws_result result = kind->submit(&scene, &how, NULL, NULL);
    meanwhile_end();
    if (result != HWS_E_CLOSED) assert_status(result, HWS_OK); /* it was refused, or begun and ended */
    if (result == HWS_OK) assert_int_equal(world_await_status(world, how.tag, HWS_E_CLOSED).flags & HWS_EVENT_OP, 0);
  }
  world_join(world); /* within its limit */
  if (here_too) scene_close(&scene);
  here_world = before;
}

static void joins_end_what_is_being_made(void **state) {
  (void)state;
  end_meanwhile(&listening);
  for (size_t i = 0; i < scene_count; i++)
    if (makes_alone(&scene_kinds[i])) end_meanwhile(&scene_kinds[i]);
}

/* ---- too late ---- */

/* A canceller that found the op pending, and comes to its kind only when that has ended. */
static void ask_late(struct op *op) {
  op_revoke(op, HWS_E_CANCELED);
  object_unpin(&op->object);
}

static struct op *pin_op(hws_handle handle) {
  struct object *object = NULL;
  assert_int_equal(handle_pin(handle, OBJECT_OP, &object), HWS_OK);
  return (struct op *)object;
}

static void expect_alive(hws_handle object) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  assert_int_equal(detail_of(object).status, HWS_OK);
  assert_status(hws_watch(object, &how, &event, NULL), HWS_E_AGAIN);
}

static void late_asks_do_nothing(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    hws_handle handle = 0;
    if (!scene_kinds[i].let || !scene_open(&scene, world, &scene_kinds[i])) continue;
    struct hws_how how = how_queue(world);
    print_message("         %s\n", scene_kinds[i].name);
    assert_status(scene.kind->submit(&scene, &how, NULL, &handle), HWS_OK);
    struct op *op = pin_op(handle);
    scene.kind->let(&scene);
    struct hws_event event = world_await_status(world, how.tag, HWS_OK);
    assert_int_equal(event.flags & HWS_EVENT_OP, 0);
    ask_late(op);
    if (event.kind != HWS_KIND_CLOSE) expect_alive(scene.target);
    if (event.kind == HWS_KIND_DIAL || event.kind == HWS_KIND_ACCEPT) expect_alive(scene.made);
    if (event.kind == HWS_KIND_ACQUIRE) assert_int_equal(hws_release(event.code, event.bytes), HWS_OK);
    world_turn(world);
    assert_false(world_has(world, how.tag, &event));
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
  }
}

/* The op is looked up while it is submitted, and asked when the listen has said that it listens. */
static struct op *seen;

static void see_it(void *argument) {
  (void)argument;
  seen = pin_op(meanwhile.op);
  atomic_store(&meanwhile.done, true);
}

static void late_asks_leave_listeners_alone(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle listener = 0;
  struct hws_how how = how_queue(world);
  meanwhile_begin(world, HWS_KIND_LISTEN, see_it);
  assert_status(hws_listen(world->runtime, url_new(url, ""), 0, &how, NULL, NULL, &listener), HWS_OK);
  meanwhile_end();
  world_await_status(world, how.tag, HWS_OK);
  ask_late(seen);
  expect_alive(listener);
  connect_at(world, listener, "");
  close_handle(listener);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(cancels_are_not_lost), EVERYWHERE(listens_are_not_lost),
      EVERYWHERE(closes_are_not_lost),  EVERYWHERE(joins_end_what_is_being_made),
      EVERYWHERE(late_asks_do_nothing), EVERYWHERE(late_asks_leave_listeners_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
