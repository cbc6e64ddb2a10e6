/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-12, MUX-24, BUF-4: a call that found its object, and meanwhile another's call took that away: it is refused,
 * or its op ends as one that came later would. The moment is met by standing in what the call asks first.
 */
#include <string.h>

#include "core/op.h"
#include "tests/core/places.h"

static void (*meanwhile)(void); /* NULL: stands aside */
static hws_handle subject;
static hws_handle session;
static uint64_t consumed;

static void let_it(void) {
  void (*run)(void) = meanwhile;
  meanwhile = NULL;
  if (run) run();
}

int __real_request_verdict(const struct request *request);
int __wrap_request_verdict(const struct request *request);

int __wrap_request_verdict(const struct request *request) {
  let_it();
  return __real_request_verdict(request);
}

int __real_lease_release(struct object *object, uint64_t bytes);
int __wrap_lease_release(struct object *object, uint64_t bytes);

int __wrap_lease_release(struct object *object, uint64_t bytes) {
  let_it();
  return __real_lease_release(object, bytes);
}

/* ---- calls on a stream ---- */

static uint8_t byte;

static hws_result call(unsigned which, struct hws_how *how) {
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  switch (which) {
  case 0:
    return hws_send(subject, &vec, 1, how, NULL, NULL);
  case 1:
    return hws_recv(subject, &vec, 1, how, NULL, NULL);
  case 2:
    return hws_acquire(subject, how, NULL, NULL);
  case 3:
    return hws_shutdown(subject, how, NULL, NULL);
  default:
    return hws_watch(subject, how, NULL, NULL);
  }
}

enum { CALLS = 5 };

static void begin_session(void) {
  session = session_of(subject, HWS_ROLE_CLIENT, NULL);
}

/* A session has the stream: no op of a user's may stand among its own. */
static void sessions_take_streams(void **state) {
  struct world *world = *state;
  for (unsigned i = 0; i < CALLS; i++) {
    struct pair raw = pair_raw(world, here->scheme);
    struct hws_how how = how_queue(world);
    subject = raw.client;
    meanwhile = begin_session;
    assert_status(call(i, &how), HWS_E_HANDLE);
    expect_refusal(HWS_E_HANDLE, "a session has taken the stream");
    assert_status(detail_of(session).status, HWS_OK);
    abort_handle(session);
    abort_handle(raw.server);
  }
}

static void close_it(void) {
  abort_handle(subject);
}

static void closes_come_first(void **state) {
  struct world *world = *state;
  for (unsigned i = 0; i < CALLS; i++) {
    struct link link = link_open(world, i % 2 ? MUX : RAW);
    struct hws_how how = how_queue(world);
    subject = link.ends.client;
    meanwhile = close_it;
    hws_result result = call(i, &how);
    if (result != HWS_E_HANDLE) {
      assert_status(result, HWS_OK);
      assert_status(world_await(world, how.tag).status, HWS_E_CLOSED);
    }
    if (link.sessions.client) abort_handle(link.sessions.client);
    if (link.sessions.server) abort_handle(link.sessions.server);
    if (!link.sessions.server) abort_handle(link.ends.server);
  }
}

/* ---- leases ---- */

static void release_it(void) {
  assert_int_equal(hws_release(subject, consumed), HWS_OK);
}

/* One of two releases of the same lease is the second, and gives nothing back again. */
static void leases_go_once(void **state) {
  struct world *world = *state;
  for (enum carrier carrier = RAW; carrier < CARRIERS; carrier++) {
    struct link link = link_open(world, carrier);
    struct hws_how how = how_block();
    struct hws_event event;
    send_all(link.ends.client, "lease", 5);
    assert_int_equal(hws_acquire(link.ends.server, &how, &event, NULL), 1);
    assert_status(event.status, HWS_OK);
    subject = event.code;
    consumed = event.bytes;
    meanwhile = release_it;
    assert_status(hws_release(event.code, 0), HWS_E_HANDLE);
    send_all(link.ends.client, "next", 4);
    char rest[5] = {0};
    if (event.bytes < 5) recv_exactly(link.ends.server, rest, 5 - event.bytes);
    expect_bytes(link.ends.server, "next");
    link_close(&link);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(sessions_take_streams), EVERYWHERE(closes_come_first),
                                     EVERYWHERE(leases_go_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
