/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-4, CAN-9, WIN-6: names are looked up off the I/O thread, and a look-up that the system does not answer holds up
 * nobody: no cancel, no deadline, no close, no other stream, and a join for a while only. The resolver is a fake.
 */
#define _GNU_SOURCE /* EAI_NODATA */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/places.h"

/* ---- the resolver: "ok" is 127.0.0.1, "twice" is that twice, "hung" answers once it is let, "eai-N" fails ----------
 */

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool open;
  unsigned inside; /* calls that wait */
  unsigned calls;
} gate = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void gate_set(bool open) {
  pthread_mutex_lock(&gate.mutex);
  gate.open = open;
  pthread_cond_broadcast(&gate.changed);
  pthread_mutex_unlock(&gate.mutex);
}

static unsigned gate_inside(void) {
  pthread_mutex_lock(&gate.mutex);
  unsigned inside = gate.inside;
  pthread_mutex_unlock(&gate.mutex);
  return inside;
}

static void gate_pass(void) {
  pthread_mutex_lock(&gate.mutex);
  gate.inside++;
  gate.calls++;
  while (!gate.open) pthread_cond_wait(&gate.changed, &gate.mutex);
  gate.inside--;
  pthread_mutex_unlock(&gate.mutex);
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);

struct answer {
  struct addrinfo info[2];
  struct sockaddr_in address;
};

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  sigset_t blocked;
  assert_int_equal(hints->ai_socktype, SOCK_STREAM);
  assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
  assert_true(sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGUSR1)); /* they are the program's */
  if (strncmp(name, "eai", 3) == 0) {
    errno = EIO;
    return -(int)strtol(name + 3, NULL, 10);
  }
  if (strcmp(name, "hung") == 0) gate_pass();
  struct answer *answer = calloc(1, sizeof *answer);
  assert_non_null(answer);
  answer->address = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                         .sin_port = htons((uint16_t)strtoul(service, NULL, 10))};
  for (int i = 0; i < 2; i++)
    answer->info[i] = (struct addrinfo){
        .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&answer->address, .ai_addrlen = sizeof answer->address};
  if (strcmp(name, "twice") == 0) answer->info[0].ai_next = &answer->info[1];
  *list = answer->info;
  return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list) {
  free(list);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

static void await_inside(struct world *world, unsigned count) {
  world_until(world, gate_inside() == count);
}

/* All that hung leave: their answers free themselves. */
static void release_hung(void) {
  gate_set(true);
  while (gate_inside() > 0) sched_yield();
  gate_set(false);
}

static hws_handle dial_hung(struct world *world, const struct hws_how *how, hws_handle *op) {
  hws_handle stream = 0;
  hws_result result = hws_dial(world->runtime, "tcp://hung:9", 0, how, NULL, op, &stream);
  assert_status(result, HWS_OK);
  return stream;
}

static void listen_and_url(struct world *world, const char *name, hws_handle *listener, char *url) {
  char local[URL_MAX];
  *listener = listen_at(world, "tcp://127.0.0.1:0");
  assert_true(hws_text(*listener, HWS_TEXT_LOCAL, local, sizeof local) > 0);
  (void)snprintf(url, URL_MAX, "tcp://%s%s", name, strrchr(local, ':'));
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void names_lead_to_addresses(void **state) {
  static const char *const names[] = {"ok", "twice"};
  struct world *world = *state;
  for (size_t i = 0; i < 2; i++) {
    char url[URL_MAX];
    hws_handle listener;
    hws_handle server;
    hws_handle client = 0;
    struct hws_how how = how_queue(world);
    listen_and_url(world, names[i], &listener, url);
    uint64_t accepted = post_accept(world, listener, &server);
    assert_status(hws_dial(world->runtime, url, 0, &how, NULL, NULL, &client), HWS_OK);
    world_await_status(world, how.tag, HWS_OK);
    world_await_status(world, accepted, HWS_OK);
    send_all(client, "hello", 5);
    expect_bytes(server, "hello");
    assert_true(hws_text(client, HWS_TEXT_REMOTE, url, sizeof url) > 0);
    assert_memory_equal(url, "tcp://127.0.0.1:", 16);
    abort_handle(client);
    abort_handle(server);
    close_handle(listener);
  }
}

static void listeners_have_names_too(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle listener = listen_at(world, "tcp://ok:0");
  assert_true(hws_text(listener, HWS_TEXT_LOCAL, url, sizeof url) > 0);
  assert_memory_equal(url, "tcp://127.0.0.1:", 16);
  assert_true(strtoul(strrchr(url, ':') + 1, NULL, 10) > 0);
  close_handle(listener);
}

static void failures_are_told(void **state) {
  static const struct {
    int eai;
    int32_t status;
    const char *says;
  } cases[] = {
      {EAI_NONAME, HWS_E_ADDRESS, "Name or service not known"},
      {EAI_SERVICE, HWS_E_ADDRESS, "Servname not supported"},
      {EAI_AGAIN, HWS_E_IO, "Temporary failure in name resolution"},
      {EAI_FAIL, HWS_E_IO, "Non-recoverable failure"},
      {EAI_MEMORY, HWS_E_NOMEM, "Memory allocation failure"},
      {EAI_SYSTEM, HWS_E_IO, "Input/output error"},
  };
  struct world *world = *state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char url[URL_MAX];
    char name[64];
    hws_handle stream = 0;
    struct hws_how how = how_queue(world);
    (void)snprintf(url, sizeof url, "tcp://eai%d.example:9", -cases[i].eai);
    (void)snprintf(name, sizeof name, "looking up 'eai%d.example', service '9': ", -cases[i].eai);
    assert_status(hws_dial(world->runtime, url, 0, &how, NULL, NULL, &stream), HWS_OK);
    world_await_status(world, how.tag, cases[i].status);
    expect_detail(stream, cases[i].status, name);
    expect_detail(stream, cases[i].status, cases[i].says);
    close_handle(stream);
  }
}

/* ---- no answer --------------------------------------------------------------------------------------------------- */

/* One that is looked up when its time is over; on a busy machine that may be before. */
static void dial_until_late(struct world *world, unsigned inside) {
  for (uint64_t limit = 20 * MILLISECOND; gate_inside() < inside; limit *= 2) {
    struct hws_how how = how_queue(world);
    how.flags = HWS_RELATIVE;
    how.deadline_ns = limit;
    hws_handle stream = dial_hung(world, &how, NULL);
    world_await_status(world, how.tag, HWS_E_DEADLINE);
    close_handle(stream);
  }
  assert_int_equal(gate_inside(), inside);
}

/* Whoever gives it up is free at once, and others go on meanwhile. */
static void hung_look_up_holds_up_nobody(void **state) {
  struct world *world = *state;
  struct pair pair = pair_raw(world, here->scheme);
  hws_handle op = 0;
  hws_handle scope = 0;
  hws_handle streams[3];
  assert_status(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);

  struct hws_how by_cancel = how_queue(world);
  streams[0] = dial_hung(world, &by_cancel, &op);
  struct hws_how by_scope = how_scoped(world, scope);
  streams[1] = dial_hung(world, &by_scope, NULL);
  struct hws_how by_close = how_queue(world);
  streams[2] = dial_hung(world, &by_close, NULL);
  await_inside(world, 3);
  dial_until_late(world, 4);

  for (int i = 0; i < 20; i++) {
    send_all(pair.client, "others go on", 12);
    expect_bytes(pair.server, "others go on");
  }
  assert_status(hws_cancel(op), HWS_OK);
  world_await_status(world, by_cancel.tag, HWS_E_CANCELED);
  assert_status(hws_scope_cancel(scope, 0, NULL), HWS_OK);
  world_await_status(world, by_scope.tag, HWS_E_CANCELED);
  uint64_t closed = post_close(world, streams[2]);
  world_await_status(world, by_close.tag, HWS_E_CLOSED);
  world_await_status(world, closed, HWS_OK);
  for (int i = 0; i < 2; i++) close_handle(streams[i]);
  assert_int_equal(gate_inside(), 4);
  close_handle(scope);
  abort_handle(pair.client);
  abort_handle(pair.server);
  release_hung();
}

static void hung_look_up_of_a_listener(void **state) {
  struct world *world = *state;
  struct hws_how how = how_queue(world);
  hws_handle listener = 0;
  hws_handle op = 0;
  assert_status(hws_listen(world->runtime, "tcp://hung:0", 0, &how, NULL, &op, &listener), HWS_OK);
  await_inside(world, 1);
  assert_status(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  close_handle(listener);
  release_hung();
}

/* Eight are looked up at once. The others wait, and one of those that gives up makes room without a thread. */
static void look_ups_are_bounded(void **state) {
  enum { THREADS = 8, WAITING = 1024 };
  static uint64_t tags[THREADS + WAITING];
  static hws_handle streams[THREADS + WAITING];
  static hws_handle ops[THREADS + WAITING];
  struct world *world = *state;
  for (unsigned i = 0; i < THREADS + WAITING; i++) {
    struct hws_how how = how_queue(world);
    tags[i] = how.tag;
    streams[i] = dial_hung(world, &how, &ops[i]);
    if (i < THREADS) await_inside(world, i + 1);
  }
  struct hws_how how = how_queue(world);
  hws_handle stream = dial_hung(world, &how, NULL);
  world_await_status(world, how.tag, HWS_E_LIMIT);
  expect_detail(stream, HWS_E_LIMIT, "too many names are being looked up");
  close_handle(stream);
  assert_int_equal(gate_inside(), THREADS);
  assert_status(hws_cancel(ops[THREADS + 5]), HWS_OK);
  world_await_status(world, tags[THREADS + 5], HWS_E_CANCELED);
  how = how_queue(world);
  stream = dial_hung(world, &how, NULL);
  unsigned before = gate.calls;
  for (unsigned i = 0; i < THREADS + WAITING; i++) abort_handle(streams[i]);
  abort_handle(stream);
  world_await_status(world, how.tag, HWS_E_CLOSED);
  for (unsigned i = 0; i < THREADS + WAITING; i++)
    if (i != THREADS + 5) world_await_status(world, tags[i], HWS_E_CLOSED);
  release_hung();
  world_turn(world);
  assert_int_equal(gate.calls, before); /* those that had not begun never do */
}

/* An answer that comes in the same moment as the cancel: one of the two, and nothing is left behind. */
static void answer_races_with_cancel(void **state) {
  struct world *world = *state;
  char url[URL_MAX];
  hws_handle listener;
  listen_and_url(world, "ok", &listener, url);
  for (int i = 0; i < 300; i++) {
    struct hws_how how = how_queue(world);
    hws_handle stream = 0;
    hws_handle op = 0;
    assert_status(hws_dial(world->runtime, url, 0, &how, NULL, &op, &stream), HWS_OK);
    for (int spin = 0; spin < i * 20; spin++) atomic_signal_fence(memory_order_seq_cst);
    (void)hws_cancel(op);
    struct hws_event event = world_await(world, how.tag);
    if (event.status != HWS_OK) assert_status(event.status, HWS_E_CANCELED);
    abort_handle(stream);
  }
  close_handle(listener);
}

/* ---- the end of the runtime -------------------------------------------------------------------------------------- */

/* A join with a short limit can be asked again; with a long one it leaves the thread behind, and says so. */
static void join_leaves_a_hung_look_up_behind(void **state) {
  (void)state;
  struct world *world = world_open(0);
  struct hws_how how = how_queue(world);
  (void)dial_hung(world, &how, NULL);
  await_inside(world, 1);
  uint64_t before = hws_now();
  assert_status(hws_runtime_join(world->runtime, 100 * (int64_t)MILLISECOND), HWS_E_DEADLINE);
  assert_status(hws_runtime_join(world->runtime, -1), HWS_E_TIMEOUT);
  assert_true(hws_now() - before < 20 * SECOND);
  assert_status(hws_runtime_join(world->runtime, -1), HWS_E_HANDLE);
  free(world);
  release_hung();
}

/* One that is answered in time is waited for. */
static void join_waits_for_an_answer(void **state) {
  (void)state;
  struct world *world = world_open(0);
  struct hws_how how = how_queue(world);
  (void)dial_hung(world, &how, NULL);
  await_inside(world, 1);
  assert_status(hws_runtime_join(world->runtime, 20 * (int64_t)MILLISECOND), HWS_E_DEADLINE);
  release_hung();
  assert_status(hws_runtime_join(world->runtime, -1), HWS_OK);
  free(world);
}

#define HERE(test) PLACED(test, 4, "tcp"), PLACED(test, 5, "tcp, caller-driven")

int main(void) {
  const struct CMUnitTest tests[] = {
      HERE(names_lead_to_addresses),
      HERE(listeners_have_names_too),
      HERE(failures_are_told),
      HERE(hung_look_up_holds_up_nobody),
      HERE(hung_look_up_of_a_listener),
      PLACED(look_ups_are_bounded, 4, "tcp"),
      HERE(answer_races_with_cancel),
      cmocka_unit_test(join_leaves_a_hung_look_up_behind),
      cmocka_unit_test(join_waits_for_an_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
