/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases: one thread drives, others submit and cancel.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "plugins/check/cases.h"
#include "plugins/check/flow.h"
#include "plugins/check/pattern.h"

enum { TRANSPORT = HWS_CAP_LISTEN | HWS_CAP_DIAL, REVOKE = TRANSPORT | HWS_CAP_REVOKE };

static void send_main(void *argument) {
  flow_send(argument);
}

static void receive_main(void *argument) {
  flow_receive(argument);
}

/* Both ways, a thread for each end of each. */
static void case_streaming(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct flow flows[2] = {
      {.from = pair.client, .to = pair.server, .bytes = 2000003, .write_bytes = 65536, .read_bytes = 100000},
      {.from = pair.server, .to = pair.client, .bytes = 2000003, .begin = 5, .write_bytes = 9000, .read_bytes = 65536}};
  struct check_thread *threads[4];
  check_host_drive(fixture->host);
  for (size_t i = 0; i < 2; i++) {
    threads[2 * i] = check_thread_start(send_main, &flows[i]);
    threads[2 * i + 1] = check_thread_start(receive_main, &flows[i]);
  }
  for (unsigned i = 0; i < 4; i++) check_thread_join(threads[i]);
  check_host_undrive(fixture->host);
  fixture_pair_close(&pair);
}

/* ---- cancels that race ------------------------------------------------------------------------------------------- */

static void linger(unsigned *seed) {
  *seed = *seed * 1103515245U + 12345U;
  for (unsigned spins = (*seed >> 16) % 2000; spins > 0; spins--) atomic_signal_fence(memory_order_seq_cst);
}

/* Reads, each cancelled somewhere between its submit and its end: the bytes they report are the stream. */
static void cancelled_reads(struct flow *flow) {
  static char room[4096];
  unsigned seed = 1;
  while (flow->received < flow->bytes) {
    struct check_io *io = fixture_read(flow->to, room, sizeof room);
    linger(&seed);
    check_io_cancel(io);
    fixture_wait(io);
    CHECK(io->io.status == HWS_IO_OK || io->io.status == HWS_IO_CANCELED, "a read that was cancelled was %s",
          check_status_name(io->io.status));
    CHECK(io->io.status != HWS_IO_OK || io->io.bytes > 0, "the end came amid cancelled reads");
    check_pattern_compare(room, flow->begin + flow->received, (size_t)io->io.bytes);
    flow->received += io->io.bytes;
  }
}

static void cancelled_writes(struct flow *flow) {
  static char chunk[30000];
  unsigned seed = 2;
  while (flow->sent < flow->bytes) {
    uint64_t left = flow->bytes - flow->sent;
    size_t bytes = left < sizeof chunk ? (size_t)left : sizeof chunk;
    check_pattern_fill(chunk, flow->begin + flow->sent, bytes);
    struct check_io *io = fixture_write(flow->from, chunk, bytes);
    linger(&seed);
    check_io_cancel(io);
    fixture_wait(io);
    CHECK(io->io.status == HWS_IO_OK || io->io.status == HWS_IO_CANCELED, "a write that was cancelled was %s",
          check_status_name(io->io.status));
    flow->sent += io->io.bytes;
  }
}

static void case_cancelled_reads(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct flow flow = {.from = pair.client, .to = pair.server, .bytes = 300000, .write_bytes = 100};
  check_host_drive(fixture->host);
  struct check_thread *sender = check_thread_start(send_main, &flow);
  cancelled_reads(&flow);
  check_thread_join(sender);
  check_host_undrive(fixture->host);
  fixture_pair_close(&pair);
}

static void case_cancelled_writes(struct fixture *fixture) {
  struct fixture_pair pair;
  fixture_pair_open(fixture, &pair);
  struct flow flow = {.from = pair.client, .to = pair.server, .bytes = 10000000, .read_bytes = 50000};
  check_host_drive(fixture->host);
  struct check_thread *receiver = check_thread_start(receive_main, &flow);
  cancelled_writes(&flow);
  check_thread_join(receiver);
  check_host_undrive(fixture->host);
  fixture_pair_close(&pair);
}

/* Connections come and go while another thread drives: made, used, and destroyed with ios cancelled. */
static void case_coming_and_going(struct fixture *fixture) {
  enum { ROUNDS = 100 };
  char room[64];
  struct hws_host_endpoint *listener = fixture_listen(fixture);
  check_host_drive(fixture->host);
  for (int round = 0; round < ROUNDS; round++) {
    struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    struct hws_host_endpoint *client = fixture_dial(fixture);
    struct hws_host_endpoint *server = fixture_adopt(fixture, accept);
    struct check_io *pending = fixture_read(client, room, sizeof room);
    fixture_write_all(client, 0, 64);
    fixture_read_all(server, 0, 64);
    check_io_cancel(pending);
    fixture_expect(pending, HWS_IO_CANCELED);
    check_endpoint_destroy(round % 2 ? client : server, round % 3 == 0);
    check_endpoint_destroy(round % 2 ? server : client, round % 3 == 0);
  }
  check_host_undrive(fixture->host);
  check_endpoint_destroy(listener, false);
}

const struct check_case check_cases_threads[] = {
    {"threads stream both ways", TRANSPORT, CHECK_EVERY_ARMING, case_streaming},
    {"threads cancel reads", REVOKE, CHECK_EVERY_ARMING, case_cancelled_reads},
    {"threads cancel writes", REVOKE, CHECK_EVERY_ARMING, case_cancelled_writes},
    {"threads come and go", TRANSPORT, CHECK_EVERY_ARMING, case_coming_and_going},
    {NULL, 0, 0, NULL},
};
