/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: cancel, at every point.
 */
#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/pattern.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL, REVOKE = TRANSPORT | HWS_CAP_REVOKE };

/* Before anything is there: nothing is moved, and the memory is the caller's from then on. */
static void case_read(struct fixture *fixture) {
  char room[64];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  for (int round = 0; round < 3; round++) {
    struct check_io *read = fixture_read(pair.server, room, sizeof room);
    if (round > 0) check_host_settle(fixture->host);
    check_io_cancel(read);
    fixture_expect(read, HWS_IO_CANCELED);
    CHECK(read->io.bytes == 0, "a cancelled read says %llu bytes", (unsigned long long)read->io.bytes);
    memset(room, 0xEE, sizeof room);
    fixture_write_all(pair.client, 0, 50);
    check_host_settle(fixture->host);
    for (size_t i = 0; i < sizeof room; i++)
      CHECK((unsigned char)room[i] == 0xEE, "a cancelled read was still written");
    fixture_read_all(pair.server, 0, 50);
  }
  fixture_pair_close(&pair);
}

/* What was sent before the cancel, but not told of, is not lost either. */
static void case_read_beside_data(struct fixture *fixture) {
  char room[64];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  uint64_t got = 0;
  for (uint64_t round = 0; round < 20; round++) {
    struct check_io *read = fixture_read(pair.server, room, sizeof room);
    fixture_write_all(pair.client, round * 50, 50);
    check_io_cancel(read);
    fixture_wait(read);
    CHECK(read->io.status == HWS_IO_OK || read->io.status == HWS_IO_CANCELED, "a cancelled read was %s",
          check_status_name(read->io.status));
    check_pattern_compare(room, got, (size_t)read->io.bytes);
    got += read->io.bytes;
    fixture_read_all(pair.server, got, (size_t)((round + 1) * 50 - got));
    got = (round + 1) * 50;
  }
  fixture_pair_close(&pair);
}

/* The bytes that a cancelled write reports are those that arrive. */
static void case_write(struct fixture *fixture) {
  static char chunk[100000];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  uint64_t base = 0;
  for (int round = 0; round < 3; round++) {
    uint64_t sent = 0;
    struct check_io *write = fixture_fill(pair.client, chunk, sizeof chunk, &sent);
    check_io_cancel(write);
    fixture_expect(write, HWS_IO_CANCELED);
    sent += write->io.bytes;
    memset(chunk, 0xEE, sizeof chunk);
    fixture_read_all(pair.server, 0, (size_t)sent);
    base += sent;
    fixture_write_all(pair.client, base, 10);
    fixture_read_all(pair.server, base, 10);
  }
  fixture_pair_close(&pair);
}

/* The kit cancels an io that has ended only in the way in which a host may: not at all. So this shows the kit's own
 * side, and that the next io is not hit. */
static void case_after_end(struct fixture *fixture) {
  char room[64];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct check_io *first = fixture_read(pair.server, room, sizeof room);
  fixture_write_all(pair.client, 0, 10);
  fixture_expect_read(first, room, 0, 10);
  struct check_io *second = fixture_read(pair.server, room, sizeof room);
  check_io_cancel(first);
  fixture_expect_pending(second, "nothing was sent");
  fixture_write_all(pair.client, 10, 10);
  fixture_expect_read(second, room, 10, 10);
  fixture_pair_close(&pair);
}

static void case_accept(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  for (int round = 0; round < 3; round++) {
    struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    if (round > 0) check_host_settle(fixture->host);
    check_io_cancel(accept);
    fixture_expect(accept, HWS_IO_CANCELED);
    struct hws_host_endpoint *client = fixture_dial(fixture);
    struct hws_host_endpoint *server = fixture_accept(fixture, listener);
    fixture_write_all(client, 0, 10);
    fixture_read_all(server, 0, 10);
    check_endpoint_destroy(client, false);
    check_endpoint_destroy(server, false);
  }
  check_endpoint_destroy(listener, false);
}

/* A connection that arrives at the moment of the cancel is accepted or still waits; it is never lost. */
static void case_accept_beside_dial(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  for (int round = 0; round < 10; round++) {
    struct hws_host_endpoint *server = NULL;
    struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    struct hws_host_endpoint *client = NULL;
    CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &client) == HWS_IO_OK, "dial failed");
    struct check_io *dial = check_io_submit(client, HWS_IO_DIAL, NULL, 0);
    check_io_cancel(accept);
    fixture_expect(dial, HWS_IO_OK);
    fixture_wait(accept);
    server = accept->io.status == HWS_IO_OK ? fixture_adopt(fixture, accept) : fixture_accept(fixture, listener);
    fixture_write_all(client, 0, 10);
    fixture_read_all(server, 0, 10);
    check_endpoint_destroy(client, false);
    check_endpoint_destroy(server, false);
  }
  check_endpoint_destroy(listener, false);
}

static void case_dial(struct fixture *fixture) {
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  for (int round = 0; round < 5; round++) {
    struct hws_host_endpoint *client = NULL;
    CHECK(check_endpoint_dial(fixture->host, fixture->dial_url, &client) == HWS_IO_OK, "dial failed");
    struct check_io *dial = check_io_submit(client, HWS_IO_DIAL, NULL, 0);
    check_io_cancel(dial);
    fixture_wait(dial);
    CHECK(dial->io.status == HWS_IO_OK || dial->io.status == HWS_IO_CANCELED, "a cancelled dial was %s",
          check_status_name(dial->io.status));
    check_endpoint_destroy(client, round % 2 == 0);
  }
  check_endpoint_destroy(listener, false);
}

static void case_listen(struct fixture *fixture) {
  struct hws_host_endpoint *listener = NULL;
  CHECK(check_endpoint_listen(fixture->host, fixture->config->listen_url, &listener) == HWS_IO_OK, "listen failed");
  struct check_io *listen = check_io_submit(listener, HWS_IO_LISTEN, NULL, 0);
  check_io_cancel(listen);
  fixture_wait(listen);
  CHECK(listen->io.status == HWS_IO_OK || listen->io.status == HWS_IO_CANCELED, "a cancelled listen was %s",
        check_status_name(listen->io.status));
  check_endpoint_destroy(listener, false);
  check_endpoint_destroy(fixture_listen(fixture), false);
}

/* A host closes an endpoint by cancelling what pends and destroying it. */
static void case_then_destroy(struct fixture *fixture) {
  static char chunk[100000];
  char room[64];
  struct fixture_pair pair;
  uint64_t sent = 0;
  fixture_pair_open(fixture, &pair);
  struct check_io *accept = check_io_submit(pair.listener, HWS_IO_ACCEPT, NULL, 0);
  struct check_io *write = fixture_fill(pair.client, chunk, sizeof chunk, &sent);
  struct check_io *read = fixture_read(pair.client, room, sizeof room);
  check_io_cancel(write);
  check_io_cancel(read);
  check_io_cancel(accept);
  fixture_wait(write);
  fixture_wait(read);
  fixture_wait(accept);
  fixture_pair_close(&pair);
}

const struct check_case check_cases_cancel[] = {
    {"cancel a read", REVOKE, CHECK_EVERY_ARMING, case_read},
    {"cancel a read beside data", TRANSPORT, CHECK_EVERY_ARMING, case_read_beside_data},
    {"cancel a write", REVOKE, CHECK_EVERY_ARMING, case_write},
    {"cancel after the end", TRANSPORT, CHECK_EVERY_ARMING, case_after_end},
    {"cancel an accept", TRANSPORT, CHECK_EVERY_ARMING | CHECK_TRANSPORT, case_accept},
    {"cancel an accept beside a dial", TRANSPORT, CHECK_EVERY_ARMING | CHECK_TRANSPORT, case_accept_beside_dial},
    {"cancel a dial", TRANSPORT, CHECK_TRANSPORT, case_dial},
    {"cancel a listen", TRANSPORT, CHECK_TRANSPORT, case_listen},
    {"cancel all and destroy", TRANSPORT, CHECK_EVERY_ARMING, case_then_destroy},
    {NULL, 0, 0, NULL},
};
