/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress: with an I/O thread everything goes on while nobody waits; caller-driven nothing does, and among those who
 * wait one always drives. A driver that leaves, however it does, hands the baton to one who stays.
 */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/core/places.h"
#include "tests/mux/peer.h"

#define LITTLE (20 * MILLISECOND)

/* ---- nobody waits ---- */

/* What came of a peer's open, without a call of ours that waits. */
static bool answered(struct peer *peer, uint64_t for_ns) {
  struct frame frame;
  uint64_t until = hws_now() + for_ns;
  do {
    if (peer_hear_now(peer, &frame)) return frame.type == FRAME_WINDOW && (frame.flags & FRAME_ACK);
    usleep(500);
  } while (hws_now() < until);
  return false;
}

static void nothing_moves_while_nobody_waits(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  uint8_t byte;
  peer_settle(peer);
  struct hws_how how = how_scoped(world, 0);
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  hws_handle op = 0, scope = 0;
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 1, 0));
  peer_expect(peer, FRAME_WINDOW, FRAME_ACK, 1, 0);
  hws_handle stream = accept_stream(peer->session);
  assert_int_equal(hws_scope_open(world->runtime, 0, hws_now() + MILLISECOND, &scope), HWS_OK);
  how.deadline_ns = hws_now() + MILLISECOND;
  assert_int_equal(hws_recv(stream, &vec, 1, &how, NULL, &op), 0);
  uint64_t turns = stat_of(world->runtime, "loop_turns");
  assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, 3, 0));
  assert_false(answered(peer, LITTLE));
  assert_int_equal(stat_of(world->runtime, "loop_turns"), turns);
  /* No timer fires either; a scope whose time is over says so when it is asked. */
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  assert_status(hws_scope_status(scope), HWS_E_DEADLINE);
  /* Whoever waits, if only for a moment, does what there is to do. */
  uint64_t until = hws_now() + LIMIT_NS;
  bool heard = false;
  for (; !heard && hws_now() < until; heard = answered(peer, 0)) {
    struct hws_event event;
    assert_int_equal(hws_queue_wait(world->queue, &event, 1, 0), 0);
  }
  assert_true(heard);
  peer_close(peer);
}

static void everything_moves_while_nobody_waits(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open(world, HWS_ROLE_SERVER, NULL);
  peer_settle(peer);
  struct hws_how how = how_queue(world);
  hws_handle op = 0;
  how.deadline_ns = hws_now() + MILLISECOND;
  assert_int_equal(hws_watch(peer->session, &how, NULL, &op), 0);
  for (uint32_t id = 1; id < 21; id += 2) {
    assert_true(peer_say(peer, FRAME_WINDOW, FRAME_SYN, id, 0));
    assert_true(answered(peer, LIMIT_NS));
  }
  /* The event is there without a wait. */
  struct hws_event event;
  hws_result count = 0;
  for (uint64_t until = hws_now() + LIMIT_NS; !count && hws_now() < until; usleep(500))
    count = hws_queue_wait(world->queue, &event, 1, 0);
  assert_int_equal(count, 1);
  assert_status(event.status, HWS_E_DEADLINE);
  peer_close(peer);
}

/* ---- the baton ---- */

/* A thread that waits for bytes on a stream of its own. */
struct receiver {
  struct link link;
  atomic_bool over;
  struct hws_event event;
  char got[8];
};

static void receive(void *argument) {
  struct receiver *receiver = argument;
  struct hws_how how = how_block();
  struct hws_vec vec = {.ptr = receiver->got, .len = sizeof receiver->got};
  assert_int_equal(hws_recv(receiver->link.ends.server, &vec, 1, &how, &receiver->event, NULL), 1);
  atomic_store(&receiver->over, true);
}

static struct thread *receiver_start(struct receiver *receiver, struct world *world, enum carrier carrier) {
  *receiver = (struct receiver){.link = link_open(world, carrier)};
  struct thread *thread = thread_start(receive, receiver);
  thread_blocked(thread);
  return thread;
}

/* Taken at once, so that this thread drives nothing. */
static void send_without_waiting(hws_handle stream, const char *text) {
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)text, .len = strlen(text)};
  struct hws_event event;
  assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
  assert_int_equal(event.bytes, strlen(text));
}

static void receiver_end(struct receiver *receiver, struct thread *thread) {
  send_without_waiting(receiver->link.ends.client, "take it");
  thread_join(thread);
  assert_status(receiver->event.status, HWS_OK);
  assert_memory_equal(receiver->got, "take it", 7);
  link_close(&receiver->link);
}

enum { MANY = 4 };

/* The n-th order of MANY things. */
static void order_of(unsigned n, int order[MANY]) {
  int left[MANY];
  for (int i = 0; i < MANY; i++) left[i] = i;
  for (int i = 0; i < MANY; i++) {
    unsigned pick = n % (unsigned)(MANY - i);
    n /= (unsigned)(MANY - i);
    order[i] = left[pick];
    memmove(&left[pick], &left[pick + 1], (MANY - 1 - pick) * sizeof left[0]);
  }
}

/* Several wait, the first drives; they leave in every order there is, and whoever stays is served. */
static void waiters_leave_in_any_order(void **state) {
  struct world *world = *state;
  enum { ORDERS = 24, STEP = TEST_SLOWNESS > 1 ? 7 : 1 };
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++)
    for (unsigned n = 0; n < ORDERS; n += STEP) {
      struct receiver receivers[MANY];
      struct thread *threads[MANY];
      int order[MANY];
      order_of(n, order);
      for (int i = 0; i < MANY; i++) threads[i] = receiver_start(&receivers[i], world, carrier);
      for (int i = 0; i < MANY; i++) {
        struct receiver *receiver = &receivers[order[i]];
        send_without_waiting(receiver->link.ends.client, "take it");
        thread_join(threads[order[i]]);
        assert_status(receiver->event.status, HWS_OK);
        assert_memory_equal(receiver->got, "take it", 7);
        for (int j = i + 1; j < MANY; j++) assert_false(atomic_load(&receivers[order[j]].over));
      }
      for (int i = 0; i < MANY; i++) link_close(&receivers[i].link);
    }
}

/* ---- every way for a driver to leave ---- */

enum leaving { BY_DEADLINE, BY_CANCEL, BY_SCOPE, BY_CLOSE, BY_SIGNAL, BY_TIMEOUT, BY_WAKE, BY_QUEUE_CLOSE, LEAVINGS };

struct leaver {
  enum leaving how;
  hws_handle stream;
  hws_handle queue;
  hws_handle scope;
  _Atomic(hws_handle) op;
  atomic_bool left;
  hws_result result;
  struct hws_event event;
};

static void wait_and_leave(void *argument) {
  struct leaver *leaver = argument;
  if (leaver->how >= BY_TIMEOUT) {
    int64_t timeout = (int64_t)(leaver->how == BY_TIMEOUT ? 60 * MILLISECOND : LIMIT_NS);
    leaver->result = hws_queue_wait(leaver->queue, &leaver->event, 1, timeout);
    return;
  }
  hws_handle op = 0;
  struct hws_how how = {.size = sizeof how, .flags = HWS_BLOCK, .scope = leaver->scope};
  if (leaver->how == BY_SIGNAL) how.flags |= HWS_INTERRUPTIBLE;
  if (leaver->how == BY_DEADLINE) how.deadline_ns = hws_now() + 60 * MILLISECOND;
  struct hws_vec vec = {.ptr = (char[8]){0}, .len = 8};
  leaver->result = hws_recv(leaver->stream, &vec, 1, &how, &leaver->event, &op);
  atomic_store(&leaver->left, true);
}

/* What makes it leave, without a call of ours that waits; what it says. */
static int32_t make_leave(struct leaver *leaver, struct thread *thread) {
  struct hws_how how = {.size = sizeof how};
  switch (leaver->how) {
  case BY_DEADLINE:
    return HWS_E_DEADLINE;
  case BY_CANCEL:
    assert_int_equal(hws_reset(leaver->stream, 0, NULL), HWS_OK);
    return HWS_E_CANCELED;
  case BY_SCOPE:
    assert_int_equal(hws_scope_cancel(leaver->scope, 0, NULL), HWS_OK);
    return HWS_E_CANCELED;
  case BY_CLOSE:
    assert_int_equal(hws_close(leaver->stream, &how, NULL, NULL), 0);
    return HWS_E_CLOSED;
  case BY_SIGNAL:
    /* Until one meets it asleep: one that meets it at work interrupts nothing. */
    for (uint64_t until = hws_now() + LIMIT_NS; !atomic_load(&leaver->left) && hws_now() < until; usleep(2000))
      thread_interrupt(thread);
    return HWS_E_CANCELED;
  case BY_WAKE:
    assert_int_equal(hws_queue_wake(leaver->queue, 1), HWS_OK);
    return 1;
  case BY_QUEUE_CLOSE:
    assert_int_equal(hws_close(leaver->queue, &how, NULL, NULL), 0);
    return HWS_E_CLOSED;
  default:
    return 0;
  }
}

static void a_driver_leaves(void **state) {
  struct world *world = *state;
  for (enum leaving way = 0; way < LEAVINGS; way++)
    for (int late = 0; late < 2 && (way != BY_SIGNAL || threads_have_signals); late++) {
      /* the leaver waits first, and so drives, or last */
      struct link link = link_open(world, MUX);
      struct leaver leaver = {.how = way, .stream = link.ends.server};
      struct receiver stay;
      struct thread *staying = NULL;
      assert_int_equal(hws_queue_open(world->runtime, &leaver.queue), HWS_OK);
      assert_int_equal(hws_scope_open(world->runtime, 0, 0, &leaver.scope), HWS_OK);
      if (late) staying = receiver_start(&stay, world, RAW);
      if (!late) stay = (struct receiver){.link = link_open(world, RAW)};
      struct thread *leaving = thread_start(wait_and_leave, &leaver);
      if (way != BY_DEADLINE && way != BY_TIMEOUT) thread_blocked(leaving);
      if (!late) staying = thread_start(receive, &stay);
      thread_blocked(staying);
      int32_t status = make_leave(&leaver, leaving);
      thread_join(leaving);
      assert_status(way >= BY_TIMEOUT ? leaver.result : leaver.event.status, status);
      thread_blocked(staying);
      assert_false(atomic_load(&stay.over));
      receiver_end(&stay, staying);
      if (way != BY_CLOSE) abort_handle(link.ends.server);
      if (way != BY_QUEUE_CLOSE) close_handle(leaver.queue);
      close_handle(leaver.scope);
    }
}

/* ---- many that come and go ---- */

enum { CHURNERS = 3, PAIRS = 2, ROUNDS = 150 / TEST_SLOWNESS };

struct churn {
  struct world *world;
  atomic_bool over;
};

/* Waits of a moment: each may be the driver, and each leaves. */
static void come_and_go(void *argument) {
  struct churn *churn = argument;
  hws_handle queue = 0;
  struct hws_event event;
  assert_int_equal(hws_queue_open(churn->world->runtime, &queue), HWS_OK);
  for (int64_t timeout = 0; !atomic_load(&churn->over); timeout = (timeout + 7001) % 100000)
    assert_int_equal(hws_queue_wait(queue, &event, 1, timeout), 0);
  close_handle(queue);
}

static void echo_all(void *argument) {
  const struct link *link = argument;
  for (int i = 0; i < ROUNDS; i++) {
    char text[4];
    recv_exactly(link->ends.server, text, sizeof text);
    send_all(link->ends.server, text, sizeof text);
  }
}

static void ask_all(void *argument) {
  const struct link *link = argument;
  for (int i = 0; i < ROUNDS; i++) {
    send_all(link->ends.client, "ping", 4);
    expect_bytes(link->ends.client, "ping");
  }
}

/* Nobody who has to wait for long is forgotten by those who do not. */
static void the_baton_is_never_lost(void **state) {
  struct churn churn = {.world = *state};
  struct thread *churners[CHURNERS], *pairs[PAIRS][2];
  struct link links[PAIRS];
  for (int i = 0; i < PAIRS; i++) links[i] = link_open(churn.world, i % 2 ? MUX : RAW);
  for (int i = 0; i < CHURNERS; i++) churners[i] = thread_start(come_and_go, &churn);
  for (int i = 0; i < PAIRS; i++) {
    pairs[i][0] = thread_start(echo_all, &links[i]);
    pairs[i][1] = thread_start(ask_all, &links[i]);
  }
  for (int i = 0; i < PAIRS; i++) {
    thread_join(pairs[i][0]);
    thread_join(pairs[i][1]);
  }
  atomic_store(&churn.over, true);
  for (int i = 0; i < CHURNERS; i++) thread_join(churners[i]);
}

#define CALLER_DRIVEN_LOCAL(test) PLACED(test, 3, "local, caller-driven")
#define THREADED_LOCAL(test) PLACED(test, 2, "local")

int main(void) {
  const struct CMUnitTest tests[] = {
      CALLER_DRIVEN_LOCAL(nothing_moves_while_nobody_waits),
      THREADED_LOCAL(everything_moves_while_nobody_waits),
      EVERYWHERE(waiters_leave_in_any_order),
      EVERYWHERE(a_driver_leaves),
      EVERYWHERE(the_baton_is_never_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
