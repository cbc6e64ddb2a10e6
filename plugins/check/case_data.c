/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: bytes there and back, in whatever pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/flow.h"
#include "plugins/check/pattern.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL, UNTAKEN_NS = 2000000000 };

static void case_echo(struct fixture *fixture) {
  static const size_t sizes[] = {1, 2, 63, 64, 1000, 4095, 4096, 4097, 65535, 65536, 65537, 262144, 1048576};
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  uint64_t offset = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct flow there = {.from = pair.client, .to = pair.server, .bytes = sizes[i], .begin = offset};
    struct flow back = {.from = pair.server, .to = pair.client, .bytes = sizes[i], .begin = offset + 7};
    there.write_bytes = there.read_bytes = back.write_bytes = back.read_bytes = sizes[i];
    flow_run(fixture->host, &there, 1);
    flow_run(fixture->host, &back, 1);
    offset += sizes[i];
  }
  fixture_pair_close(&pair);
}

/* Request and answer, read with room to spare: what a session does all day. */
static void case_ping_pong(struct fixture *fixture) {
  enum { ROUNDS = 200, MESSAGE = 64, ROOM = 4096 };
  struct fixture_pair pair;
  char message[MESSAGE];
  char room[ROOM];
  fixture_pair_open(fixture, &pair);
  struct hws_host_endpoint *ends[] = {pair.client, pair.server};
  for (unsigned i = 0; i < ROUNDS; i++) {
    for (unsigned turn = 0; turn < 2; turn++) {
      struct check_io *read = fixture_read(ends[1 - turn], room, sizeof room);
      check_pattern_fill(message, i * 3 + turn, sizeof message);
      fixture_expect_written(fixture_write(ends[turn], message, sizeof message), i * 3 + turn, sizeof message);
      fixture_expect_read(read, room, i * 3 + turn, sizeof message);
    }
  }
  fixture_pair_close(&pair);
}

/* Pieces of every small size against every other: nothing is lost where reads and writes do not match. As many bytes
 * as the larger has, and some more. */
static void case_small_pieces(struct fixture *fixture) {
  static const size_t sizes[] = {1, 3, 7, 64, 1021};
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  uint64_t offset = 0;
  for (size_t w = 0; w < sizeof sizes / sizeof sizes[0]; w++) {
    for (size_t r = 0; r < sizeof sizes / sizeof sizes[0]; r++) {
      uint64_t bytes = 300 + (sizes[w] > sizes[r] ? sizes[w] : sizes[r]);
      struct flow flow = {.from = pair.client, .to = pair.server, .bytes = bytes, .begin = offset};
      flow.write_bytes = sizes[w];
      flow.read_bytes = sizes[r];
      flow_run(fixture->host, &flow, 1);
      offset += flow.bytes;
    }
  }
  fixture_pair_close(&pair);
}

/* Fill until a write pends, then drain: it goes on where it stopped, and not before. */
static void case_full_then_drained(struct fixture *fixture) {
  static char chunk[100000];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  uint64_t received = 0;
  /* A message that does not fit as a whole waits until it is being read. */
  bool whole = fixture->host->manifest->capabilities & HWS_CAP_MESSAGES;
  for (int round = 0; round < 3; round++) {
    uint64_t sent = 0;
    struct check_io *write = fixture_fill(pair.client, chunk, whole ? sizeof chunk / 4 : sizeof chunk, &sent);
    uint64_t base = received;
    struct flow drain = {.to = pair.server, .bytes = sent, .begin = 0, .read_bytes = 9973, .from = pair.server};
    drain.sent = drain.bytes;
    drain.write_bytes = 1;
    flow_run(fixture->host, &drain, 1);
    fixture_expect(write, HWS_IO_OK);
    fixture_read_all(pair.server, sent, (size_t)write->io.bytes);
    received = base + sent + write->io.bytes;
  }
  fixture_pair_close(&pair);
}

static bool untaken(struct hws_host_endpoint *endpoint, uint64_t *bytes) {
  if (!endpoint->vtable->query) return false;
  check_trace_inside("query");
  bool known = endpoint->vtable->query(endpoint->ep, HWS_QUERY_UNTAKEN, bytes, sizeof *bytes) >= 0;
  check_trace_inside(NULL);
  return known;
}

/* What the peer's side has not taken is told by those who can: some while it does not read, and nothing in the end. */
static void case_untaken(struct fixture *fixture) {
  static char chunk[25000];
  struct fixture_pair pair;
  uint64_t full = 0;
  uint64_t sent = 0;
  fixture_pair_open(fixture, &pair);
  if (untaken(pair.client, &full)) {
    CHECK(full == 0, "%llu bytes are not taken, before any was written", (unsigned long long)full);
    struct check_io *write = fixture_fill(pair.client, chunk, sizeof chunk, &sent);
    CHECK(untaken(pair.client, &full) && full > 0, "all is said to be taken, but a write pends");
    fixture_read_all(pair.server, 0, (size_t)sent);
    fixture_expect(write, HWS_IO_OK);
    fixture_read_all(pair.server, sent, (size_t)write->io.bytes);
    uint64_t until = check_now_ns() + UNTAKEN_NS;
    while (untaken(pair.client, &full) && full > 0 && check_now_ns() < until) check_host_turn(fixture->host, 5);
    CHECK(full == 0, "the peer has read all, and %llu bytes are not taken", (unsigned long long)full);
  }
  fixture_pair_close(&pair);
}

static void case_both_ways(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct flow flows[2] = {
      {.from = pair.client, .to = pair.server, .bytes = 3000001, .write_bytes = 262144, .read_bytes = 65536},
      {.from = pair.server,
       .to = pair.client,
       .bytes = 2000003,
       .begin = 99,
       .write_bytes = 100000,
       .read_bytes = 262144}};
  flow_run(fixture->host, flows, 2);
  fixture_pair_close(&pair);
}

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

/* `count` pieces of `bytes` each over a buffer, with empty ones here and there; *total is what they name. */
static struct hws_iov *cut_pieces(char *buffer, unsigned count, size_t bytes, size_t *total) {
  struct hws_iov *pieces = calloc(count, sizeof *pieces);
  CHECK(pieces, "the kit itself is out of memory");
  *total = 0;
  for (unsigned i = 0; i < count; i++) {
    bool empty = i % 5 == 0 && count > 1;
    pieces[i] = (struct hws_iov){.ptr = empty ? NULL : buffer + *total, .len = empty ? 0 : bytes};
    *total += empty ? 0 : bytes;
  }
  return pieces;
}

/* Send some pieces and read them into others. */
static void exchange_pieces(struct fixture_pair *pair, unsigned write_count, size_t write_bytes, unsigned read_count,
                            size_t read_bytes) {
  enum { ROOM = 65536, BEHIND = 64 };
  static char out[ROOM];
  static char in[ROOM];
  size_t out_total = 0;
  size_t in_total = 0;
  struct hws_iov *out_pieces = cut_pieces(out, write_count, write_bytes, &out_total);
  struct hws_iov *in_pieces = cut_pieces(in, read_count, read_bytes, &in_total);
  CHECK(out_total <= ROOM && in_total + BEHIND <= ROOM, "the kit's own pieces are too large");
  check_pattern_fill(out, 0, out_total);
  struct check_io *write = check_io_submit(pair->client, HWS_IO_WRITE, out_pieces, write_count);
  fixture_expect(write, HWS_IO_OK);
  for (uint64_t got = 0; got < write->io.bytes;) {
    memset(in, 0xEE, in_total + BEHIND);
    struct check_io *read = check_io_submit(pair->server, HWS_IO_READ, in_pieces, read_count);
    fixture_expect(read, HWS_IO_OK);
    CHECK(read->io.bytes > 0, "the end came amid pieces");
    check_pattern_compare(in, got, (size_t)read->io.bytes);
    for (size_t i = (size_t)read->io.bytes; i < in_total + BEHIND; i++) {
      CHECK((unsigned char)in[i] == 0xEE, "a read of %llu bytes wrote behind them", (unsigned long long)read->io.bytes);
    }
    got += read->io.bytes;
  }
  free(out_pieces);
  free(in_pieces);
}

static void case_pieces(struct fixture *fixture) {
  static const unsigned counts[] = {1, 2, 3, 16, 255, 1023, 1024, 1025, 1500};
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  for (size_t w = 0; w < sizeof counts / sizeof counts[0]; w++) {
    for (size_t r = 0; r < sizeof counts / sizeof counts[0]; r++) exchange_pieces(&pair, counts[w], 13, counts[r], 11);
  }
  fixture_pair_close(&pair);
}

/* More empty pieces than one call takes, before the first that is not: no end, and no error. */
static void case_empty_pieces(struct fixture *fixture) {
  enum { COUNT = 1500 };
  static struct hws_iov pieces[COUNT];
  static char room[100];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_pattern_fill(room, 0, sizeof room);
  pieces[COUNT - 1] = (struct hws_iov){.ptr = room, .len = sizeof room};
  struct check_io *write = check_io_submit(pair.client, HWS_IO_WRITE, pieces, COUNT);
  fixture_expect_written(write, 0, sizeof room);
  memset(room, 0, sizeof room);
  struct check_io *read = check_io_submit(pair.server, HWS_IO_READ, pieces, COUNT);
  fixture_expect_read(read, room, 0, sizeof room);
  fixture_pair_close(&pair);
}

const struct check_case check_cases_data[] = {
    {"echo", TRANSPORT, CHECK_EVERY_ARMING, case_echo},
    {"ping-pong", TRANSPORT, CHECK_EVERY_ARMING, case_ping_pong},
    {"small pieces", TRANSPORT, CHECK_EVERY_ARMING, case_small_pieces},
    {"full, then drained", TRANSPORT, CHECK_EVERY_ARMING, case_full_then_drained},
    {"what is not taken", TRANSPORT, CHECK_TRANSPORT, case_untaken},
    {"both ways at once", TRANSPORT, CHECK_EVERY_ARMING, case_both_ways},
    {"scatter and gather", TRANSPORT, CHECK_EVERY_ARMING, case_pieces},
    {"empty pieces", TRANSPORT, 0, case_empty_pieces},
    {NULL, 0, 0, NULL},
};
