/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: how streams end. What was sent before an end arrives before it, and every end arrives.
 */
#include "plugins/check/cases.h"
#include "plugins/check/flow.h"
#include "plugins/check/pattern.h"
#include "plugins/check/process.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL, HALF = TRANSPORT | HWS_CAP_HALF_CLOSE };

/* In which state the reader's side is when data and end arrive at one moment. */
enum before {
  FRESH,           /* never read */
  READ_PENDING,    /* a read waits */
  DRAINED_PENDING, /* a read waits, and the one before it was short */
  DRAINED          /* the last read was short, none waits */
};

enum ending { BY_SHUTDOWN, BY_DESTROY };

static void make_short_read(struct fixture_pair *pair) {
  char room[4096];
  struct check_io *read = fixture_read(pair->server, room, sizeof room);
  fixture_write_all(pair->client, 0, 10);
  fixture_expect_read(read, room, 0, 10);
}

/* Data and end become visible together, as far as the reader can tell: nothing is driven in between. If told_first, the
 * host tells of them before the reader asks. */
static void meet_end(struct fixture *fixture, enum before before, enum ending ending, bool told_first) {
  char room[4096];
  struct fixture_pair pair;
  struct check_io *read = NULL;
  fixture_pair_open(fixture, &pair);
  if (before == DRAINED || before == DRAINED_PENDING) make_short_read(&pair);
  if (before == READ_PENDING || before == DRAINED_PENDING) {
    read = fixture_read(pair.server, room, sizeof room);
    fixture_expect_pending(read, "nothing was sent");
  }
  fixture_write_all(pair.client, 0, 100);
  if (ending == BY_SHUTDOWN) {
    fixture_shutdown(pair.client);
  } else {
    check_endpoint_destroy(pair.client, false);
  }
  if (told_first) check_host_settle(fixture->host);
  if (!read) read = fixture_read(pair.server, room, sizeof room);
  fixture_expect_read(read, room, 0, 100);
  fixture_read_end(pair.server);
  fixture_read_end(pair.server);
  if (ending == BY_SHUTDOWN) check_endpoint_destroy(pair.client, false);
  check_endpoint_destroy(pair.server, false);
  check_endpoint_destroy(pair.listener, false);
}

static void meet_end_in_every_state(struct fixture *fixture, enum ending ending) {
  for (enum before before = FRESH; before <= DRAINED; before++) {
    meet_end(fixture, before, ending, false);
    meet_end(fixture, before, ending, true);
  }
}

static void case_end_with_data(struct fixture *fixture) {
  meet_end_in_every_state(fixture, BY_SHUTDOWN);
}

static void case_close_with_data(struct fixture *fixture) {
  meet_end_in_every_state(fixture, BY_DESTROY);
}

/* The end comes alone, to a reader that waits or does not. */
static void case_end_alone(struct fixture *fixture) {
  for (enum before before = FRESH; before <= DRAINED; before++) {
    char room[64];
    struct fixture_pair pair;
    struct check_io *read = NULL;
    fixture_pair_open(fixture, &pair);
    if (before == DRAINED || before == DRAINED_PENDING) make_short_read(&pair);
    if (before == READ_PENDING || before == DRAINED_PENDING) read = fixture_read(pair.server, room, sizeof room);
    check_host_settle(fixture->host);
    fixture_shutdown(pair.client);
    if (!read) read = fixture_read(pair.server, room, sizeof room);
    fixture_expect_bytes(read, 0);
    fixture_pair_close(&pair);
  }
}

/* Many bytes, then the end: it comes behind the last of them. */
static void case_end_behind_data(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct flow flow = {
      .from = pair.client, .to = pair.server, .bytes = 1000003, .write_bytes = 65536, .read_bytes = 10000};
  flow_run(fixture->host, &flow, 1);
  fixture_write_all(pair.client, flow.bytes, 5000);
  fixture_shutdown(pair.client);
  fixture_read_all(pair.server, flow.bytes, 5000);
  fixture_read_end(pair.server);
  fixture_pair_close(&pair);
}

/* One direction ends, the other goes on; then it ends too. In both orders. */
static void case_half_close(struct fixture *fixture) {
  for (int order = 0; order < 2; order++) {
    struct fixture_pair pair;
    fixture_pair_open(fixture, &pair);
    struct hws_host_endpoint *first = order == 0 ? pair.client : pair.server;
    struct hws_host_endpoint *second = order == 0 ? pair.server : pair.client;
    fixture_write_all(first, 0, 100);
    fixture_shutdown(first);
    fixture_read_all(second, 0, 100);
    fixture_read_end(second);
    struct flow flow = {.from = second, .to = first, .bytes = 500000, .write_bytes = 65536, .read_bytes = 65536};
    flow_run(fixture->host, &flow, 1);
    fixture_shutdown(second);
    fixture_read_end(first);
    fixture_pair_close(&pair);
  }
}

static void case_half_close_both(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  fixture_shutdown(pair.client);
  fixture_shutdown(pair.server);
  fixture_read_end(pair.client);
  fixture_read_end(pair.server);
  fixture_pair_close(&pair);
}

/* A shutdown with a read pending leaves the read alone. */
static void case_shutdown_beside_read(struct fixture *fixture) {
  char room[64];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct check_io *read = fixture_read(pair.client, room, sizeof room);
  fixture_shutdown(pair.client);
  fixture_expect_pending(read, "only the other direction has ended");
  fixture_write_all(pair.server, 0, 20);
  fixture_expect_read(read, room, 0, 20);
  fixture_pair_close(&pair);
}

static void expect_write_error(const struct check_io *io, const char *when) {
  fixture_wait(io);
  CHECK(io->io.status < 0, "a write %s ended with OK and %llu bytes", when, (unsigned long long)io->io.bytes);
}

static void case_write_after_shutdown(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  fixture_shutdown(pair.client);
  expect_write_error(fixture_write(pair.client, "x", 1), "after a shutdown");
  fixture_pair_close(&pair);
}

/* Also shows that no signal is raised: it would kill this process. */
static void case_write_to_gone(struct fixture *fixture) {
  static char chunk[65536];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_endpoint_destroy(pair.server, false);
  for (int writes = 0;; writes++) {
    struct check_io *io = fixture_write(pair.client, chunk, sizeof chunk);
    fixture_wait(io);
    if (io->io.status != HWS_IO_OK) break;
    CHECK(writes < 1000, "writes to a peer that is gone do not fail");
  }
  expect_write_error(fixture_write(pair.client, "x", 1), "after one that failed");
  check_endpoint_destroy(pair.client, false);
  check_endpoint_destroy(pair.listener, false);
}

/* What a write that pends, or the one after it, comes to when its peer goes. The system may have found room for it just
 * before: between two buffers, or when the peer let go of what it had not read; and a filter may tell later of what
 * went down. Then it is a later write that fails. */
static void expect_lost(struct hws_host_endpoint *endpoint, const struct check_io *write) {
  for (int writes = 0;; writes++) {
    fixture_wait(write);
    if (write->io.status != HWS_IO_OK) break;
    CHECK(writes < 1000, "writes to a peer that went do not fail");
    write = fixture_write(endpoint, "x", 1);
  }
  expect_write_error(write, "to a peer that went");
}

/* The peer goes while both of ours are pending. */
static void peer_goes(struct fixture *fixture, bool abort) {
  static char chunk[100000];
  static char room[64];
  struct fixture_pair pair;
  uint64_t sent = 0;
  fixture_pair_open(fixture, &pair);
  struct check_io *read = fixture_read(pair.client, room, sizeof room);
  fixture_expect_pending(read, "nothing was sent");
  struct check_io *write = fixture_fill(pair.client, chunk, sizeof chunk, &sent);
  check_endpoint_destroy(pair.server, abort);
  fixture_wait(read);
  CHECK(read->io.bytes == 0, "a read got %llu bytes that nobody sent", (unsigned long long)read->io.bytes);
  expect_lost(pair.client, write);
  check_endpoint_destroy(pair.client, abort);
  check_endpoint_destroy(pair.listener, abort);
}

static void case_peer_closes(struct fixture *fixture) {
  peer_goes(fixture, false);
}

static void case_peer_aborts(struct fixture *fixture) {
  peer_goes(fixture, true);
}

/* A reset is no plain end, and stays what it was: for later reads, and for writes. */
static void case_reset_is_told(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  fixture_write_all(pair.client, 0, 100); /* which nobody will read */
  check_endpoint_destroy(pair.server, true);
  bool reset = fixture_read_out(pair.client) == HWS_IO_RESET;
  int32_t later = fixture_read_out(pair.client);
  CHECK(!reset || later == HWS_IO_RESET, "a read was RESET, but the read after it was %s", check_status_name(later));
  struct check_io *write = fixture_write(pair.client, "x", 1);
  expect_write_error(write, "to a peer that went");
  CHECK(!reset || write->io.status == HWS_IO_RESET, "a read was RESET, but the write after it was %s",
        check_status_name(write->io.status));
  check_endpoint_destroy(pair.client, false);
  check_endpoint_destroy(pair.listener, false);
}

/* A listener goes with connections that nobody accepted: their diallers hear of it. */
static void case_listener_goes(struct fixture *fixture) {
  enum { DIALS = 5 };
  struct hws_host_endpoint *clients[DIALS];
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  for (int i = 0; i < DIALS; i++) clients[i] = fixture_dial(fixture);
  check_endpoint_destroy(listener, false);
  for (int i = 0; i < DIALS; i++) {
    (void)fixture_read_out(clients[i]);
    check_endpoint_destroy(clients[i], false);
  }
}

/* A listener goes, and what it accepted stays. */
static void case_listener_goes_first(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_endpoint_destroy(pair.listener, true);
  fixture_write_all(pair.client, 0, 1000);
  fixture_read_all(pair.server, 0, 1000);
  /* and its address is free again */
  pair.listener = fixture_listen(fixture);
  fixture_pair_close(&pair);
}

/* A process that was forked meanwhile has copies of all descriptors; what is closed here ends all the same. */
static void case_forked_copies(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_process_hold();
  check_endpoint_destroy(pair.server, false);
  fixture_read_end(pair.client);
  check_endpoint_destroy(pair.listener, false);
  struct hws_host_endpoint *late = NULL;
  CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &late) == HWS_IO_OK, "dial failed");
  fixture_expect(check_io_submit(late, HWS_IO_DIAL, NULL, 0), HWS_IO_REFUSED);
  check_endpoint_destroy(late, false);
  check_process_release();
  check_endpoint_destroy(pair.client, false);
}

const struct check_case check_cases_end[] = {
    {"end together with data", HALF, CHECK_EVERY_ARMING, case_end_with_data},
    {"close together with data", TRANSPORT, CHECK_EVERY_ARMING, case_close_with_data},
    {"end alone", HALF, CHECK_EVERY_ARMING, case_end_alone},
    {"end behind data", HALF, CHECK_EVERY_ARMING, case_end_behind_data},
    {"half-close", HALF, CHECK_EVERY_ARMING, case_half_close},
    {"half-close of both", HALF, CHECK_EVERY_ARMING, case_half_close_both},
    {"shutdown beside a read", HALF, CHECK_EVERY_ARMING, case_shutdown_beside_read},
    {"write after shutdown", HALF, 0, case_write_after_shutdown},
    {"write to a peer that is gone", TRANSPORT, CHECK_EVERY_ARMING, case_write_to_gone},
    {"peer closes", TRANSPORT, CHECK_EVERY_ARMING, case_peer_closes},
    {"peer aborts", TRANSPORT, CHECK_EVERY_ARMING, case_peer_aborts},
    {"reset is told", TRANSPORT, 0, case_reset_is_told},
    {"closed despite a forked copy", TRANSPORT, CHECK_TRANSPORT, case_forked_copies},
    {"listener closes, unaccepted", TRANSPORT, CHECK_EVERY_ARMING | CHECK_TRANSPORT, case_listener_goes},
    {"listener closes, accepted", TRANSPORT, CHECK_EVERY_ARMING, case_listener_goes_first},
    {NULL, 0, 0, NULL},
};
