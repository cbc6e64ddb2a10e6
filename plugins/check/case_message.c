/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: connections that keep the ends of messages.
 */
#include <stdlib.h>

#include "plugins/check/cases.h"
#include "plugins/check/pattern.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL, MESSAGES = TRANSPORT | HWS_CAP_MESSAGES };

static void check_keeps(struct hws_host_endpoint *endpoint) {
  uint32_t keeps = 0;
  int32_t answer = endpoint->host->vtable.query(endpoint->ep, HWS_QUERY_MESSAGES, &keeps, sizeof keeps);
  CHECK(answer >= 0 && keeps == 1, "promises MESSAGES, but the connection does not say that it keeps them");
}

static struct check_io *write_flagged(struct hws_host_endpoint *endpoint, uint64_t offset, void *buffer, size_t bytes,
                                      uint16_t flags) {
  struct hws_iov piece = {.ptr = buffer, .len = bytes};
  if (bytes > 0) check_pattern_fill(buffer, offset, bytes);
  struct check_io *io = check_io_new(endpoint, HWS_IO_WRITE, &piece, bytes > 0 ? 1 : 0);
  io->io.flags = io->asked.flags = flags;
  check_io_start(io);
  return io;
}

/* Read one message with so much room at a time: its bytes, and the end behind the last of them alone. */
static void read_message(struct hws_host_endpoint *endpoint, uint64_t offset, size_t bytes, size_t room) {
  char *buffer = malloc(room);
  CHECK(buffer, "the kit itself is out of memory");
  for (size_t got = 0; got < bytes;) {
    struct check_io *io = fixture_read(endpoint, buffer, room);
    fixture_expect(io, HWS_IO_OK);
    CHECK(io->io.bytes > 0, "the end came after %zu bytes of a message of %zu", got, bytes);
    CHECK(io->io.bytes <= bytes - got, "a read went past the end of a message");
    check_pattern_compare(buffer, offset + got, (size_t)io->io.bytes);
    got += (size_t)io->io.bytes;
    CHECK((io->io.flags_done == HWS_IO_EOM) == (got == bytes), "after %zu bytes of a message of %zu its end was %s",
          got, bytes, got == bytes ? "not told" : "told");
  }
  free(buffer);
}

/* The write may wait for its reader, so it is waited for behind it. */
static void pass_message(struct fixture_pair *pair, uint64_t offset, void *buffer, size_t bytes, size_t room) {
  struct check_io *write = write_flagged(pair->client, offset, buffer, bytes, 0);
  read_message(pair->server, offset, bytes, room);
  fixture_expect_bytes(write, bytes);
}

static void case_ends(struct fixture *fixture) {
  static char buffer[300000];
  static const size_t sizes[] = {1, 2, 100, 4096, 65535, 65536, 65537, 300000};
  static const size_t rooms[] = {1000, 65536, 400000};
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_keeps(pair.client);
  check_keeps(pair.server);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++)
      pass_message(&pair, i * 1000 + k, buffer, sizes[i], rooms[k]);
  fixture_pair_close(&pair);
}

/* Several wait to be read: each read has bytes of one. */
static void case_kept_apart(struct fixture *fixture) {
  enum { COUNT = 20, BYTES = 50 };
  char buffer[BYTES];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  for (uint64_t i = 0; i < COUNT; i++) fixture_expect_bytes(write_flagged(pair.server, i, buffer, BYTES, 0), BYTES);
  for (uint64_t i = 0; i < COUNT; i++) read_message(pair.client, i, BYTES, 4096);
  fixture_pair_close(&pair);
}

/* Parts are one message, whether its end comes with the last or by itself. */
static void case_parts(struct fixture *fixture) {
  enum { PART = 30000, PARTS = 5 };
  static char buffers[PARTS][PART];
  for (int alone = 0; alone < 2; alone++) {
    struct fixture_pair pair;
    fixture_pair_open(fixture, &pair);
    struct check_io *last = NULL;
    for (uint64_t i = 0; i < PARTS; i++) {
      bool ends = !alone && i + 1 == PARTS;
      last = write_flagged(pair.client, i * PART, buffers[i], PART, ends ? 0 : HWS_IO_MORE);
      if (!ends) fixture_expect_bytes(last, PART);
    }
    if (alone) last = write_flagged(pair.client, 0, NULL, 0, HWS_IO_EOM);
    read_message(pair.server, 0, (size_t)PART * PARTS, 4096);
    fixture_expect_bytes(last, alone ? 0 : PART);
    pass_message(&pair, 7, buffers[0], 100, 4096);
    fixture_pair_close(&pair);
  }
}

/* Of many pieces, among them empty ones: still one message. */
static void case_pieces(struct fixture *fixture) {
  enum { COUNT = 200, BYTES = 700 };
  static char bytes[COUNT * BYTES];
  static struct hws_iov pieces[COUNT];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  check_pattern_fill(bytes, 0, sizeof bytes);
  uint64_t all = 0;
  for (size_t i = 0; i < COUNT; all += pieces[i++].len)
    pieces[i] = (struct hws_iov){.ptr = bytes + all, .len = i % 3 ? BYTES : 0};
  struct check_io *write = check_io_submit(pair.client, HWS_IO_WRITE, pieces, COUNT);
  read_message(pair.server, 0, (size_t)all, 4096);
  fixture_expect_bytes(write, all);
  fixture_pair_close(&pair);
}

/* One that never became whole may come or not; the end is told either way. */
static void case_unfinished(struct fixture *fixture) {
  char buffer[100];
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  pass_message(&pair, 0, buffer, sizeof buffer, 4096);
  fixture_expect_bytes(write_flagged(pair.client, 0, buffer, sizeof buffer, HWS_IO_MORE), sizeof buffer);
  fixture_shutdown(pair.client);
  CHECK(fixture_read_out(pair.server) == HWS_IO_OK, "an unfinished message ended the connection with an error");
  fixture_pair_close(&pair);
}

const struct check_case check_cases_messages[] = {
    {"messages keep their ends", MESSAGES, CHECK_EVERY_ARMING, case_ends},
    {"messages are kept apart", MESSAGES, CHECK_EVERY_ARMING, case_kept_apart},
    {"messages in parts", MESSAGES, CHECK_EVERY_ARMING, case_parts},
    {"messages in pieces", MESSAGES, CHECK_EVERY_ARMING, case_pieces},
    {"a message that was not finished", MESSAGES | HWS_CAP_HALF_CLOSE, CHECK_EVERY_ARMING, case_unfinished},
    {NULL, 0, 0, NULL},
};
