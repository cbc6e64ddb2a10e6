/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN-0, CAN-2, CAN-3, CAN-6, CAN-9: deadlines. Of an op, its scope and that scope's parents the earliest holds;
 * nothing ends before it; what ends by it says exactly HWS_E_DEADLINE, and the stream stays usable.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/core/scenes.h"

enum { SEED = 21, LARGE = 8 << 20 };
#define SOON (4 * MILLISECOND)
#define FAR (3600 * SECOND)

static hws_handle scope_until(struct world *world, hws_handle parent, uint64_t deadline) {
  hws_handle scope = 0;
  assert_int_equal(hws_scope_open(world->runtime, parent, deadline, &scope), HWS_OK);
  return scope;
}

/* ---- CAN-9, CAN-6: every kind, by whichever deadline is the earliest ---- */

enum earliest { OP, OP_RELATIVE, SCOPE, PARENT, GRANDPARENT, EARLIEST };

/* A family of three scopes and the op itself; all but one have an hour. */
static struct hws_how how_until(struct world *world, enum earliest earliest, uint64_t soon, hws_handle family[3]) {
  struct hws_how how = how_queue(world);
  uint64_t far = soon + FAR;
  family[0] = scope_until(world, 0, earliest == GRANDPARENT ? soon : far);
  family[1] = scope_until(world, family[0], earliest == PARENT ? soon : 0);
  family[2] = how.scope = scope_until(world, family[1], earliest == SCOPE ? soon : far);
  how.deadline_ns = earliest == OP ? soon : far;
  if (earliest == OP_RELATIVE) how.flags = HWS_RELATIVE;
  if (earliest == OP_RELATIVE) how.deadline_ns = SOON;
  return how;
}

static void the_earliest_holds(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++)
    for (enum earliest earliest = 0; earliest < EARLIEST; earliest++) {
      struct scene scene;
      hws_handle family[3];
      if (!scene_open(&scene, world, &scene_kinds[i])) continue;
      uint64_t soon = hws_now() + SOON;
      struct hws_how how = how_until(world, earliest, soon, family);
      if (scene_kinds[i].submit(&scene, &how, NULL, NULL) != 0) fail_msg("%s was refused", scene_kinds[i].name);
      struct hws_event event = world_await(world, how.tag);
      if (event.status != HWS_E_DEADLINE)
        fail_msg("%s, case %d: %s", scene_kinds[i].name, (int)earliest, hws_status_name(event.status));
      assert_true(hws_now() >= soon);
      assert_int_equal(event.kind, scene_kinds[i].kind);
      scene_close(&scene);
      if (scene.blocker) world_await(world, scene.blocker);
      for (int member = 3; member-- > 0;) close_handle(family[member]);
    }
}

/* A deadline that was kept is forgotten: it ends neither the op again nor anything else, when its time comes. */
static void kept_deadlines_are_forgotten(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < scene_count; i++) {
    struct scene scene;
    uint16_t kind = scene_kinds[i].kind;
    /* What lets these succeed waits for bytes that do not come if the deadline was not kept. */
    if (kind == HWS_KIND_SEND || kind == HWS_KIND_SHUTDOWN || kind == HWS_KIND_CLOSE || !scene_kinds[i].let) continue;
    if (!scene_open(&scene, world, &scene_kinds[i])) continue;
    struct hws_how how = how_queue(world);
    uint64_t deadline = how.deadline_ns = hws_now() + 40 * MILLISECOND;
    assert_int_equal(scene_kinds[i].submit(&scene, &how, NULL, NULL), 0);
    scene.kind->let(&scene);
    struct hws_event event = world_await(world, how.tag);
    /* On a slow machine it may not have been kept. */
    bool kept = event.status == HWS_OK;
    if (!kept) assert_status(event.status, HWS_E_DEADLINE);
    if (!kept) assert_true(hws_now() >= deadline);
    if (event.kind == HWS_KIND_ACQUIRE && kept) assert_int_equal(hws_release(event.code, event.bytes), HWS_OK);
    world_until(world, hws_now() > deadline);
    world_turn(world);
    assert_false(world_has(world, how.tag, &event));
    scene_close(&scene);
    if (scene.blocker) world_await(world, scene.blocker);
  }
}

/* ---- CAN-3: past at the call ---- */

/* The kinds that end at once by themselves have no scene: listen, and a close that has nothing to wait for. */
static void past_deadlines_of_listen_and_close(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle made = 0;
  struct hws_event event;
  hws_handle past = scope_until(world, scope_until(world, 0, 1), 0);
  assert_status(hws_scope_status(past), HWS_E_DEADLINE);
  for (int scoped = 0; scoped < 2; scoped++) {
    struct hws_how how = how_queue(world);
    if (scoped)
      how.scope = past;
    else
      how.deadline_ns = 1;
    assert_int_equal(hws_listen(world->runtime, url_new(url, ""), 0, &how, &event, NULL, &made), 1);
    assert_status(event.status, HWS_E_DEADLINE);
    assert_true(made == 0 && event.object == 0);
    hws_handle listener = listen_at(world, url); /* nobody else does */
    how.tag = world->next_tag++;
    assert_int_equal(hws_close(listener, &how, NULL, NULL), 0);
    world_await_status(world, how.tag, HWS_E_DEADLINE);
    assert_status(hws_detail(listener, &(struct hws_detail){.size = sizeof(struct hws_detail)}), HWS_E_HANDLE);
    struct hws_event late = {.status = HWS_E_IN_USE};
    struct hws_how block = how_block();
    while (late.status == HWS_E_IN_USE) /* closed it is, all the same */
      assert_int_equal(hws_listen(world->runtime, url, 0, &block, &late, NULL, &listener), 1);
    assert_status(late.status, HWS_OK);
    close_handle(listener);
  }
}

/* A close that may not wait any longer does not: what was not on its way is discarded, and the peer learns it. */
static void past_deadlines_discard(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  uint64_t filled = fill_up(link.ends.client, SEED);
  struct hws_how how = how_queue(world);
  how.deadline_ns = 1;
  assert_int_equal(hws_close(link.ends.client, &how, NULL, NULL), 0);
  world_await_status(world, how.tag, HWS_E_DEADLINE);
  uint8_t *bytes = malloc(filled);
  int32_t status = HWS_OK;
  assert_non_null(bytes);
  while (status == HWS_OK) status = recv_once(link.ends.server, bytes, filled).status;
  assert_status(status, HWS_E_RESET);
  free(bytes);
  /* CAN-1 */
  link.ends.client = open_stream(link.sessions.client);
  hws_handle other = accept_stream(link.sessions.server);
  send_all(link.ends.client, "another", 7);
  expect_bytes(other, "another");
  close_handle(other);
  link_close(&link);
}

/* ---- CAN-0: the stream stays usable ---- */

/* Receive up to so many bytes of the pattern, until that op has ended. Returns how many. */
static uint64_t drain_beside(struct world *world, hws_handle stream, uint64_t most, uint64_t tag,
                             struct hws_event *event) {
  static uint8_t bytes[32 * 1024];
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  uint64_t done = 0;
  while (done < most && !world_has(world, tag, event)) {
    struct hws_event got;
    struct hws_vec vec = {.ptr = bytes, .len = most - done < sizeof bytes ? most - done : sizeof bytes};
    if (hws_recv(stream, &vec, 1, &how, &got, NULL) != 1) {
      world_turn(world);
      continue;
    }
    assert_status(got.status, HWS_OK);
    pattern_expect(SEED, done, bytes, got.bytes);
    done += got.bytes;
  }
  if (done == most) *event = world_await(world, tag);
  return done;
}

/* A send that is cut off says what was taken, and what follows it is in its place. */
static void sends_report_what_was_taken(void **state) {
  struct world *world = *state;
  uint8_t *bytes = malloc(LARGE);
  assert_non_null(bytes);
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++)
    for (uint64_t most = 0; most <= 2 << 20; most += (1 << 20) + 4321) {
      struct link link = link_open(world, carrier);
      struct hws_how how = how_queue(world);
      struct hws_vec vec = {.ptr = bytes, .len = LARGE};
      how.flags = HWS_RELATIVE;
      how.deadline_ns = 60 * MILLISECOND;
      pattern_fill(SEED, 0, bytes, LARGE);
      assert_int_equal(hws_send(link.ends.client, &vec, 1, &how, NULL, NULL), 0);
      struct hws_event event;
      uint64_t before = drain_beside(world, link.ends.server, most, how.tag, &event);
      assert_status(event.status, HWS_E_DEADLINE);
      assert_true(event.bytes >= before && event.bytes < LARGE);
      memset(bytes, 0xee, LARGE); /* ours again */
      uint8_t tail[100];
      pattern_fill(SEED, event.bytes, tail, sizeof tail);
      uint64_t sent = post_send(world, link.ends.client, tail, sizeof tail);
      drain(link.ends.server, SEED, before, event.bytes + sizeof tail - before);
      world_await_status(world, sent, HWS_OK);
      link_close(&link);
    }
  free(bytes);
}

/* Deadlines that race what comes: every byte is received once, by one of the recvs. */
static void recvs_lose_nothing(void **state) {
  struct world *world = *state;
  enum { ROUNDS = 300, PIECE = 50 };
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    uint8_t piece[PIECE], got[3 * PIECE];
    uint64_t sent = 0, seen = 0;
    for (uint64_t i = 0; i < ROUNDS || seen < sent; i++) {
      struct hws_how how = how_queue(world);
      struct hws_vec in = {.ptr = got, .len = sizeof got};
      how.deadline_ns = hws_now() + i % 100 * 2000;
      memset(got, 0, sizeof got);
      assert_int_equal(hws_recv(link.ends.server, &in, 1, &how, NULL, NULL), 0);
      if (i < ROUNDS) {
        pattern_fill(SEED, sent, piece, sizeof piece);
        send_all(link.ends.client, piece, sizeof piece);
        sent += sizeof piece;
      }
      struct hws_event event = world_await(world, how.tag);
      if (event.status == HWS_OK) assert_true(event.bytes > 0);
      if (event.status != HWS_OK) assert_status(event.status, HWS_E_DEADLINE);
      if (event.status != HWS_OK) assert_true(event.bytes == 0 && got[0] == 0 && got[PIECE - 1] == 0);
      pattern_expect(SEED, seen, got, event.bytes);
      seen += event.bytes;
    }
    assert_true(seen == sent);
    link_close(&link);
  }
}

/* Whoever wins, the status is of the one that did: nothing else comes of a deadline beside a cancel. */
static void deadlines_beside_cancels(void **state) {
  struct world *world = *state;
  struct link link = link_open(world, MUX);
  unsigned won[2] = {0};
  for (uint64_t i = 0; i < 400; i++) {
    uint8_t byte;
    hws_handle op = 0;
    struct hws_vec vec = {.ptr = &byte, .len = 1};
    struct hws_how how = how_queue(world);
    uint64_t deadline = how.deadline_ns = hws_now() + i % 80 * 1000;
    assert_int_equal(hws_recv(link.ends.client, &vec, 1, &how, NULL, &op), 0);
    while (hws_now() < deadline) continue;
    assert_int_equal(hws_cancel(op), HWS_OK);
    struct hws_event event = world_await(world, how.tag);
    assert_true(event.status == HWS_E_DEADLINE || event.status == HWS_E_CANCELED);
    won[event.status == HWS_E_DEADLINE]++;
  }
  assert_int_equal(won[0] + won[1], 400);
}

/* ---- many at once ---- */

/* They end in the order of their deadlines, none too early, and those that end by themselves leave the others alone. */
static void in_their_order(void **state) {
  struct world *world = *state;
  enum { OPS = 600 };
  struct dice dice = {.state = 5};
  struct link link = link_open(world, RAW);
  static uint64_t deadlines[OPS];
  hws_handle ops[OPS];
  uint64_t first = world->next_tag, start = hws_now() + 50 * MILLISECOND, last = 0;
  for (int i = 0; i < OPS; i++) {
    struct hws_how how = how_queue(world);
    deadlines[i] = how.deadline_ns = start + dice_roll(&dice, 40) * MILLISECOND;
    assert_int_equal(hws_watch(link.ends.client, &how, NULL, &ops[i]), 0);
  }
  for (int i = 0; i < OPS; i += 3) assert_int_equal(hws_cancel(ops[i]), HWS_OK);
  for (int count = 0; count < OPS; count++) {
    struct hws_event event;
    hws_result got = 0;
    for (uint64_t until = hws_now() + LIMIT_NS; got == 0 && hws_now() < until;)
      got = hws_queue_wait(world->queue, &event, 1, (int64_t)SECOND);
    assert_int_equal(got, 1);
    uint64_t which = event.tag - first, deadline = deadlines[which];
    if (event.status == HWS_E_CANCELED) {
      assert_int_equal(which % 3, 0);
      continue;
    }
    assert_status(event.status, HWS_E_DEADLINE);
    assert_true(hws_now() >= deadline);
    assert_true(deadline >= last);
    last = deadline;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(the_earliest_holds),          EVERYWHERE(kept_deadlines_are_forgotten),
      EVERYWHERE(past_deadlines_discard),      EVERYWHERE(past_deadlines_of_listen_and_close),
      EVERYWHERE(sends_report_what_was_taken), EVERYWHERE(recvs_lose_nothing),
      EVERYWHERE(deadlines_beside_cancels),    EVERYWHERE(in_their_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
