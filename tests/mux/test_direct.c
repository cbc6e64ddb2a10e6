/* SPDX-License-Identifier: Apache-2.0
 *
 * Direct reads: a recv whose memory the carrier fills itself ends like every other, once, whatever ends it, and takes
 * with it exactly the bytes that it says (OP-1, OP-5, CAN-0).
 */
#include "tests/mux/peer.h"

#include <string.h>

enum { BODY = 60000, ROOM = 100000 };

static uint8_t body[BODY];
static uint8_t memory[ROOM];

struct scene {
  struct world *world;
  struct peer *peer;
  hws_handle stream;
  uint32_t id;
  uint64_t tag;
  hws_handle op;
};

/* A recv waits, and then the header of the frame that serves it comes alone: the read that follows it is direct. */
static void wait_directly(struct scene *scene) {
  struct hws_vec vec = {.ptr = memory, .len = ROOM};
  struct hws_how how = how_queue(scene->world);
  uint64_t frames = stat_of(scene->peer->session, "frames_in");
  pattern_fill(1, 0, body, BODY);
  assert_int_equal(hws_recv(scene->stream, &vec, 1, &how, NULL, &scene->op), 0);
  scene->tag = how.tag;
  assert_true(peer_say(scene->peer, FRAME_DATA, 0, scene->id, BODY));
  world_until(scene->world, stat_of(scene->peer->session, "frames_in") > frames);
  (void)detail_of(scene->peer->session); /* takes the lock under which the next read is decided */
}

static struct scene begin(struct world *world) {
  struct scene scene = {.world = world, .peer = peer_open(world, HWS_ROLE_CLIENT, NULL)};
  scene.stream = peer_is_opened(scene.peer, &scene.id);
  wait_directly(&scene);
  return scene;
}

static struct scene begin_native(struct world *world) {
  struct scene scene = {.world = world, .peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL), .id = 2};
  assert_true(peer_say_open(scene.peer, scene.id, &(struct opening){0}));
  scene.stream = accept_stream(scene.peer->session);
  wait_directly(&scene);
  return scene;
}

/* Some more of the body, so that the read that is out now is one that knows of the recv. */
static void say(struct scene *scene, size_t from, size_t to) {
  assert_true(peer_say_raw(scene->peer, body + from, to - from));
}

static void end(struct scene *scene) {
  peer_close(scene->peer);
}

/* A recv that waits when a large body begins gets it without a copy, in order, with what stands before and behind it.
 */
static void bodies_are_read_directly(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(9, 0, body, BODY);
  for (uint64_t frame = 1; frame <= 3; frame++) {
    uint64_t tag = post_recv(world, stream, memory, ROOM);
    assert_true(peer_say(peer, FRAME_DATA, 0, id, BODY));
    world_until(world, stat_of(peer->session, "frames_in") == frame);
    assert_true(peer_say_raw(peer, body, BODY));
    size_t done = world_await_status(world, tag, HWS_OK).bytes;
    if (done < BODY) recv_exactly(stream, memory + done, BODY - done);
    pattern_expect(9, 0, memory, BODY);
    assert_true(stat_of(peer->session, "bytes_direct") >= frame);
  }
  close_handle(stream);
  peer_close(peer);
}

/* CAN-0, CAN-8: cancelled, it ends at once with nothing lost; the stream goes on. */
static void cancelled(void **state) {
  struct scene scene = begin(*state);
  assert_int_equal(hws_cancel(scene.op), HWS_OK);
  world_await_status(scene.world, scene.tag, HWS_E_CANCELED);
  memset(memory, 0, ROOM);
  say(&scene, 0, BODY);
  recv_exactly(scene.stream, memory, BODY);
  pattern_expect(1, 0, memory, BODY);
  end(&scene);
}

/* CAN-2: a reset here ends it with the reset's cause, and the peer is told. */
static void reset_here(void **state) {
  struct scene scene = begin(*state);
  assert_int_equal(hws_reset(scene.stream, 70001, "no more"), HWS_OK);
  struct hws_event event = world_await_status(scene.world, scene.tag, HWS_E_CANCELED);
  assert_int_equal(event.code, 70001);
  peer_expect(scene.peer, FRAME_WINDOW, FRAME_RST, scene.id, 70001);
  say(&scene, 0, BODY);
  peer_expect_quiet(scene.peer);
  end(&scene);
}

/* OP-6: a close ends it before the close ends. */
static void closed(void **state) {
  struct scene scene = begin(*state);
  uint64_t closing = post_close(scene.world, scene.stream);
  struct hws_event event;
  world_await_status(scene.world, closing, HWS_OK);
  assert_true(world_has(scene.world, scene.tag, &event));
  assert_status(event.status, HWS_E_CLOSED);
  end(&scene);
}

static void aborted(void **state) {
  struct scene scene = begin(*state);
  struct hws_how how = how_queue(scene.world);
  how.flags = HWS_ABORT;
  assert_int_equal(hws_close(scene.stream, &how, NULL, NULL), 0);
  struct hws_event event;
  world_await_status(scene.world, how.tag, HWS_OK);
  assert_true(world_has(scene.world, scene.tag, &event));
  assert_status(event.status, HWS_E_CLOSED);
  end(&scene);
}

/* MUX-8: the session ends in the middle. */
static void session_ended(void **state) {
  struct scene scene = begin(*state);
  assert_int_equal(hws_reset(scene.peer->session, 5, "all over"), HWS_OK);
  world_await_status(scene.world, scene.tag, HWS_E_CANCELED);
  end(&scene);
}

static void hung_up(void **state) {
  struct scene scene = begin(*state);
  peer_hang_up(scene.peer);
  world_await_status(scene.world, scene.tag, HWS_E_CLOSED);
  end(&scene);
}

/* The runtime ends with it out: the tear-down joins, and its event may be harvested before that or is dropped. */
static void joined(void **state) {
  struct scene scene = begin(*state);
  peer_hang_up(scene.peer);
  scene.peer->session = 0;
  peer_close(scene.peer);
}

/* One direction ends here: the recv goes on if it is the other, and is first taken back if it is its own. */
static void sending_stopped(void **state) {
  struct scene scene = begin_native(*state);
  assert_int_equal(hws_stop(scene.stream, HWS_STOP_SEND, 70002, "said all"), HWS_OK);
  struct hws_event event;
  for (int i = 0; i < 5; i++) world_turn(scene.world);
  assert_false(world_has(scene.world, scene.tag, &event));
  say(&scene, 0, BODY);
  size_t done = world_await_status(scene.world, scene.tag, HWS_OK).bytes;
  assert_true(done > 0);
  if (done < BODY) recv_exactly(scene.stream, memory + done, BODY - done);
  pattern_expect(1, 0, memory, BODY);
  end(&scene);
}

static void receiving_stopped(void **state) {
  struct scene scene = begin_native(*state);
  assert_int_equal(hws_stop(scene.stream, HWS_STOP_RECV, 70003, "read enough"), HWS_OK);
  struct hws_event event = world_await_status(scene.world, scene.tag, HWS_E_CANCELED);
  assert_int_equal(event.code, 70003);
  memset(memory, 0, ROOM); /* ours again: what still comes must not get here (OP-5) */
  say(&scene, 0, BODY);
  world_until(scene.world, stat_of(scene.peer->session, "dropped_bytes") >= BODY);
  for (size_t i = 0; i < ROOM; i++) assert_int_equal(memory[i], 0);
  send_all(scene.stream, "goes on", 7);
  end(&scene);
}

/* Many rounds of cancels that race the bytes: whatever wins, nothing is lost or doubled. */
static void races(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "window_max=256k");
  uint32_t id;
  hws_handle stream = peer_is_opened(peer, &id);
  uint64_t offset = 0;
  for (int round = 0; round < 200 / TEST_SLOWNESS; round++) {
    pattern_fill(4, offset, body, BODY);
    assert_true(peer_say(peer, FRAME_DATA, 0, id, BODY));
    size_t done = 0;
    size_t said = 0;
    while (done < BODY) {
      struct hws_vec vec = {.ptr = memory, .len = ROOM};
      struct hws_how how = how_queue(world);
      hws_handle op = 0;
      assert_int_equal(hws_recv(stream, &vec, 1, &how, NULL, &op), 0);
      if (said < BODY) {
        size_t part = 1 + (size_t)(round * 131 + (int)said) % 30000;
        if (part > BODY - said) part = BODY - said;
        assert_true(peer_say_raw(peer, body + said, part));
        said += part;
      }
      if (said < BODY) (void)hws_cancel(op);
      struct hws_event event = world_await(world, how.tag);
      assert_true(event.status == HWS_OK || (event.status == HWS_E_CANCELED && !event.bytes));
      pattern_expect(4, offset + done, memory, event.bytes);
      done += event.bytes;
    }
    offset += BODY;
    struct frame frame;
    while (peer_hear_now(peer, &frame)) continue;
    world_until(world, (peer_hear_now(peer, &frame), peer_stream(peer, id)->credit > 0));
  }
  close_handle(stream);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(bodies_are_read_directly),
      BOTH_MODES(cancelled),
      BOTH_MODES(reset_here),
      BOTH_MODES(closed),
      BOTH_MODES(aborted),
      BOTH_MODES(session_ended),
      BOTH_MODES(hung_up),
      BOTH_MODES(joined),
      BOTH_MODES(sending_stopped),
      BOTH_MODES(receiving_stopped),
      BOTH_MODES(races),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
