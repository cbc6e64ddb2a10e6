/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and accepting streams: ids, acknowledgements, how many at once, and opens that never leave.
 */
#include "core/handle.h"
#include "core/mux/mux.h"
#include "tests/mux/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIG = 8 << 20 };

/* An open that can be cancelled. */
static uint64_t post_open_op(struct world *world, hws_handle session, hws_handle *stream, hws_handle *op) {
  struct hws_how how = how_queue(world);
  hws_result result = hws_open(session, NULL, &how, NULL, op, stream);
  assert_status(result, HWS_OK);
  return how.tag;
}

static bool is_pending(struct peer *peer, uint64_t tag) {
  struct hws_event event;
  peer_expect_quiet(peer);
  return !world_has(peer->world, tag, &event);
}

/* The carrier is full, and a stream of the session has more to say: the number of that stream is 1. */
static hws_handle fill_carrier(struct peer *peer, const uint8_t *bytes, uint64_t *tag) {
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  assert_int_equal(id, 1);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_ACK, id, BIG));
  *tag = post_send(peer->world, stream, bytes, BIG);
  world_until(peer->world, wire_readable(peer->wire) > 100000);
  return stream;
}

/* Hear the rest of that stream; other frames must be the ones given, in that order, anywhere among it. */
static void hear_through(struct peer *peer, const struct frame *others, size_t count) {
  uint64_t offset = 0;
  size_t seen = 0;
  while (offset < BIG || seen < count) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    if (frame.type == FRAME_DATA) {
      pattern_expect(1, offset, peer->body, frame.length);
      offset += frame.length;
      continue;
    }
    if (seen == count) {
      fail_msg("a frame of type %u too many", frame.type);
      return;
    }
    assert_int_equal(frame.type, others[seen].type);
    assert_int_equal(frame.flags, others[seen].flags);
    if (others[seen].stream) assert_int_equal(frame.stream, others[seen].stream);
    seen++;
  }
}

/* The first open is 1 or 2, the next is two above, and an open with a first payload is one write. */
static void ids_ascend_by_two(void **state) {
  struct world *world = *state;
  for (uint32_t role = HWS_ROLE_CLIENT; role <= HWS_ROLE_SERVER; role++) {
    struct peer *peer = peer_open(world, role, NULL);
    struct hws_vec payload = {.ptr = "hello", .len = 5};
    struct hws_open_config config = {.size = sizeof config, .payload = &payload, .payload_count = 1};
    for (uint32_t i = 0; i < 5; i++) {
      struct hws_how how = how_block();
      struct hws_event event;
      hws_handle stream = 0;
      assert_int_equal(hws_open(peer->session, &config, &how, &event, NULL, &stream), 1);
      assert_status(event.status, HWS_OK);
      assert_int_equal(event.bytes, 5);
      uint32_t id = (role == HWS_ROLE_CLIENT ? 1 : 2) + 2 * i;
      peer_expect(peer, FRAME_WINDOW, FRAME_SYN, id, 0);
      peer_expect_data(peer, id, "hello");
    }
    assert_int_equal(stat_of(peer->session, "streams_opened"), 5);
    peer_expect_quiet(peer);
    peer_close(peer);
  }
}

/* MUX-1: an open waits for no other stream: neither for its end, nor its credit, nor its reader. */
static void open_waits_for_no_other(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  static uint8_t bytes[WINDOW_INITIAL + 1000];
  uint32_t id = 0;
  hws_handle stuck = peer_is_opened(peer, &id);
  pattern_fill(7, 0, bytes, sizeof bytes);
  uint64_t sending = post_send(world, stuck, bytes, sizeof bytes);
  peer_expect_pattern(peer, id, 7, 0, WINDOW_INITIAL);
  for (uint32_t i = 0; i < 100; i++) {
    hws_handle stream = peer_is_opened(peer, &id);
    assert_int_equal(id, 3 + 2 * i);
    send_all(stream, "x", 1);
    peer_expect_data(peer, id, "x");
  }
  assert_true(is_pending(peer, sending));
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 1, 1000));
  peer_expect_pattern(peer, 1, 7, WINDOW_INITIAL, 1000);
  world_await_status(world, sending, HWS_OK);
  peer_close(peer);
}

/* MUX-3, CAN-3: under a scope that has ended nothing is sent and no id is used. */
static void ended_scope_uses_no_id(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle scope = 0;
  hws_handle stream = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
  assert_int_equal(hws_scope_cancel(scope, 0, "not wanted"), HWS_OK);
  struct hws_how how = how_scoped(world, scope);
  assert_int_equal(hws_open(peer->session, NULL, &how, NULL, NULL, &stream), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  struct hws_open_config config = {.size = sizeof config, .life = scope};
  how = how_queue(world);
  assert_int_equal(hws_open(peer->session, &config, &how, NULL, NULL, &stream), HWS_OK);
  assert_int_equal(world_await_status(world, how.tag, HWS_E_CANCELED).object, 0);
  expect_detail(scope, HWS_E_CANCELED, "not wanted"); /* there is no stream to be asked */
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "streams_opened"), 0);
  uint32_t id = 0;
  (void)peer_is_opened(peer, &id);
  assert_int_equal(id, 1);
  close_handle(scope);
  peer_close(peer);
}

/* MUX-2, CAN-5: an open that is reset before it was sent is never heard of, and uses no id. */
static void unsent_open_vanishes_with_its_reset(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint8_t *bytes = malloc(BIG);
  uint64_t sending = 0;
  assert_non_null(bytes);
  pattern_fill(1, 0, bytes, BIG);
  (void)fill_carrier(peer, bytes, &sending);
  hws_handle vanishes = open_stream(peer->session);
  send_all(vanishes, "never heard", 11);
  assert_int_equal(hws_reset(vanishes, 77, "changed my mind"), HWS_OK);
  assert_status(recv_status(vanishes), HWS_E_CANCELED);
  (void)open_stream(peer->session);
  const struct frame others[] = {{FRAME_WINDOW, FRAME_SYN, 3, 0}};
  hear_through(peer, others, 1);
  world_await_status(world, sending, HWS_OK);
  peer_expect_quiet(peer);
  assert_int_equal(stat_of(peer->session, "resets_out"), 0);
  free(bytes);
  peer_close(peer);
}

/* The same for an open that stands in the batch already, behind the reset of another. */
static void batched_open_vanishes_with_its_reset(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint8_t *bytes = malloc(BIG);
  uint64_t sending = 0;
  assert_non_null(bytes);
  pattern_fill(1, 0, bytes, BIG);
  (void)fill_carrier(peer, bytes, &sending);
  hws_handle other = open_stream(peer->session);
  hws_handle vanishes = open_stream(peer->session);
  hws_handle cancels = open_stream(peer->session);
  /* Each reset takes the batch back, and so cuts what waits. */
  assert_int_equal(hws_reset(cancels, 0, NULL), HWS_OK);
  assert_int_equal(hws_reset(vanishes, 0, NULL), HWS_OK);
  send_all(other, "there", 5);
  bool heard = false;
  uint64_t offset = 0;
  uint32_t opens = 0;
  while (offset < BIG || !heard) {
    struct frame frame;
    assert_true(peer_hear(peer, &frame));
    if (frame.type == FRAME_DATA && frame.stream == 1) {
      pattern_expect(1, offset, peer->body, frame.length);
      offset += frame.length;
    } else if (frame.type == FRAME_DATA) {
      assert_int_equal(frame.stream, 3);
      assert_memory_equal(peer->body, "there", 5);
      heard = true;
    } else {
      assert_int_equal(frame.flags, FRAME_SYN);
      opens++;
    }
  }
  assert_int_equal(opens, 1);
  world_await_status(world, sending, HWS_OK);
  peer_expect_quiet(peer);
  free(bytes);
  peer_close(peer);
}

/* At most 256 opens without an answer; any frame of a stream answers for it; the wait can be given up. */
static void opener_waits_for_answers(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[UNACKED_MAX + 8] = {0};
  uint32_t id = 0;
  for (int i = 0; i < UNACKED_MAX; i++) streams[i] = peer_is_opened(peer, &id);
  hws_handle op = 0;
  uint64_t given_up = post_open_op(world, peer->session, &streams[UNACKED_MAX], &op);
  assert_true(is_pending(peer, given_up));
  uint64_t waiting[4];
  for (int i = 0; i < 4; i++) waiting[i] = post_open(world, peer->session, &streams[UNACKED_MAX + 1 + i]);
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  hws_handle none = 0;
  assert_status(hws_open(peer->session, NULL, &how, &event, NULL, &none), HWS_E_AGAIN);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, given_up, HWS_E_CANCELED);
  assert_status(recv_status(streams[UNACKED_MAX]), HWS_E_CANCELED);
  how = (struct hws_how){.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 5 * MILLISECOND};
  assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
  assert_status(event.status, HWS_E_DEADLINE);
  peer_expect_quiet(peer);
  /* An ACK, data, credit, an end and a reset each make room for one, in order. */
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_ACK, 1, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 2 * UNACKED_MAX + 1, 0);
  world_await_status(world, waiting[0], HWS_OK);
  assert_true(peer_say_data(peer, 0, 3, "x", 1));
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 2 * UNACKED_MAX + 3, 0);
  world_await_status(world, waiting[1], HWS_OK);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, 5, 1));
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 2 * UNACKED_MAX + 5, 0);
  world_await_status(world, waiting[2], HWS_OK);
  assert_true(is_pending(peer, waiting[3]));
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 7, 3));
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 2 * UNACKED_MAX + 7, 0);
  world_await_status(world, waiting[3], HWS_OK);
  /* Our own reset of an unanswered one too. */
  uint64_t last = post_open(world, peer->session, &none);
  assert_true(is_pending(peer, last));
  assert_int_equal(hws_reset(streams[4], 0, NULL), HWS_OK);
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 9, HWS_CODE_CANCELED);
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 2 * UNACKED_MAX + 9, 0);
  world_await_status(world, last, HWS_OK);
  peer_close(peer);
}

/* Some peers end a session above 512 streams: the opener waits, in order, and its wait can be given up. */
static void opener_waits_at_512_streams(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  for (int i = 0; i < STREAMS_PLAIN_MAX; i++) {
    (void)peer_is_opened(peer, &id);
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_ACK, id, 0));
  }
  hws_handle stream[2] = {0};
  hws_handle op = 0;
  peer_settle(peer);
  uint64_t given_up = post_open_op(world, peer->session, &stream[0], &op);
  uint64_t waiting = post_open(world, peer->session, &stream[1]);
  assert_true(is_pending(peer, given_up));
  assert_int_equal(stat_of(peer->session, "streams"), STREAMS_PLAIN_MAX);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, given_up, HWS_E_CANCELED);
  assert_true(is_pending(peer, waiting));
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, 1, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_SYN, 2 * STREAMS_PLAIN_MAX + 1, 0);
  world_await_status(world, waiting, HWS_OK);
  assert_int_equal(stat_of(peer->session, "streams_peak"), STREAMS_PLAIN_MAX);
  peer_close(peer);
}

/* Ids never wrap: when they are used up an open fails, and what runs goes on. */
static void used_up_ids_fail_the_open(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  struct object *object = NULL;
  uint32_t id = 0;
  assert_int_equal(handle_pin(peer->session, OBJECT_SESSION, &object), HWS_OK);
  struct mux *mux = (struct mux *)object;
  lock_take(&mux->lock);
  mux->next_id = UINT32_MAX - 2;
  lock_drop(&mux->lock);
  object_unpin(object);
  (void)peer_is_opened(peer, &id);
  assert_int_equal(id, UINT32_MAX - 2);
  hws_handle last = peer_is_opened(peer, &id);
  assert_int_equal(id, UINT32_MAX);
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle none = 0;
  assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
  assert_status(event.status, HWS_E_LIMIT);
  send_all(last, "still", 5);
  peer_expect_data(peer, UINT32_MAX, "still");
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* A refused open is a reset with its code; the session goes on. */
static void refusal_is_a_reset(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t id = 0;
  uint8_t byte;
  hws_handle stream = peer_is_opened(peer, &id);
  uint64_t receiving = post_recv(world, stream, &byte, 1);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, id, HWS_CODE_REFUSED));
  struct hws_event event = world_await_status(world, receiving, HWS_E_RESET);
  assert_int_equal(event.code, HWS_CODE_REFUSED);
  assert_int_equal(event.flags & HWS_EVENT_REMOTE, HWS_EVENT_REMOTE);
  assert_status(send_status(stream), HWS_E_RESET);
  assert_int_equal(detail_of(stream).code, HWS_CODE_REFUSED);
  (void)peer_is_opened(peer, &id);
  assert_int_equal(id, 3);
  assert_int_equal(stat_of(peer->session, "resets_in"), 1);
  peer_close(peer);
}

/* The ACK leaves before the application accepts, and opens need not come in the order of their ids. */
static void peer_opens_in_any_order(void **state) {
  struct world *world = *state;
  static const uint32_t ids[] = {2, 8, 4, 100, 6};
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char text[16];
    (void)snprintf(text, sizeof text, "I am %03u", (unsigned)ids[i]);
    assert_true(peer_say_data(peer, FRAME_SYN, ids[i], text, (uint32_t)strlen(text)));
    peer_expect(peer, FRAME_WINDOW, FRAME_ACK, ids[i], 0);
  }
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char text[16];
    (void)snprintf(text, sizeof text, "I am %03u", (unsigned)ids[i]);
    hws_handle stream = accept_stream(peer->session);
    expect_bytes(stream, text);
    send_all(stream, text, strlen(text));
    peer_expect_data(peer, ids[i], text);
  }
  assert_int_equal(stat_of(peer->session, "streams_accepted"), 5);
  peer_close(peer);
}

/* Accepts that wait are answered in order, and can be given up without losing a stream. */
static void accepts_wait_in_order(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  hws_handle streams[3] = {0};
  hws_handle op = 0;
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_accept(peer->session, 0, &how, NULL, &op, &streams[0]), HWS_OK);
  uint64_t second = post_accept(world, peer->session, &streams[1]);
  uint64_t third = post_accept(world, peer->session, &streams[2]);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  assert_true(peer_say_data(peer, FRAME_SYN, 1, "one", 3));
  assert_true(peer_say_data(peer, FRAME_SYN, 3, "two", 3));
  world_await_status(world, second, HWS_OK);
  world_await_status(world, third, HWS_OK);
  expect_bytes(streams[1], "one");
  expect_bytes(streams[2], "two");
  close_handle(streams[0]);
  peer_close(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(ids_ascend_by_two),
      BOTH_MODES(open_waits_for_no_other),
      BOTH_MODES(ended_scope_uses_no_id),
      BOTH_MODES(unsent_open_vanishes_with_its_reset),
      BOTH_MODES(batched_open_vanishes_with_its_reset),
      BOTH_MODES(opener_waits_for_answers),
      BOTH_MODES(opener_waits_at_512_streams),
      BOTH_MODES(used_up_ids_fail_the_open),
      BOTH_MODES(refusal_is_a_reset),
      BOTH_MODES(peer_opens_in_any_order),
      BOTH_MODES(accepts_wait_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
