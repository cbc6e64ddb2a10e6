/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: the bytes of a file, taken by the transport itself.
 */
#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/files.h"
#include "plugins/check/flow.h"
#include "plugins/check/pattern.h"

enum { FILES = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_SENDFILE, FILE_BYTES = 3000001, FULL_TURNS = 100 };

/* What goes on: a part of the file, and a read at the other end. */
struct passage {
  struct check_io *sending; /* NULL: none */
  struct check_io *read;
};

static bool has_moved(void *argument) {
  const struct passage *passage = argument;
  return (passage->sending && check_io_ended(passage->sending)) || check_io_ended(passage->read);
}

/* One io after another, while the other end reads. */
static void send_and_read(struct fixture_pair *pair, int64_t file, uint64_t offset, uint64_t bytes) {
  static char room[100000];
  struct passage passage = {NULL, fixture_read(pair->server, room, sizeof room)};
  uint64_t sent = 0;
  for (uint64_t got = 0; got < bytes;) {
    if (!passage.sending && sent < bytes)
      passage.sending = check_io_submit_file(pair->client, file, offset + sent, bytes - sent);
    check_until(pair->client->host, has_moved, &passage, "a file to move");
    if (passage.sending && check_io_ended(passage.sending)) {
      const struct hws_io *io = &passage.sending->io;
      fixture_expect(passage.sending, HWS_IO_OK);
      CHECK(io->bytes > 0, "the end of the file was told after %llu bytes of %llu", (unsigned long long)sent,
            (unsigned long long)bytes);
      sent += io->bytes;
      passage.sending = NULL;
    }
    if (!check_io_ended(passage.read)) continue;
    fixture_expect(passage.read, HWS_IO_OK);
    check_pattern_compare(room, offset + got, (size_t)passage.read->io.bytes);
    got += passage.read->io.bytes;
    CHECK(passage.read->io.bytes > 0 && got <= bytes, "%llu bytes arrived of %llu", (unsigned long long)got,
          (unsigned long long)bytes);
    if (got < bytes) passage.read = fixture_read(pair->server, room, sizeof room);
  }
  if (passage.sending) fixture_wait(passage.sending);
}

static void case_whole(struct fixture *fixture) {
  static const struct {
    uint64_t offset;
    uint64_t bytes;
  } parts[] = {{0, FILE_BYTES}, {0, 1}, {FILE_BYTES - 1, 1}, {4095, 4097}, {65536, 1000000}, {1, 262144}};
  struct fixture_pair pair;
  check_file_block_signals();
  int64_t file = check_file_make(FILE_BYTES);
  fixture_pair_open(fixture, &pair);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    send_and_read(&pair, file, parts[i].offset, parts[i].bytes);
  fixture_write_all(pair.client, 0, 100);
  fixture_read_all(pair.server, 0, 100);
  fixture_pair_close(&pair);
  check_file_close(file);
}

/* What is not there is told as an end, and breaks nothing. */
static void case_end(struct fixture *fixture) {
  struct fixture_pair pair;
  check_file_block_signals();
  int64_t file = check_file_make(1000);
  fixture_pair_open(fixture, &pair);
  struct check_io *io = check_io_submit_file(pair.client, file, 0, 5000);
  fixture_expect_bytes(io, 1000);
  fixture_expect_bytes(check_io_submit_file(pair.client, file, 1000, 4000), 0);
  fixture_expect_bytes(check_io_submit_file(pair.client, file, 2000, 1), 0);
  fixture_read_all(pair.server, 0, 1000);
  fixture_write_all(pair.client, 0, 10);
  fixture_read_all(pair.server, 0, 10);
  fixture_pair_close(&pair);
  check_file_close(file);
}

/* A cancelled one stops where it says, whether it met a full connection or not. */
static void case_cancel(struct fixture *fixture) {
  static char chunk[100000];
  struct fixture_pair pair;
  uint64_t filled = 0;
  check_file_block_signals();
  int64_t file = check_file_make(FILE_BYTES);
  fixture_pair_open(fixture, &pair);
  struct check_io *write = fixture_fill(pair.client, chunk, sizeof chunk, &filled);
  check_io_cancel(write);
  fixture_wait(write);
  filled += write->io.bytes;
  struct check_io *io = check_io_submit_file(pair.client, file, 0, FILE_BYTES);
  check_io_cancel(io);
  fixture_wait(io);
  CHECK(io->io.status == HWS_IO_CANCELED || io->io.status == HWS_IO_OK, "a cancelled file was %s",
        check_status_name(io->io.status));
  fixture_read_all(pair.server, 0, (size_t)filled);
  fixture_read_all(pair.server, 0, (size_t)io->io.bytes);
  fixture_write_all(pair.client, 7, 100);
  fixture_read_all(pair.server, 7, 100);
  fixture_pair_close(&pair);
  check_file_close(file);
}

/* One that has met a full connection ends when it is told to, whatever becomes of the connection. */
static void case_give_up(struct fixture *fixture) {
  struct fixture_pair pair;
  struct check_io *io = NULL;
  check_file_block_signals();
  int64_t file = check_file_make(FILE_BYTES);
  fixture_pair_open(fixture, &pair);
  for (unsigned full = 0; full < FULL_TURNS; check_host_turn(fixture->host, 1)) {
    if (!io || check_io_ended(io)) {
      if (io) fixture_expect(io, HWS_IO_OK);
      io = check_io_submit_file(pair.client, file, 0, FILE_BYTES);
      full = 0;
    }
    full++;
  }
  check_io_cancel(io);
  fixture_wait(io);
  CHECK(io->io.status == HWS_IO_CANCELED || io->io.status == HWS_IO_OK, "a cancelled file was %s",
        check_status_name(io->io.status));
  check_endpoint_destroy(pair.client, true);
  check_endpoint_destroy(pair.server, true);
  check_endpoint_destroy(pair.listener, false);
  check_file_close(file);
}

/* What cannot be sent so is for the host to send, on a connection that is whole. */
static void case_no_file(struct fixture *fixture) {
  struct fixture_pair pair;
  check_file_block_signals();
  int64_t none = check_file_none();
  fixture_pair_open(fixture, &pair);
  struct check_io *io = check_io_submit_file(pair.client, none, 0, 100);
  fixture_expect(io, HWS_IO_UNSUPPORTED);
  CHECK(io->io.bytes == 0, "%llu bytes of what is no file were sent", (unsigned long long)io->io.bytes);
  fixture_write_all(pair.client, 0, 100);
  fixture_read_all(pair.server, 0, 100);
  fixture_pair_close(&pair);
  check_file_close(none);
}

static void send_to_nobody(struct fixture *fixture, bool abort) {
  struct fixture_pair pair;
  check_file_block_signals();
  int64_t file = check_file_make(FILE_BYTES);
  fixture_pair_open(fixture, &pair);
  check_endpoint_destroy(pair.server, abort);
  for (int tries = 0;; tries++) {
    struct check_io *io = check_io_submit_file(pair.client, file, 0, FILE_BYTES);
    fixture_wait(io);
    if (io->io.status != HWS_IO_OK) {
      CHECK(io->io.status == HWS_IO_CLOSED || io->io.status == HWS_IO_RESET, "a file to a peer that is gone was %s",
            check_status_name(io->io.status));
      break;
    }
    CHECK(tries < 1000, "files to a peer that is gone do not fail");
  }
  check_endpoint_destroy(pair.client, false);
  check_endpoint_destroy(pair.listener, false);
  check_file_close(file);
}

static void case_gone(struct fixture *fixture) {
  send_to_nobody(fixture, false);
}

static void case_gone_by_reset(struct fixture *fixture) {
  send_to_nobody(fixture, true);
}

const struct check_case check_cases_file[] = {
    {"send a file", FILES, CHECK_EVERY_ARMING, case_whole},
    {"a file ends", FILES, 0, case_end},
    {"cancel a file", FILES | HWS_CAP_REVOKE, CHECK_EVERY_ARMING, case_cancel},
    {"give a file up", FILES, 0, case_give_up},
    {"send what is no file", FILES, 0, case_no_file},
    /* Wine does not tell a file's call of what happens between its first bytes and its packet. */
    {"send a file to a peer that is gone", FILES | HWS_CAP_REVOKE, CHECK_EVERY_ARMING, case_gone},
    {"send a file to a peer that has reset", FILES, CHECK_EVERY_ARMING, case_gone_by_reset},
    {NULL, 0, 0, NULL},
};
