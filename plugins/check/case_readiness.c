/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: reads and writes without bytes, which end when there is something to read or room to write; and readiness that
 * is told in vain.
 */
#include "plugins/check/cases.h"
#include "plugins/check/pattern.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL, REVOKE = TRANSPORT | HWS_CAP_REVOKE, TRIES = 30 };

/* Asked for with no piece, or with a piece of no bytes: it is the same. */
static struct check_io *ask_ready(struct hws_host_endpoint *endpoint, enum hws_io_kind kind, int round) {
  struct hws_iov empty = {.ptr = NULL, .len = 0};
  return check_io_submit(endpoint, kind, round % 2 ? &empty : NULL, round % 2 ? 1 : 0);
}

static void case_readable(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  for (int round = 0; round < 4; round++) {
    struct check_io *ready = ask_ready(pair.server, HWS_IO_READ, round);
    fixture_expect_pending(ready, "nothing was sent");
    fixture_write_all(pair.client, 0, 100);
    fixture_expect_bytes(ready, 0);
    /* It took nothing, and is still so. */
    fixture_expect_bytes(ask_ready(pair.server, HWS_IO_READ, round + 1), 0);
    fixture_read_all(pair.server, 0, 100);
  }
  struct check_io *ready = ask_ready(pair.server, HWS_IO_READ, 0);
  check_io_cancel(ready);
  fixture_wait(ready);
  fixture_pair_close(&pair);
}

static void case_readable_end(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct check_io *ready = ask_ready(pair.server, HWS_IO_READ, 0);
  check_endpoint_destroy(pair.client, false);
  fixture_wait(ready);
  (void)fixture_read_out(pair.server);
  check_endpoint_destroy(pair.server, false);
  check_endpoint_destroy(pair.listener, false);
}

/* Fill a direction up, with no write left pending. Returns how many bytes wait to be read. */
static uint64_t fill_up(struct hws_host_endpoint *endpoint) {
  static char chunk[100000];
  uint64_t sent = 0;
  struct check_io *full = fixture_fill(endpoint, chunk, sizeof chunk, &sent);
  check_io_cancel(full);
  fixture_wait(full);
  return sent + full->io.bytes;
}

/* False: it ended before anyone read. The system may have made room by itself, where it has more than one buffer on the
 * way and moves bytes on when it likes. */
static bool waits_for_room(struct fixture *fixture, int round) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  fixture_expect_bytes(ask_ready(pair.client, HWS_IO_WRITE, round), 0);
  uint64_t sent = fill_up(pair.client);
  struct check_io *ready = ask_ready(pair.client, HWS_IO_WRITE, round);
  check_host_settle(fixture->host);
  bool pending = !check_io_ended(ready);
  fixture_read_all(pair.server, 0, (size_t)sent);
  fixture_expect_bytes(ready, 0);
  fixture_write_all(pair.client, sent, 10);
  fixture_read_all(pair.server, sent, 10);
  fixture_pair_close(&pair);
  return pending;
}

static void case_writable(struct fixture *fixture) {
  for (int round = 0; round < 2; round++) {
    int tries = 0;
    while (tries < TRIES && !waits_for_room(fixture, round)) tries++;
    CHECK(tries < TRIES, "a write without bytes (writable) ends whenever nobody has read");
  }
}

/* A host may tell of readiness that has passed, as another call took what was there. Nothing comes of it, and what
 * comes later is not missed. */
static void told_in_vain(struct hws_host_endpoint *endpoint, uint32_t direction, const struct check_io *io) {
  for (int times = 0; times < 2; times++) {
    check_endpoint_ready(endpoint, direction);
    fixture_expect_pending(io, "readiness was told in vain");
  }
}

static void case_vain_read(struct fixture *fixture) {
  char room[200];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_host_settle(fixture->host);
  check_endpoint_ready(pair.server, HWS_READ);
  check_endpoint_ready(pair.listener, HWS_READ);
  for (size_t room_bytes = 0; room_bytes <= sizeof room; room_bytes += sizeof room) {
    struct check_io *read = fixture_read(pair.server, room, room_bytes);
    told_in_vain(pair.server, HWS_READ, read);
    fixture_write_all(pair.client, 0, 100);
    if (room_bytes > 0) fixture_expect_read(read, room, 0, 100);
    if (room_bytes == 0) fixture_expect_bytes(read, 0);
    if (room_bytes == 0) fixture_read_all(pair.server, 0, 100);
  }
  struct check_io *accept = check_io_submit(pair.listener, HWS_IO_ACCEPT, NULL, 0);
  told_in_vain(pair.listener, HWS_READ, accept);
  struct hws_host_endpoint *client = fixture_dial(fixture);
  check_endpoint_destroy(fixture_adopt(fixture, accept), false);
  check_endpoint_destroy(client, false);
  fixture_pair_close(&pair);
}

/* A write that pends: where the large ones found no room, some small ones may. */
static struct check_io *write_small(struct hws_host_endpoint *endpoint, char *bytes, size_t count, uint64_t *sent) {
  enum { SMALL_MAX = 2000 };
  for (int tries = 0;; tries++) {
    check_pattern_fill(bytes, *sent, count);
    struct check_io *write = fixture_write(endpoint, bytes, count);
    if (!count || tries == SMALL_MAX || !check_io_ended(write)) return write;
    *sent += write->io.bytes;
  }
}

/* False: it ended, as above. */
static bool write_in_vain(struct fixture *fixture, size_t count) {
  char bytes[100];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  uint64_t sent = fill_up(pair.client);
  struct check_io *write = write_small(pair.client, bytes, count, &sent);
  bool pending = true;
  for (int times = 0; times < 2 && !check_io_ended(write); times++) {
    check_endpoint_ready(pair.client, HWS_WRITE);
    check_host_settle(fixture->host);
    pending = !check_io_ended(write);
  }
  fixture_read_all(pair.server, 0, (size_t)sent);
  fixture_expect_bytes(write, count);
  fixture_read_all(pair.server, sent, count);
  fixture_pair_close(&pair);
  return pending;
}

static void case_vain_write(struct fixture *fixture) {
  for (size_t count = 0; count <= 100; count += 100) {
    int tries = 0;
    while (tries < TRIES && !write_in_vain(fixture, count)) tries++;
    CHECK(tries < TRIES, "a write of %zu bytes ends whenever readiness is told in vain", count);
  }
}

const struct check_case check_cases_readiness[] = {
    {"readable", TRANSPORT, CHECK_EVERY_ARMING, case_readable},
    {"readable at the end", TRANSPORT, CHECK_EVERY_ARMING, case_readable_end},
    {"writable", REVOKE, CHECK_EVERY_ARMING, case_writable},
    {"told in vain, reading", TRANSPORT, CHECK_EVERY_ARMING | CHECK_NEEDS_WATCH | CHECK_TRANSPORT, case_vain_read},
    {"told in vain, writing", REVOKE, CHECK_EVERY_ARMING | CHECK_NEEDS_WATCH | CHECK_TRANSPORT, case_vain_write},
    {NULL, 0, 0, NULL},
};
