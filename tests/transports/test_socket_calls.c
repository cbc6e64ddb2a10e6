/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-1: the system calls of the data path, counted between the transport and the system.
 */
#include "tests/transports/unix_support.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static struct {
  unsigned recv;
  unsigned recvmsg;
  unsigned send;
  unsigned sendmsg;
  unsigned poll;
  unsigned would_block;
} calls;

static ssize_t note(unsigned *count, ssize_t moved) {
  ++*count;
  if (moved < 0 && errno == EAGAIN) calls.would_block++;
  return moved;
}

ssize_t __real_recv(int fd, void *buffer, size_t bytes, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t bytes, int flags);
ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __real_send(int fd, const void *buffer, size_t bytes, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t bytes, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int __real_poll(struct pollfd *items, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *items, nfds_t count, int timeout);

ssize_t __wrap_recv(int fd, void *buffer, size_t bytes, int flags) {
  return note(&calls.recv, __real_recv(fd, buffer, bytes, flags));
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags) {
  return note(&calls.recvmsg, __real_recvmsg(fd, message, flags));
}

ssize_t __wrap_send(int fd, const void *buffer, size_t bytes, int flags) {
  assert_true(flags & MSG_NOSIGNAL);
  return note(&calls.send, __real_send(fd, buffer, bytes, flags));
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags) {
  assert_true(flags & MSG_NOSIGNAL);
  return note(&calls.sendmsg, __real_sendmsg(fd, message, flags));
}

int __wrap_poll(struct pollfd *items, nfds_t count, int timeout) {
  calls.poll++;
  return __real_poll(items, count, timeout);
}

static void count_anew(void) {
  memset(&calls, 0, sizeof calls);
}

enum { ROUNDS = 500, MESSAGE = 64, ROOM = 65536 };

static char room[2][ROOM];

/* Each end asks for its message before it comes, as a session does. */
static void ping_pong(struct fixture_pair *pair, unsigned rounds) {
  char message[MESSAGE] = {0};
  struct hws_host_endpoint *ends[2] = {pair->client, pair->server};
  struct check_io *reads[2] = {fixture_read(ends[0], room[0], ROOM), fixture_read(ends[1], room[1], ROOM)};
  for (unsigned i = 0; i < 2 * rounds; i++) {
    unsigned to = 1 - i % 2;
    fixture_expect_bytes(fixture_write(ends[1 - to], message, MESSAGE), MESSAGE);
    fixture_expect_bytes(reads[to], MESSAGE);
    reads[to] = fixture_read(ends[to], room[to], ROOM);
  }
  for (unsigned i = 0; i < 2; i++) {
    check_io_cancel(reads[i]);
    fixture_expect(reads[i], HWS_IO_CANCELED);
  }
}

/* One receive and one send for each message, and none that would block. */
static void a_message_costs_two_calls(void **state) {
  struct unix_test *test = *state;
  struct fixture_pair pair;
  fixture_pair_open(&test->fixture, &pair);
  ping_pong(&pair, 2);
  count_anew();
  ping_pong(&pair, ROUNDS);
  assert_int_equal(calls.send, 2 * ROUNDS);
  assert_int_equal(calls.recv, 2 * ROUNDS);
  assert_int_equal(calls.sendmsg + calls.recvmsg + calls.poll, 0);
  assert_int_equal(calls.would_block, 0);
  fixture_pair_close(&pair);
}

/* Also where each end asks only after the host has told of the message. */
static void a_late_read_costs_one_call(void **state) {
  struct unix_test *test = *state;
  struct fixture_pair pair;
  char message[MESSAGE] = {0};
  fixture_pair_open(&test->fixture, &pair);
  ping_pong(&pair, 2);
  count_anew();
  for (unsigned i = 0; i < ROUNDS; i++) {
    fixture_expect_bytes(fixture_write(pair.client, message, MESSAGE), MESSAGE);
    check_host_turn(test->fixture.host, 0);
    fixture_expect_bytes(fixture_read(pair.server, room[1], ROOM), MESSAGE);
  }
  assert_int_equal(calls.recv, ROUNDS);
  assert_int_equal(calls.would_block, 0);
  fixture_pair_close(&pair);
}

/* A host that does not tell hang-ups apart gets the same bytes and ends, for at most one more call each. */
static void untold_hangups_cost_one_call_more(void **state) {
  struct unix_test *test = *state;
  struct fixture_pair pair;
  check_host_stop(test->fixture.host);
  test->fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_AT_ONCE, false, test->config.patience_ms);
  fixture_pair_open(&test->fixture, &pair);
  ping_pong(&pair, 2);
  count_anew();
  ping_pong(&pair, ROUNDS);
  assert_int_equal(calls.send, 2 * ROUNDS);
  assert_in_range(calls.recv, 2 * ROUNDS, 4 * ROUNDS);
  fixture_pair_close(&pair);
}

static void pieces_go_in_one_call(void **state) {
  struct unix_test *test = *state;
  struct fixture_pair pair;
  struct hws_iov pieces[8];
  fixture_pair_open(&test->fixture, &pair);
  for (unsigned i = 0; i < 8; i++) pieces[i] = (struct hws_iov){.ptr = room[0] + (size_t)i * 100, .len = 100};
  count_anew();
  fixture_expect_bytes(check_io_submit(pair.client, HWS_IO_WRITE, pieces, 8), 800);
  fixture_expect_bytes(check_io_submit(pair.server, HWS_IO_READ, pieces, 8), 800);
  assert_int_equal(calls.sendmsg, 1);
  assert_int_equal(calls.recvmsg, 1);
  assert_int_equal(calls.send + calls.recv + calls.poll, 0);
  fixture_pair_close(&pair);
}

/* A large transfer makes few calls that would block: at most one for each time that the buffer filled up. */
static void bulk_does_not_probe(void **state) {
  enum { CHUNK = 65536, CHUNKS = 200 };
  static char chunk[CHUNK];
  struct unix_test *test = *state;
  struct fixture_pair pair;
  fixture_pair_open(&test->fixture, &pair);
  uint64_t got = 0;
  unsigned pended = 0;
  count_anew();
  for (unsigned i = 0; i < CHUNKS; i++) {
    for (size_t sent = 0; sent < CHUNK;) {
      struct check_io *write = fixture_write(pair.client, chunk + sent, CHUNK - sent);
      if (!check_io_ended(write)) pended++;
      while (!check_io_ended(write)) {
        struct check_io *read = fixture_read(pair.server, room[1], ROOM);
        fixture_expect(read, HWS_IO_OK);
        got += read->io.bytes;
        check_host_turn(test->fixture.host, 0);
      }
      fixture_expect(write, HWS_IO_OK);
      sent += (size_t)write->io.bytes;
    }
  }
  while (got < (uint64_t)CHUNK * CHUNKS) {
    struct check_io *read = fixture_read(pair.server, room[1], ROOM);
    fixture_expect(read, HWS_IO_OK);
    got += read->io.bytes;
  }
  assert_true(pended > 0);
  assert_true(calls.would_block <= 3 * pended + 2);
  fixture_pair_close(&pair);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unix_test_begin, unix_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_message_costs_two_calls), TEST(a_late_read_costs_one_call), TEST(untold_hangups_cost_one_call_more),
      TEST(pieces_go_in_one_call),     TEST(bulk_does_not_probe),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
