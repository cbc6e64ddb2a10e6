/* SPDX-License-Identifier: Apache-2.0
 *
 * HWS_EVENT_REMOTE: an end that the peer brought about says so, to every kind of op on whatever ended, pending or
 * later, and an end that was decided here does not. docs/ends.md, "Whose doing".
 */
#include <string.h>

#include "tests/mux/peer.h"

/* How the scene ends. */
enum way {
  HANG_UP,  /* the connection ends */
  BREACH,   /* a frame that no peer may send */
  FAREWELL, /* go-away with a reason */
  CUT_OFF,  /* the peer resets both streams */
  RESET_HERE,
  CLOSE_HERE,
  SILENCE /* a time-out */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which a row is read */
struct row {
  const char *name;
  enum way way;
  bool streams_only; /* the session goes on */
  int32_t opener;    /* the status of the opener's ops, and of the session's */
  int32_t acceptor;  /* and of the acceptor's */
  uint16_t flags;    /* HWS_EVENT_REMOTE or none */
  const char *settings;
};

static const struct row rows[] = {
    {"the peer hangs up", HANG_UP, false, HWS_E_CLOSED, HWS_E_CANCELED, HWS_EVENT_REMOTE, NULL},
    {"the peer breaks the protocol", BREACH, false, HWS_E_PROTOCOL, HWS_E_PROTOCOL, HWS_EVENT_REMOTE, NULL},
    {"the peer says farewell", FAREWELL, false, HWS_E_PROTOCOL, HWS_E_PROTOCOL, HWS_EVENT_REMOTE, NULL},
    {"the peer resets the streams", CUT_OFF, true, HWS_E_RESET, HWS_E_RESET, HWS_EVENT_REMOTE, NULL},
    {"the session is reset here", RESET_HERE, false, HWS_E_CANCELED, HWS_E_CANCELED, 0, NULL},
    {"the session is closed here", CLOSE_HERE, false, HWS_E_CLOSED, HWS_E_CLOSED, 0, NULL},
    {"the peer is silent", SILENCE, false, HWS_E_TIMEOUT, HWS_E_TIMEOUT, 0, "keepalive=200ms&keepalive_timeout=100ms"},
};

static void expect(const struct row *row, const char *what, const struct hws_event *event, int32_t status) {
  if (event->status != status || event->flags != row->flags)
    fail_msg("%s: %s ended with %s, flags %u, not with %s, %u", row->name, what, hws_status_name(event->status),
             (unsigned)event->flags, hws_status_name(status), (unsigned)row->flags);
}

/* Ops that pend on a stream of each role and on their session. */
enum { PENDING = 10 };
struct pending {
  const char *what;
  uint64_t tag;
  bool acceptor;
  bool of_session;
};

static uint8_t much[WINDOW_INITIAL + 1];

static uint64_t post_acquire(struct world *world, hws_handle stream) {
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_acquire(stream, &how, NULL, NULL), 0);
  return how.tag;
}

static unsigned post_all(struct world *world, hws_handle session, hws_handle opener, hws_handle acceptor,
                         struct pending *list) {
  static uint8_t bytes[2];
  static hws_handle none;
  unsigned count = 0;
  list[count++] = (struct pending){"an opener's recv", post_recv(world, opener, &bytes[0], 1), false, false};
  list[count++] = (struct pending){"an acceptor's recv", post_recv(world, acceptor, &bytes[1], 1), true, false};
  list[count++] = (struct pending){"an opener's acquire", post_acquire(world, opener), false, false};
  list[count++] = (struct pending){"an opener's send", post_send(world, opener, much, sizeof much), false, false};
  list[count++] = (struct pending){"an acceptor's send", post_send(world, acceptor, much, sizeof much), true, false};
  list[count++] = (struct pending){"an opener's shutdown", post_shutdown(world, opener), false, false};
  list[count++] = (struct pending){"an opener's watch", post_watch(world, opener), false, false};
  list[count++] = (struct pending){"an acceptor's watch", post_watch(world, acceptor), true, false};
  list[count++] = (struct pending){"an accept", post_accept(world, session, &none), false, true};
  list[count++] = (struct pending){"a session's watch", post_watch(world, session), false, true};
  assert_int_equal(count, PENDING);
  return count;
}

static void bring_about(struct world *world, enum way way, struct peer *peer, uint32_t id) {
  switch (way) {
  case HANG_UP:
    peer_hang_up(peer);
    break;
  case BREACH:
    (void)peer_say(peer, FRAME_WINDOW, FRAME_SYN, 2, 0); /* it exists */
    break;
  case FAREWELL:
    (void)peer_say(peer, FRAME_GOAWAY, 0, 0, 2);
    break;
  case CUT_OFF:
    (void)peer_say(peer, FRAME_WINDOW, FRAME_RST, 2, 7);
    (void)peer_say(peer, FRAME_WINDOW, FRAME_RST, id, 7);
    break;
  case RESET_HERE:
    assert_int_equal(hws_reset(peer->session, 4711, "here"), HWS_OK);
    break;
  case CLOSE_HERE: {
    struct hws_how how = how_queue(world);
    how.flags = HWS_ABORT;
    assert_int_equal(hws_close(peer->session, &how, NULL, NULL), 0);
    break;
  }
  case SILENCE:
    break; /* nothing is said any more */
  }
}

static void expect_later(const struct row *row, hws_handle stream, int32_t status) {
  uint8_t byte = 0;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  struct hws_how how = how_block();
  struct hws_event event;
  assert_int_equal(hws_recv(stream, &vec, 1, &how, &event, NULL), 1);
  expect(row, "a later recv", &event, status);
  assert_int_equal(hws_acquire(stream, &how, &event, NULL), 1);
  expect(row, "a later acquire", &event, status);
  assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
  expect(row, "a later send", &event, status);
  assert_int_equal(hws_shutdown(stream, &how, &event, NULL), 1);
  expect(row, "a later shutdown", &event, status);
  assert_int_equal(hws_watch(stream, &how, &event, NULL), 1);
  expect(row, "a later watch", &event, status);
  assert_int_equal(detail_of(stream).flags, row->flags);
}

static void expect_session_later(const struct row *row, hws_handle session, int32_t status) {
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle none = 0;
  assert_int_equal(hws_open(session, NULL, &how, &event, NULL, &none), 1);
  expect(row, "a later open", &event, status);
  assert_int_equal(hws_accept(session, 0, &how, &event, NULL, &none), 1);
  expect(row, "a later accept", &event, status);
  assert_int_equal(hws_watch(session, &how, &event, NULL), 1);
  expect(row, "a later watch of the session", &event, status);
  assert_int_equal(hws_shutdown(session, &how, &event, NULL), 1);
  expect(row, "a later shutdown of the session", &event, status);
  assert_int_equal(detail_of(session).flags, row->flags);
}

static void every_op_says_whose_doing_it_was(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    struct peer *peer = peer_open(world, HWS_ROLE_CLIENT, row->settings);
    struct pending list[PENDING];
    uint32_t id = 0;
    hws_handle opener = peer_is_opened(peer, &id);
    hws_handle acceptor = peer_opens(peer, 2);
    unsigned count = post_all(world, peer->session, opener, acceptor, list);
    if (row->streams_only) count -= 2;
    bring_about(world, row->way, peer, id);
    for (unsigned k = 0; k < count; k++) {
      struct hws_event event = world_await(world, list[k].tag);
      expect(row, list[k].what, &event, list[k].acceptor ? row->acceptor : row->opener);
    }
    expect_later(row, opener, row->opener);
    expect_later(row, acceptor, row->acceptor);
    if (row->way == CLOSE_HERE)
      peer->session = 0;
    else if (!row->streams_only)
      expect_session_later(row, peer->session, row->opener);
    close_handle(opener);
    close_handle(acceptor);
    peer_close(peer);
  }
}

/* An end of one direction is the peer's too: the end of what it sends, and in native a stop or an abort. */
static void ends_of_one_direction(void **state) {
  struct world *world = *state;
  struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
  uint8_t byte = 0;
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  for (uint32_t i = 0; i < 3; i++) {
    struct hws_how how = how_block();
    struct hws_event event;
    hws_handle stream = peer_opens_native(peer, 2 + 2 * i);
    uint64_t pending = post_recv(world, stream, &byte, 1);
    if (i == 0) assert_true(peer_say(peer, FRAME_WINDOW, FRAME_FIN, 2, 0));
    if (i == 1) assert_true(peer_say_reset(peer, 4, 9, RESET_ABORT, "no more"));
    if (i == 2) assert_true(peer_say_reset(peer, 6, 9, RESET_STOP, "enough"));
    if (i < 2) {
      event = world_await_status(world, pending, i ? HWS_E_RESET : HWS_E_EOF);
      assert_int_equal(event.flags, HWS_EVENT_REMOTE);
      assert_int_equal(hws_recv(stream, &vec, 1, &how, &event, NULL), 1);
      assert_status(event.status, i ? HWS_E_RESET : HWS_E_EOF);
    } else {
      world_until(world, send_status(stream) != HWS_OK);
      assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
      assert_status(event.status, HWS_E_RESET);
    }
    assert_int_equal(event.flags, HWS_EVENT_REMOTE);
    abort_handle(stream);
  }
  peer_close(peer);
}

/* Opens that find the peer going away, and those that it has not seen; but not those after our own shutdown. */
static void who_goes_away(void **state) {
  struct world *world = *state;
  for (int ours = 0; ours < 2; ours++) {
    struct peer *peer = peer_open_native(world, HWS_ROLE_CLIENT, NULL);
    uint32_t id = 0;
    hws_handle unseen = peer_is_opened_native(peer, &id);
    hws_handle none = 0;
    struct hws_how how = how_block();
    struct hws_event event;
    if (ours) {
      (void)post_shutdown(world, peer->session);
    } else {
      uint64_t pending = post_watch(world, unseen);
      assert_true(peer_say_drain(peer, 0));
      event = world_await_status(world, pending, HWS_E_REFUSED);
      assert_int_equal(event.flags, HWS_EVENT_REMOTE);
    }
    assert_int_equal(hws_open(peer->session, NULL, &how, &event, NULL, &none), 1);
    assert_status(event.status, HWS_E_CLOSED);
    assert_int_equal(event.flags, ours ? 0 : HWS_EVENT_REMOTE);
    close_handle(unseen);
    peer_close(peer);
  }
}

/* Raw connections, whose other end is ended or cut off. */
static void raw_connections(void **state) {
  struct world *world = *state;
  static const char *const schemes[] = {"mem", LOCAL};
  for (size_t i = 0; i < 2; i++)
    for (int cut = 0; cut < 2; cut++) {
      struct pair raw = pair_raw(world, schemes[i]);
      uint8_t byte = 0;
      uint64_t pending = post_recv(world, raw.client, &byte, 1);
      if (cut) send_all(raw.client, "unread", 6);
      if (cut)
        abort_handle(raw.server);
      else
        shut_down(raw.server);
      struct hws_event event = world_await(world, pending);
      assert_true(event.status == HWS_E_EOF || (cut && event.status == HWS_E_RESET));
      assert_int_equal(event.flags, HWS_EVENT_REMOTE);
      close_handle(raw.client);
      if (!cut) close_handle(raw.server);
    }
}

/* A session on a stream of a session: who hung up below hung up above. */
static void nested(void **state) {
  struct world *world = *state;
  struct pair outer = pair_sessions(world, "mem", NULL);
  struct pair streams = {.client = open_stream(outer.client)};
  streams.server = accept_stream(outer.server);
  struct pair inner = {session_in(streams.client, HWS_MODE_NATIVE, HWS_ROLE_DEFAULT, NULL),
                       session_in(streams.server, HWS_MODE_NATIVE, HWS_ROLE_DEFAULT, NULL)};
  struct pair tops = {.client = open_stream(inner.client)};
  tops.server = accept_stream(inner.server);
  hws_handle back = open_stream(inner.server);
  hws_handle handler = accept_stream(inner.client);
  uint64_t tags[] = {post_watch(world, tops.server), post_watch(world, back), post_watch(world, inner.server)};
  static const int32_t statuses[] = {HWS_E_CANCELED, HWS_E_CLOSED, HWS_E_CLOSED};
  assert_int_equal(hws_reset(outer.client, 4711, "gone"), HWS_OK);
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
    struct hws_event event = world_await_status(world, tags[i], statuses[i]);
    assert_int_equal(event.flags, HWS_EVENT_REMOTE);
  }
  hws_handle all[] = {tops.client, tops.server, back, handler, inner.client, inner.server, outer.client, outer.server};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) abort_handle(all[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(every_op_says_whose_doing_it_was),
      BOTH_MODES(ends_of_one_direction),
      BOTH_MODES(who_goes_away),
      BOTH_MODES(raw_connections),
      BOTH_MODES(nested),
  };
  return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
