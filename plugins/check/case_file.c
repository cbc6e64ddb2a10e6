/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: the bytes of a file, taken by the transport itself.
 */
#include <string.h>

#include "plugins/check/cases.h"
#include "plugins/check/files.h"
#include "plugins/check/flow.h"
#include "plugins/check/pattern.h"

enum { FILES = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_SENDFILE, FILE_BYTES = 3000001 };

/* One io after another, while the other end reads. */
static void send_and_read(struct fixture_pair *pair, int64_t file, uint64_t offset, uint64_t bytes) {
  static char room[100000];
  struct check_io *sending = NULL;
  uint64_t sent = 0;
  for (uint64_t got = 0; got < bytes;) {
    if (sending && check_io_ended(sending)) {
      fixture_expect(sending, HWS_IO_OK);
      CHECK(sending->io.bytes > 0, "the end of the file was told after %llu bytes of %llu", (unsigned long long)sent,
            (unsigned long long)bytes);
      sent += sending->io.bytes;
      sending = NULL;
    }
    if (!sending && sent < bytes) sending = check_io_submit_file(pair->client, file, offset + sent, bytes - sent);
    struct check_io *read = fixture_read(pair->server, room, sizeof room);
    fixture_expect(read, HWS_IO_OK);
    check_pattern_compare(room, offset + got, (size_t)read->io.bytes);
    got += read->io.bytes;
    CHECK(read->io.bytes > 0 && got <= bytes, "%llu bytes arrived of %llu", (unsigned long long)got,
          (unsigned long long)bytes);
  }
  if (sending) fixture_wait(sending);
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

static void case_gone(struct fixture *fixture) {
  struct fixture_pair pair;
  check_file_block_signals();
  int64_t file = check_file_make(FILE_BYTES);
  fixture_pair_open(fixture, &pair);
  check_endpoint_destroy(pair.server, false);
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

const struct check_case check_cases_file[] = {
    {"send a file", FILES, CHECK_EVERY_ARMING, case_whole},
    {"a file ends", FILES, 0, case_end},
    {"cancel a file", FILES, CHECK_EVERY_ARMING, case_cancel},
    {"send what is no file", FILES, 0, case_no_file},
    {"send a file to a peer that is gone", FILES, CHECK_EVERY_ARMING, case_gone},
    {NULL, 0, 0, NULL},
};
