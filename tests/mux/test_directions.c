/* SPDX-License-Identifier: Apache-2.0
 *
 * The two directions of a stream end by causes of their own, and each op reports that of its own: status, code, text
 * and whose it was. Pending or later, on the side that ended a direction and on the peer's. docs/ends.md, "One stream".
 */
#include <string.h>

#include "tests/mux/world.h"

#define CODE_SEND UINT64_C(70000)
#define CODE_RECV UINT64_C(70001)
#define CODE_BOTH (UINT64_C(1) << 40)

/* What is done to a stream, by its client. */
enum act { STOP_SEND, STOP_RECV, RESET, SHUT, HANG_UP, NO_ACT };

/* How an op of one direction ends then. */
struct end {
  int32_t status;
  uint64_t code;
  const char *text;
  uint16_t flags;
};

struct row {
  const char *name;
  enum act acts[3]; /* NO_ACT: no more */
  struct end sends; /* of the client */
  struct end recvs;
  struct end far_sends; /* of the server */
  struct end far_recvs;
};

#define OURS(code, text)                                                                                               \
  { HWS_E_CANCELED, code, text, 0 }
#define THEIRS(code, text)                                                                                             \
  { HWS_E_RESET, code, text, HWS_EVENT_REMOTE }

static const struct row rows[] = {
    {"send, then recv",
     {STOP_SEND, STOP_RECV, NO_ACT},
     OURS(CODE_SEND, "no more"),
     OURS(CODE_RECV, "enough"),
     THEIRS(CODE_RECV, "enough"),
     THEIRS(CODE_SEND, "no more")},
    {"recv, then send",
     {STOP_RECV, STOP_SEND, NO_ACT},
     OURS(CODE_SEND, "no more"),
     OURS(CODE_RECV, "enough"),
     THEIRS(CODE_RECV, "enough"),
     THEIRS(CODE_SEND, "no more")},
    {"send, then a reset of what is left",
     {STOP_SEND, RESET, NO_ACT},
     OURS(CODE_SEND, "no more"),
     OURS(CODE_BOTH, "all of it"),
     THEIRS(CODE_BOTH, "all of it"),
     THEIRS(CODE_SEND, "no more")},
    {"recv, then a reset of what is left",
     {STOP_RECV, RESET, NO_ACT},
     OURS(CODE_BOTH, "all of it"),
     OURS(CODE_RECV, "enough"),
     THEIRS(CODE_RECV, "enough"),
     THEIRS(CODE_BOTH, "all of it")},
    {"a proper end, then a stop",
     {SHUT, STOP_RECV, NO_ACT},
     {HWS_E_CLOSED, 0, "", 0},
     OURS(CODE_RECV, "enough"),
     THEIRS(CODE_RECV, "enough"),
     {HWS_E_EOF, 0, "", HWS_EVENT_REMOTE}},
    {"a stop, then the end of the session",
     {STOP_SEND, HANG_UP, NO_ACT},
     OURS(CODE_SEND, "no more"),
     {HWS_E_CLOSED, 0, "the peer closed the connection", HWS_EVENT_REMOTE},
     {HWS_E_CANCELED, HWS_CODE_CANCELED, "reset here", 0},
     THEIRS(CODE_SEND, "no more")},
};

static struct pair streams_of(const struct pair *sessions) {
  struct pair streams = {.client = open_stream(sessions->client)};
  streams.server = accept_stream(sessions->server);
  return streams;
}

static void act_on(struct world *world, enum act act, const struct pair *sessions, const struct pair *streams) {
  switch (act) {
  case STOP_SEND:
    assert_int_equal(hws_stop(streams->client, HWS_STOP_SEND, CODE_SEND, "no more"), HWS_OK);
    assert_status(recv_status(streams->server), HWS_E_RESET); /* it has arrived */
    break;
  case STOP_RECV:
    assert_int_equal(hws_stop(streams->client, HWS_STOP_RECV, CODE_RECV, "enough"), HWS_OK);
    world_until(world, send_status(streams->server) != HWS_OK);
    break;
  case RESET:
    assert_int_equal(hws_reset(streams->client, CODE_BOTH, "all of it"), HWS_OK);
    break;
  case SHUT:
    shut_down(streams->client);
    assert_status(recv_status(streams->server), HWS_E_EOF);
    break;
  case HANG_UP:
    assert_int_equal(hws_reset(sessions->server, 0, NULL), HWS_OK);
    break;
  case NO_ACT:
    break;
  }
}

static void expect_event(const struct row *row, const char *what, const struct hws_event *event,
                         const struct end *wanted) {
  if (event->status != wanted->status || event->code != wanted->code || event->flags != wanted->flags)
    fail_msg("%s: a %s ended with %s, code %llu, flags %u, not with %s, %llu, %u", row->name, what,
             hws_status_name(event->status), (unsigned long long)event->code, (unsigned)event->flags,
             hws_status_name(wanted->status), (unsigned long long)wanted->code, (unsigned)wanted->flags);
}

static void expect_end(const struct row *row, hws_handle stream, uint32_t direction, const struct end *wanted) {
  static uint8_t byte;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_how how = how_block();
  struct hws_event event;
  bool sends = direction == HWS_STOP_SEND;
  assert_int_equal(
      sends ? hws_send(stream, &vec, 1, &how, &event, NULL) : hws_recv(stream, &vec, 1, &how, &event, NULL), 1);
  expect_event(row, sends ? "later send" : "later recv", &event, wanted);
  struct hws_detail detail = {.size = sizeof detail};
  assert_int_equal(hws_detail_of(stream, direction, &detail), HWS_OK);
  assert_status(detail.status, wanted->status);
  assert_int_equal(detail.code, wanted->code);
  assert_int_equal(detail.flags, wanted->flags);
  if (!strstr(detail.text, wanted->text)) fail_msg("%s: \"%s\" lacks \"%s\"", row->name, detail.text, wanted->text);
}

/* Of ops that come when all has happened. */
static void later_ops_report_their_direction(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    struct pair raw = pair_raw(world, "mem");
    struct pair sessions = {session_in(raw.client, HWS_MODE_NATIVE, HWS_ROLE_CLIENT, NULL),
                            session_in(raw.server, HWS_MODE_NATIVE, HWS_ROLE_SERVER, NULL)};
    struct pair streams = streams_of(&sessions);
    uint64_t near = post_watch(world, streams.client);
    uint64_t far = post_watch(world, streams.server);
    for (unsigned k = 0; row->acts[k] != NO_ACT; k++) act_on(world, row->acts[k], &sessions, &streams);
    world_await(world, near); /* both directions are over */
    world_await(world, far);
    expect_end(row, streams.client, HWS_STOP_SEND, &row->sends);
    expect_end(row, streams.client, HWS_STOP_RECV, &row->recvs);
    expect_end(row, streams.server, HWS_STOP_SEND, &row->far_sends);
    expect_end(row, streams.server, HWS_STOP_RECV, &row->far_recvs);
    hws_handle all[] = {streams.client, streams.server, sessions.client, sessions.server};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) abort_handle(all[k]);
  }
}

/* Of ops that pend when it happens: also the second end finds those of its own direction only. */
static void pending_ops_report_their_direction(void **state) {
  struct world *world = *state;
  static uint8_t much[4 << 20];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    if (row->acts[0] == SHUT) continue; /* a shutdown waits for the sends before it */
    struct pair raw = pair_raw(world, "mem");
    struct pair sessions = {session_in(raw.client, HWS_MODE_NATIVE, HWS_ROLE_CLIENT, NULL),
                            session_in(raw.server, HWS_MODE_NATIVE, HWS_ROLE_SERVER, NULL)};
    struct pair streams = streams_of(&sessions);
    static uint8_t byte;
    uint64_t receiving = post_recv(world, streams.client, &byte, 1);
    uint64_t sending = post_send(world, streams.client, much, sizeof much);
    for (unsigned k = 0; row->acts[k] != NO_ACT; k++) {
      if (row->acts[k] == STOP_SEND)
        assert_int_equal(hws_stop(streams.client, HWS_STOP_SEND, CODE_SEND, "no more"), HWS_OK);
      else if (row->acts[k] == STOP_RECV)
        assert_int_equal(hws_stop(streams.client, HWS_STOP_RECV, CODE_RECV, "enough"), HWS_OK);
      else
        act_on(world, row->acts[k], &sessions, &streams);
    }
    struct hws_event event = world_await(world, receiving);
    expect_event(row, "pending recv", &event, &row->recvs);
    event = world_await(world, sending);
    expect_event(row, "pending send", &event, &row->sends);
    hws_handle all[] = {streams.client, streams.server, sessions.client, sessions.server};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) abort_handle(all[k]);
  }
}

/* hws_detail has the first cause, and a direction that goes on has none. */
static void the_first_cause_is_kept(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  struct pair sessions = {session_in(raw.client, HWS_MODE_NATIVE, HWS_ROLE_CLIENT, NULL),
                          session_in(raw.server, HWS_MODE_NATIVE, HWS_ROLE_SERVER, NULL)};
  struct pair streams = streams_of(&sessions);
  struct hws_detail detail = {.size = sizeof detail};
  assert_int_equal(hws_stop(streams.client, HWS_STOP_SEND, CODE_SEND, "no more"), HWS_OK);
  assert_int_equal(hws_detail_of(streams.client, HWS_STOP_RECV, &detail), HWS_OK);
  assert_status(detail.status, HWS_OK);
  assert_int_equal(hws_stop(streams.client, HWS_STOP_RECV, CODE_RECV, "enough"), HWS_OK);
  expect_detail(streams.client, HWS_E_CANCELED, "no more");
  struct hws_event event = world_await_status(world, post_watch(world, streams.client), HWS_E_CANCELED);
  assert_int_equal(event.code, CODE_SEND);
  assert_status(hws_detail_of(streams.client, 0, &detail), HWS_E_INVAL);
  assert_status(hws_detail_of(streams.client, HWS_STOP_SEND | HWS_STOP_RECV, &detail), HWS_E_INVAL);
  assert_status(hws_detail_of(streams.client, HWS_STOP_SEND, NULL), HWS_E_INVAL);
  assert_status(hws_detail_of(sessions.client, HWS_STOP_SEND, &detail), HWS_E_HANDLE);
  hws_handle all[] = {streams.client, streams.server, sessions.client, sessions.server};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) abort_handle(all[k]);
}

/* A raw connection: what ended writing is not what ended reading. */
static void raw_directions(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  struct hws_detail detail = {.size = sizeof detail};
  shut_down(raw.client);
  assert_status(recv_status(raw.server), HWS_E_EOF);
  assert_int_equal(hws_detail_of(raw.server, HWS_STOP_RECV, &detail), HWS_OK);
  assert_status(detail.status, HWS_E_EOF);
  assert_int_equal(hws_detail_of(raw.server, HWS_STOP_SEND, &detail), HWS_OK);
  assert_status(detail.status, HWS_OK);
  assert_int_equal(hws_detail_of(raw.client, HWS_STOP_SEND, &detail), HWS_OK);
  assert_status(detail.status, HWS_E_CLOSED);
  assert_int_equal(hws_reset(raw.client, 4711, "over"), HWS_OK);
  assert_int_equal(hws_detail_of(raw.client, HWS_STOP_RECV, &detail), HWS_OK);
  assert_status(detail.status, HWS_E_CANCELED);
  assert_int_equal(detail.code, 4711);
  close_handle(raw.client);
  close_handle(raw.server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(later_ops_report_their_direction),
      BOTH_MODES(pending_ops_report_their_direction),
      BOTH_MODES(the_first_cause_is_kept),
      BOTH_MODES(raw_directions),
  };
  return cmocka_run_group_tests_name("directions", tests, NULL, NULL);
}
