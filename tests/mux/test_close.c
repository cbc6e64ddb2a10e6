/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-11, MUX-20: ending a session: draining and aborting, with everything under way, from anywhere, any number of
 * times.
 */
#include "tests/mux/peer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BIG = 4 << 20 };
static uint8_t bytes[BIG];

/* Drain: what was taken goes out, then go-away as the very last frame, then the end. */
static void close_flushes_then_goes_away(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, NULL);
  uint32_t ids[2] = {0};
  hws_handle closed = peer_is_opened(peer, &ids[0]);
  hws_handle open = peer_is_opened(peer, &ids[1]);
  pattern_fill(1, 0, bytes, 100000);
  uint64_t sending = post_send(world, closed, bytes, 100000);
  world_await_status(world, sending, HWS_OK);
  (void)post_close(world, closed);
  send_all(open, "taken", 5);
  uint64_t accepting = post_accept(world, peer->session, &(hws_handle){0});
  uint64_t watching = post_watch(world, peer->session);
  uint64_t closing = post_close(world, peer->session);
  world_await_status(world, accepting, HWS_E_CLOSED);
  assert_status(send_status(open), HWS_E_CLOSED);
  assert_status(recv_status(open), HWS_E_CLOSED);
  peer_expect_pattern(peer, ids[0], 1, 0, 100000);
  struct frame frame;
  unsigned heard = 0;
  while (peer_hear(peer, &frame)) heard |= frame.type == FRAME_GOAWAY ? 4U : frame.flags & FRAME_FIN ? 1U : 2U;
  assert_int_equal(heard, 7);
  assert_true(peer->went_away);
  peer_hang_up(peer);
  world_await_status(world, closing, HWS_OK);
  world_await_status(world, watching, HWS_E_CLOSED);
  assert_status(hws_close(peer->session, NULL, NULL, NULL), HWS_E_HANDLE);
  peer->session = 0;
  peer_close(peer);
}

/* The go-away is the last frame, also when questions come while it is written. */
static void nothing_follows_the_go_away(void **state) {
  struct world *world = *state;
  for (int round = 0; round < 300; round++) {
    struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
    struct frame frame;
    for (int i = 0; i < 20; i++) assert_true(peer_ping(peer));
    uint64_t closing = post_close(world, peer->session);
    bool gone = false;
    while (peer_hear(peer, &frame)) {
      assert_false(gone);
      gone = frame.type == FRAME_GOAWAY;
    }
    assert_true(gone);
    peer_hang_up(peer);
    world_await_status(world, closing, HWS_OK);
    peer->session = 0;
    peer_close(peer);
  }
}

/* With nothing to send it is a go-away and the end at once. */
static void idle_close_is_a_go_away(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  hws_handle stream = peer_opens(peer, 1);
  uint64_t closing = post_close(world, peer->session);
  peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
  peer_expect_end(peer);
  peer_hang_up(peer);
  world_await_status(world, closing, HWS_OK);
  assert_status(recv_status(stream), HWS_E_CLOSED);
  peer->session = 0;
  peer_close(peer);
}

/* A drain that waits for credit goes on when it comes; opens that come meanwhile are refused. */
static void drain_waits_for_credit(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "drain=60s");
  uint32_t id = 0;
  hws_handle stream = peer_is_opened(peer, &id);
  pattern_fill(1, 0, bytes, WINDOW_INITIAL + 1000);
  uint64_t sending = post_send(world, stream, bytes, WINDOW_INITIAL);
  peer_expect_pattern(peer, id, 1, 0, WINDOW_INITIAL);
  world_await_status(world, sending, HWS_OK);
  send_all(stream, bytes + WINDOW_INITIAL, 1000);
  (void)post_close(world, stream);
  uint64_t closing = post_close(world, peer->session);
  peer_expect_quiet(peer);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_RST, 2, HWS_CODE_SHUTTING_DOWN);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, 1000));
  peer_expect_pattern(peer, id, 1, WINDOW_INITIAL, 1000);
  peer_expect(peer, FRAME_WINDOW, FRAME_FIN, id, 0);
  peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
  peer_expect_end(peer);
  peer_hang_up(peer);
  world_await_status(world, closing, HWS_OK);
  peer->session = 0;
  peer_close(peer);
}

/* A session that is closed while a stream of it still owes five bytes. */
static uint64_t close_indebted(struct peer *peer, hws_handle *stream, uint32_t *id) {
  *stream = peer_is_opened(peer, id);
  pattern_fill(1, 0, bytes, WINDOW_INITIAL);
  uint64_t sending = post_send(peer->world, *stream, bytes, WINDOW_INITIAL);
  peer_expect_pattern(peer, *id, 1, 0, WINDOW_INITIAL);
  world_await_status(peer->world, sending, HWS_OK);
  send_all(*stream, "stuck", 5);
  uint64_t closing = post_close(peer->world, peer->session);
  peer_expect_quiet(peer);
  return closing;
}

/* When the peer resets the stream that was waited for there is nothing left to wait for. That is that stream's end,
 * whose close tells what it cost: the session's has done all that was left to it. */
static void drain_ends_with_its_last_debt(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "drain=3600s");
  uint32_t id = 0;
  hws_handle stream = 0;
  uint64_t closing = close_indebted(peer, &stream, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_RST, id, 0));
  peer_expect(peer, FRAME_GOAWAY, 0, 0, 0);
  peer_expect_end(peer);
  peer_hang_up(peer);
  assert_int_equal(world_await_status(world, closing, HWS_OK).data, 0);
  assert_int_equal(world_await_status(world, post_close(world, stream), HWS_E_CLOSED).data, 5);
  peer->session = 0;
  peer_close(peer);
}

/* What the peer's end of the session costs is the session's to tell, and whose doing that was. */
static void drain_ends_with_the_connection(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "drain=3600s");
  uint32_t id = 0;
  hws_handle stream = 0;
  uint64_t closing = close_indebted(peer, &stream, &id);
  peer_hang_up(peer);
  struct hws_event event = world_await_status(world, closing, HWS_E_CLOSED);
  assert_int_equal(event.data, 5);
  assert_int_equal(event.flags, HWS_EVENT_REMOTE);
  assert_int_equal(world_await_status(world, post_close(world, stream), HWS_E_CLOSED).data, 5);
  peer->session = 0;
  peer_close(peer);
}

/* A drain has an end: of its own setting, of the close's deadline, of its cancel. */
static void drain_is_given_up(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 3; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, i == 0 ? "drain=30ms" : "drain=3600s");
    uint32_t id = 0;
    hws_handle stream = peer_is_opened(peer, &id);
    pattern_fill(1, 0, bytes, WINDOW_INITIAL);
    uint64_t sending = post_send(world, stream, bytes, WINDOW_INITIAL);
    peer_expect_pattern(peer, id, 1, 0, WINDOW_INITIAL);
    world_await_status(world, sending, HWS_OK);
    send_all(stream, "stuck", 5);
    uint64_t watching = post_watch(world, peer->session);
    struct hws_how how = how_queue(world);
    hws_handle op = 0;
    if (i == 1) how.flags = HWS_RELATIVE, how.deadline_ns = 30 * MILLISECOND;
    hws_result result = hws_close(peer->session, &how, NULL, &op);
    assert_status(result, HWS_OK);
    if (i == 2) assert_int_equal(hws_cancel(op), HWS_OK);
    struct hws_event event = world_await(world, how.tag);
    assert_status(event.status, i == 0 ? HWS_E_TIMEOUT : i == 1 ? HWS_E_DEADLINE : HWS_E_CANCELED);
    assert_int_equal(event.data, 5); /* MUX-26: what was dropped */
    event = world_await(world, watching);
    assert_status(event.status, i == 0 ? HWS_E_TIMEOUT : i == 1 ? HWS_E_DEADLINE : HWS_E_CANCELED);
    struct frame frame;
    while (peer_hear(peer, &frame)) assert_int_not_equal(frame.type, FRAME_GOAWAY);
    event = world_await_status(world, post_close(world, stream), HWS_E_CLOSED);
    assert_int_equal(event.data, 5); /* the stream's close tells it too */
    peer->session = 0;
    peer_close(peer);
  }
}

/* Wait until the carrier takes no more; what the filter chaos puts off counts as under way. */
static void carrier_is_full(const struct peer *peer) {
  enum { LEAST = 100000 };
  size_t before = 0;
  int quiet = through_chaos() ? -20 : -1;
  uint64_t until = hws_now() + LIMIT_NS;
  for (int still = quiet; still < 0;) {
    world_turn(peer->world);
    size_t readable = wire_readable(peer->wire);
    still = readable > LEAST && readable == before ? still + 1 : quiet;
    before = readable;
    if (hws_now() > until) fail_msg("the carrier was never full");
  }
}

/* Fill the carrier: a send of that stream stays under way. */
static uint64_t fill_carrier(struct peer *peer, hws_handle *stream, hws_handle *op) {
  uint32_t id = 0;
  struct hws_how how = how_queue(peer->world);
  struct hws_vec vec = {.ptr = bytes, .len = BIG};
  *stream = peer_is_opened(peer, &id);
  assert_true(peer_say(peer, FRAME_WINDOW, 0, id, BIG));
  peer_expect_quiet(peer); /* the credit is there */
  hws_result result = hws_send(*stream, &vec, 1, &how, NULL, op);
  assert_status(result, HWS_OK);
  carrier_is_full(peer);
  return how.tag;
}

static uint64_t post_shutdown_op(struct world *world, hws_handle stream, hws_handle *op) {
  struct hws_how how = how_queue(world);
  hws_result result = hws_shutdown(stream, &how, NULL, op);
  assert_status(result, HWS_OK);
  return how.tag;
}

/* `bytes` of a send that failed are no fewer than what lay there for the peer: frames of 64 KiB, the last maybe in
 * part.
 */
static void counts_what_has_left(const struct hws_event *event, size_t there) {
  size_t frame = FRAME_HEADER_SIZE + (size_t)BODY_MAX;
  size_t headers = (there + frame - 1) / frame * FRAME_HEADER_SIZE;
  if (event->bytes + headers < there) fail_msg("%u of %u bytes", (unsigned)event->bytes, (unsigned)there);
}

/* A write that the peer does not read is freed by an abort, by a reset, and by the end of the life scope. */
static void blocked_write_is_freed(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 3; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "drain=3600s&write_timeout=3600s");
    hws_handle stream = 0;
    hws_handle op = 0;
    uint64_t sending = fill_carrier(peer, &stream, &op);
    size_t there = wire_readable(peer->wire);
    struct hws_event sent;
    if (i == 0) {
      abort_handle(peer->session);
      peer->session = 0;
      sent = world_await_status(world, sending, HWS_E_CLOSED);
    } else if (i == 1) {
      assert_int_equal(hws_reset(peer->session, 0, NULL), HWS_OK);
      sent = world_await_status(world, sending, HWS_E_CANCELED);
    } else {
      struct hws_how how = how_queue(world);
      how.flags = HWS_RELATIVE;
      how.deadline_ns = 20 * MILLISECOND;
      hws_result result = hws_close(peer->session, &how, NULL, NULL);
      assert_status(result, HWS_OK);
      sent = world_await(world, sending);
      assert_true(sent.status == HWS_E_CLOSED || sent.status == HWS_E_DEADLINE);
      world_await_status(world, how.tag, HWS_E_DEADLINE);
      peer->session = 0;
    }
    counts_what_has_left(&sent, there);
    assert_int_not_equal(send_status(stream), HWS_OK);
    peer_close(peer);
  }
}

/* CAN-5: the cancel of a send, and a reset, do not wait for a peer that does not read. */
static void blocked_send_is_cancelled(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "write_timeout=3600s");
  hws_handle stream = 0;
  hws_handle op = 0;
  pattern_fill(8, 0, bytes, BIG);
  uint64_t sending = fill_carrier(peer, &stream, &op);
  assert_int_equal(hws_cancel(op), HWS_OK);
  struct hws_event event = world_await_status(world, sending, HWS_E_CANCELED);
  assert_true(event.bytes > 0 && event.bytes < BIG);
  /* CAN-0: the stream stays usable; what was taken arrives, and then what is sent next. */
  uint64_t next = post_send(world, stream, bytes, 1000);
  peer_expect_pattern(peer, 1, 8, 0, event.bytes);
  peer_expect_pattern(peer, 1, 8, 0, 1000);
  world_await_status(world, next, HWS_OK);
  peer_expect_quiet(peer);
  peer_close(peer);
}

/* A shutdown can be given up while it has not left; TRY never waits. */
static void shutdown_of_a_blocked_stream(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "write_timeout=3600s");
  hws_handle stream = 0;
  hws_handle op = 0;
  pattern_fill(8, 0, bytes, BIG);
  uint64_t sending = fill_carrier(peer, &stream, &op);
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_event event;
  assert_status(hws_shutdown(stream, &how, &event, NULL), HWS_E_AGAIN);
  hws_handle ending = 0;
  how = how_queue(world);
  assert_int_equal(hws_shutdown(stream, &how, NULL, &ending), HWS_OK);
  assert_int_equal(hws_cancel(ending), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  /* The end of another stream is cut into what is under way; it too can be given up, and TRY does not wait for it. */
  hws_handle other = open_stream(peer->session);
  how = (struct hws_how){.size = sizeof how, .flags = HWS_TRY};
  assert_status(hws_shutdown(other, &how, &event, NULL), HWS_E_AGAIN);
  uint64_t more = post_send(world, stream, "on", 2);
  peer_expect_pattern(peer, 1, 8, 0, 0);
  uint64_t offset = 0;
  struct frame frame;
  while (offset < BIG + 2) {
    assert_true(peer_hear(peer, &frame));
    if (frame.type != FRAME_DATA) {
      assert_int_equal(frame.flags, FRAME_SYN);
      continue;
    }
    if (offset < BIG) pattern_expect(8, offset, peer->body, offset + frame.length > BIG ? BIG - offset : frame.length);
    offset += frame.length;
  }
  world_await_status(world, sending, HWS_OK);
  world_await_status(world, more, HWS_OK);
  send_all(other, "still open", 10);
  peer_expect_data(peer, 3, "still open");
  peer_close(peer);
}

/* The same once its end stands in the batch that is under way: cancels are prompt, and what was asked for later is. */

/* A close whose deadline is near: it ends the ops that pend, not by its own end. */
static uint64_t post_late_close(struct world *world, hws_handle stream) {
  struct hws_how how = how_queue(world);
  how.flags = HWS_RELATIVE;
  how.deadline_ns = MILLISECOND;
  assert_int_equal(hws_close(stream, &how, NULL, NULL), 0);
  return how.tag;
}

static void shutdown_in_a_blocked_batch(void **state) {
  struct world *world = *state;
  for (int i = 0; i < 4; i++) {
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, "write_timeout=3600s");
    hws_handle big = 0;
    hws_handle op = 0;
    uint32_t id = 0;
    hws_handle other = peer_is_opened(peer, &id);
    pattern_fill(8, 0, bytes, BIG);
    uint64_t sending = fill_carrier(peer, &big, &op);
    uint64_t ending = post_shutdown_op(world, other, &op);
    uint64_t writes = stat_of(peer->session, "writes");
    uint64_t offset = 0;
    struct frame frame;
    bool fin = false;
    while (stat_of(peer->session, "writes") == writes) {
      assert_true(peer_hear(peer, &frame));
      offset += frame.length;
      if (frame.flags & FRAME_FIN) fin = true;
    }
    /* The end was cut into the next batch, which is stuck as well, unless the carrier is a slow one: then it may have
     * left, and its event been harvested. */
    uint64_t closing = 0;
    hws_result canceled = i % 2 ? HWS_OK : hws_cancel(op);
    assert_true(canceled == HWS_OK || canceled == HWS_E_HANDLE);
    if (i == 1) closing = post_close(world, other);
    if (i == 2) assert_int_equal(hws_reset(other, 0, NULL), HWS_OK);
    if (i == 3) closing = post_late_close(world, other);
    struct hws_event event = world_await(world, ending);
    assert_true(event.status == HWS_OK || event.status == (i % 2 ? HWS_E_CLOSED : HWS_E_CANCELED));
    bool rst = false;
    while (offset < BIG) {
      assert_true(peer_hear(peer, &frame));
      if (frame.type == FRAME_DATA) offset += frame.length;
      if (frame.flags & FRAME_FIN) fin = true;
      if (frame.flags & FRAME_RST) rst = true;
    }
    world_await_status(world, sending, HWS_OK);
    if (i == 0 && event.status == HWS_E_CANCELED) {
      assert_false(fin); /* it never left, and the stream is as it was */
      send_all(other, "still open", 10);
      peer_expect_data(peer, id, "still open");
    } else if (i == 1) {
      while (!fin) {
        assert_true(peer_hear(peer, &frame));
        if (frame.flags & FRAME_FIN) fin = true;
      }
      world_await_status(world, closing, HWS_OK);
    } else if (i == 2) {
      assert_true(rst);
    } else if (i == 3) {
      struct hws_event closed = world_await(world, closing);
      assert_true(closed.status == HWS_E_DEADLINE || (fin && closed.status == HWS_OK));
    }
    peer_expect_quiet(peer);
    peer_close(peer);
  }
}

/* ---- many threads ---- */

enum { THREADS = 6, STREAMS = 12 };

struct crowd {
  hws_handle session;
  hws_handle streams[STREAMS];
  atomic_uint started;
  atomic_uint ended;
  atomic_uint wrong;
  atomic_bool go;
};

static bool is_known_end(int32_t status) {
  return status == HWS_E_CANCELED || status == HWS_E_CLOSED || status == HWS_E_RESET || status == HWS_E_EOF ||
         status == HWS_E_IO;
}

/* Sends, receives and opens until it is told that it is over. */
static void *worker(void *argument) {
  struct crowd *crowd = argument;
  unsigned index = atomic_fetch_add(&crowd->started, 1);
  uint8_t memory[512] = {0};
  struct hws_vec vec = {.ptr = memory, .len = sizeof memory};
  for (unsigned i = 0;; i++) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK | HWS_RELATIVE, .deadline_ns = 20 * SECOND};
    struct hws_event event = {.status = HWS_OK};
    hws_handle stream = crowd->streams[(index + i) % STREAMS];
    hws_result result = 0;
    if (i % 3 == 0) how.deadline_ns = MILLISECOND / 10;
    if (i % 3 == 0)
      result = hws_recv(stream, &vec, 1, &how, &event, NULL);
    else
      result = hws_send(stream, &vec, 1, &how, &event, NULL);
    if (result != 1) {
      atomic_fetch_add(&crowd->wrong, 1);
      break;
    }
    if (event.status == HWS_OK || (i % 3 == 0 && event.status == HWS_E_DEADLINE)) continue;
    if (!is_known_end(event.status)) atomic_fetch_add(&crowd->wrong, 1);
    break;
  }
  atomic_fetch_add(&crowd->ended, 1);
  return NULL;
}

static void *ender(void *argument) {
  struct crowd *crowd = argument;
  unsigned index = atomic_fetch_add(&crowd->started, 1);
  while (!atomic_load(&crowd->go)) usleep(10);
  if (index % 2)
    (void)hws_reset(crowd->session, 1000 + index, "ended by many");
  else
    (void)hws_close(crowd->session,
                    &(struct hws_how){.size = sizeof(struct hws_how), .flags = index % 4 ? HWS_ABORT : 0}, NULL, NULL);
  atomic_fetch_add(&crowd->ended, 1);
  return NULL;
}

/* All was sent, or dropped because that was asked for. Where one thread closed the session, which was to send what was
 * taken, and another's reset cut that short, the close of a stream that lost some by it says so. */
static void close_of_many(hws_handle stream) {
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_close(stream, &how, &event, NULL), 1);
  if (event.status != HWS_OK) assert_status(event.status, HWS_E_CLOSED);
  if (event.status != HWS_OK) assert_true(event.data > 0);
}

/* Ended by four threads at once, while six use its streams and the peer reads: all come back, with an end's status. */
static void many_end_what_many_use(void **state) {
  struct world *world = *state;
  for (int round = 0; round < 15; round++) {
    struct pair pair = pair_sessions(world, round & 1 ? "mem" : LOCAL, NULL);
    struct crowd crowd = {.session = pair.client};
    pthread_t threads[THREADS + 4];
    uint8_t sink[STREAMS][4096];
    uint64_t tags[STREAMS];
    hws_handle far[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
      crowd.streams[i] = open_stream(pair.client);
      far[i] = accept_stream(pair.server);
      tags[i] = post_recv(world, far[i], sink[i], sizeof sink[i]);
    }
    for (int i = 0; i < THREADS + 4; i++)
      assert_int_equal(pthread_create(&threads[i], NULL, i < THREADS ? worker : ender, &crowd), 0);
    unsigned reads = 0;
    uint64_t until = hws_now() + LIMIT_NS;
    while (atomic_load(&crowd.ended) < THREADS + 4) {
      struct hws_event event;
      assert_true(hws_now() < until);
      if (reads > 100) atomic_store(&crowd.go, true);
      reads++;
      world_turn(world);
      for (int i = 0; i < STREAMS; i++) {
        if (!tags[i] || !world_has(world, tags[i], &event)) continue;
        tags[i] = event.status == HWS_OK ? post_recv(world, far[i], sink[i], sizeof sink[i]) : 0;
      }
    }
    for (int i = 0; i < THREADS + 4; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&crowd.wrong), 0);
    for (int i = 0; i < STREAMS; i++) {
      while (tags[i]) {
        int32_t status = world_await(world, tags[i]).status;
        if (status != HWS_OK && !is_known_end(status))
          fail_msg("%s: %s", hws_status_name(status), detail_of(far[i]).text);
        tags[i] = status == HWS_OK ? post_recv(world, far[i], sink[i], sizeof sink[i]) : 0;
      }
      close_of_many(crowd.streams[i]);
      close_handle(far[i]);
    }
    (void)hws_close(pair.client, NULL, NULL, NULL);
    close_handle(pair.server);
  }
}

/* MUX-11: one who learns of an end ends others, also the session itself, in that very moment. */
static void ends_from_handling_events(void **state) {
  struct world *world = *state;
  struct pair pair = pair_sessions(world, LOCAL, NULL);
  hws_handle near = open_stream(pair.client);
  hws_handle far = accept_stream(pair.server);
  uint64_t watch = post_watch(world, far);
  uint64_t session = post_watch(world, pair.server);
  assert_int_equal(hws_reset(near, 0, NULL), HWS_OK);
  world_await_status(world, watch, HWS_E_RESET);
  assert_int_equal(hws_reset(pair.server, 9, "because of that"), HWS_OK);
  assert_int_equal(hws_reset(pair.server, 9, "again"), HWS_OK);
  assert_status(hws_close(pair.server, NULL, NULL, NULL), HWS_OK);
  world_await_status(world, session, HWS_E_CANCELED);
  assert_status(hws_close(pair.server, NULL, NULL, NULL), HWS_E_HANDLE);
  uint64_t client = post_watch(world, pair.client);
  world_await_status(world, client, HWS_E_CLOSED);
  close_handle(far);
  close_handle(near);
  close_handle(pair.client);
}

/* A life scope ends the session like a reset does; a runtime that is joined ends everything. */
static void life_scope_ends_the_session(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  hws_handle life = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &life), HWS_OK);
  struct hws_session_config config = {.size = sizeof config, .life = life};
  hws_handle client = 0;
  assert_int_equal(hws_session(raw.client, &config, &client), HWS_OK);
  hws_handle server = session_of(raw.server, HWS_ROLE_DEFAULT, NULL);
  hws_handle stream = open_stream(client);
  (void)accept_stream(server);
  uint64_t watching = post_watch(world, server);
  assert_int_equal(hws_scope_cancel(life, 70000, "enough"), HWS_OK);
  assert_status(recv_status(stream), HWS_E_CANCELED);
  expect_detail(client, HWS_E_CANCELED, "enough");
  world_await_status(world, watching, HWS_E_CLOSED);
  /* Left open: the tear-down joins the runtime. */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(close_flushes_then_goes_away),
      BOTH_MODES(nothing_follows_the_go_away),
      BOTH_MODES(idle_close_is_a_go_away),
      BOTH_MODES(drain_waits_for_credit),
      BOTH_MODES(drain_ends_with_its_last_debt),
      BOTH_MODES(drain_ends_with_the_connection),
      BOTH_MODES(drain_is_given_up),
      BOTH_MODES(blocked_write_is_freed),
      BOTH_MODES(blocked_send_is_cancelled),
      BOTH_MODES(shutdown_of_a_blocked_stream),
      BOTH_MODES(shutdown_in_a_blocked_batch),
      BOTH_MODES(many_end_what_many_use),
      BOTH_MODES(ends_from_handling_events),
      BOTH_MODES(life_scope_ends_the_session),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
