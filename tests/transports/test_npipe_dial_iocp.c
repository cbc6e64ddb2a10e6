/* SPDX-License-Identifier: Apache-2.0
 *
 * PIP-4, PIP-6: dialling a pipe, and what goes over it to programs that are not ours.
 */
#include "tests/transports/npipe_support_iocp.h"

#include <stdio.h>
#include <string.h>

#include "plugins/check/endpoint.h"

#define MESSAGE_URL NPIPE_TEST_URL "?mode=message"

static struct check_io *begin_dial(struct npipe_test *test, const char *url) {
  struct hws_host_endpoint *endpoint = NULL;
  assert_int_equal(check_endpoint_dial(test->fixture.host, url, &endpoint), HWS_IO_OK);
  return check_io_submit(endpoint, HWS_IO_DIAL, NULL, 0);
}

static void expect_explained(const struct npipe_test *test, const char *part) {
  if (!strstr(npipe_explained(test), part)) fail_msg("'%s' is not said in: %s", part, npipe_explained(test));
}

static void nobody_listens(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *endpoint;
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, NPIPE_TEST_URL, &endpoint), HWS_IO_REFUSED);
  expect_explained(test, "nobody listens there");
}

/* A listener of one instance that a client has taken: dials find it busy until it is accepted. */
struct taken {
  struct hws_host_endpoint *listener;
  HANDLE client;
};

static struct taken take(struct npipe_test *test) {
  struct taken taken = {.listener = npipe_listen(test, "backlog=1"), .client = npipe_plain_connect()};
  check_host_settle(test->fixture.host);
  return taken;
}

static void let_go(struct taken *taken) {
  assert_true(CloseHandle(taken->client));
  check_endpoint_destroy(taken->listener, false);
}

/* PIP-4: it is there as soon as an instance is free, whether the system tells of it or has to be asked again. */
static void busy_is_waited_out(void **state) {
  struct npipe_test *test = *state;
  for (int round = 0; round < 4; round++) {
    npipe_refuse_asks = round % 2;
    unsigned asks = npipe_count(NPIPE_ASK);
    struct taken taken = take(test);
    struct check_io *dial = begin_dial(test, NPIPE_TEST_URL);
    fixture_expect_pending(dial, "all instances are taken");
    assert_int_equal(npipe_count(NPIPE_ASK) > asks, !npipe_refuse_asks);
    check_endpoint_destroy(fixture_accept(&test->fixture, taken.listener), false);
    fixture_expect(dial, HWS_IO_OK);
    struct hws_host_endpoint *server = fixture_accept(&test->fixture, taken.listener);
    fixture_write_all(dial->endpoint, 0, 100);
    fixture_read_all(server, 0, 100);
    check_endpoint_destroy(server, false);
    check_endpoint_destroy(dial->endpoint, false);
    let_go(&taken);
  }
}

static bool time_is_over(void *argument) {
  return check_now_ns() >= *(uint64_t *)argument;
}

/* No spinning: a tenth of a second each, or pauses that grow. */
static void busy_is_waited_for_in_peace(void **state) {
  enum { WAIT_NS = 500000000, OPENS_MAX = 20 };
  struct npipe_test *test = *state;
  for (int round = 0; round < 2; round++) {
    npipe_refuse_asks = round;
    struct taken taken = take(test);
    unsigned opens = npipe_count(NPIPE_OPEN);
    struct check_io *dial = begin_dial(test, NPIPE_TEST_URL);
    uint64_t until = check_now_ns() + WAIT_NS;
    check_until(test->fixture.host, time_is_over, &until, "half a second");
    assert_false(check_io_ended(dial));
    assert_in_range(npipe_count(NPIPE_OPEN) - opens, 2, OPENS_MAX);
    check_io_cancel(dial);
    fixture_expect(dial, HWS_IO_CANCELED);
    check_endpoint_destroy(dial->endpoint, false);
    let_go(&taken);
  }
}

/* CAN-9: a cancel ends it at once, though the system may keep the question a little longer. */
static void busy_can_be_cancelled(void **state) {
  struct npipe_test *test = *state;
  for (int round = 0; round < 6; round++) {
    npipe_refuse_asks = round % 2;
    struct taken taken = take(test);
    struct check_io *dial = begin_dial(test, NPIPE_TEST_URL);
    if (round > 1) check_host_settle(test->fixture.host);
    check_io_cancel(dial);
    assert_true(check_io_ended(dial));
    fixture_expect(dial, HWS_IO_CANCELED);
    if (round > 3) check_host_settle(test->fixture.host);
    check_endpoint_destroy(dial->endpoint, round % 3 == 0);
    let_go(&taken);
  }
}

/* The listener goes while a dial waits: there is nobody then. */
static void busy_until_it_is_gone(void **state) {
  struct npipe_test *test = *state;
  struct taken taken = take(test);
  struct check_io *dial = begin_dial(test, NPIPE_TEST_URL);
  fixture_expect_pending(dial, "all instances are taken");
  let_go(&taken);
  fixture_expect(dial, HWS_IO_REFUSED);
  check_endpoint_destroy(dial->endpoint, false);
}

/* ---- programs that are not ours ---------------------------------------------------------------------------------- */

static void reads_and_writes_bytes(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *endpoint;
  char text[8];
  HANDLE server = npipe_plain_serve(PIPE_TYPE_BYTE);
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, NPIPE_TEST_URL, &endpoint), HWS_IO_OK);
  fixture_expect_bytes(fixture_write(endpoint, "hello", 5), 5);
  npipe_plain_read(server, text, 5);
  assert_memory_equal(text, "hello", 5);
  npipe_plain_write(server, "you");
  fixture_expect_bytes(fixture_read(endpoint, text, sizeof text), 3);
  struct check_io *read = fixture_read(endpoint, text, sizeof text);
  fixture_expect_pending(read, "nothing was sent");
  check_io_cancel(read);
  fixture_expect(read, HWS_IO_CANCELED);
  npipe_plain_write(server, "more"); /* PIP-8: the cancel has taken nothing */
  fixture_expect_bytes(fixture_read(endpoint, text, sizeof text), 4);
  assert_true(CloseHandle(server));
  fixture_read_end(endpoint);
  check_endpoint_destroy(endpoint, false);
}

/* A server that cuts us off discards what we had not read: that is no plain end. */
static void cut_off_is_told(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *endpoint;
  HANDLE server = npipe_plain_serve(PIPE_TYPE_BYTE);
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, NPIPE_TEST_URL, &endpoint), HWS_IO_OK);
  npipe_plain_write(server, "lost");
  assert_true(DisconnectNamedPipe(server));
  assert_int_equal(fixture_read_out(endpoint), HWS_IO_RESET);
  fixture_expect(fixture_write(endpoint, "x", 1), HWS_IO_RESET);
  check_endpoint_destroy(endpoint, false);
  assert_true(CloseHandle(server));
}

static void expect_message(struct hws_host_endpoint *endpoint, const char *text) {
  char room[64];
  struct check_io *read = fixture_read(endpoint, room, sizeof room);
  fixture_expect_bytes(read, strlen(text));
  assert_memory_equal(room, text, strlen(text));
  assert_int_equal(read->io.flags_done, HWS_IO_EOM);
}

/* PIP-6: messages and, by an empty one, the end of a direction, as existing software has it. */
static void exchanges_messages(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *endpoint;
  char text[64];
  DWORD bytes = 99;
  HANDLE server = npipe_plain_serve(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, MESSAGE_URL, &endpoint), HWS_IO_OK);
  npipe_plain_write(server, "one");
  npipe_plain_write(server, "and two");
  expect_message(endpoint, "one");
  expect_message(endpoint, "and two");
  fixture_expect_bytes(fixture_write(endpoint, "three", 5), 5);
  fixture_expect_bytes(fixture_write(endpoint, "four", 4), 4);
  assert_true(ReadFile(server, text, sizeof text, &bytes, NULL));
  assert_int_equal(bytes, 5);
  fixture_shutdown(endpoint);
  assert_true(ReadFile(server, text, sizeof text, &bytes, NULL));
  assert_int_equal(bytes, 4);
  assert_true(ReadFile(server, text, sizeof text, &bytes, NULL));
  assert_int_equal(bytes, 0);
  npipe_plain_write(server, "still");
  npipe_plain_write(server, "");
  expect_message(endpoint, "still");
  fixture_read_end(endpoint);
  fixture_read_end(endpoint);
  check_endpoint_destroy(endpoint, false);
  assert_true(CloseHandle(server));
}

/* A pipe of messages can be read as bytes; one of bytes has no messages. */
static void modes_meet(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *endpoint;
  char text[16];
  HANDLE server = npipe_plain_serve(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, NPIPE_TEST_URL, &endpoint), HWS_IO_OK);
  npipe_plain_write(server, "one");
  npipe_plain_write(server, "two");
  struct check_io *read = fixture_read(endpoint, text, 6);
  fixture_wait(read);
  if (read->io.bytes < 6) fixture_expect_bytes(fixture_read(endpoint, text + read->io.bytes, 6), 6 - read->io.bytes);
  assert_memory_equal(text, "onetwo", 6);
  check_endpoint_destroy(endpoint, false);
  assert_true(CloseHandle(server));
  server = npipe_plain_serve(PIPE_TYPE_BYTE);
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, MESSAGE_URL, &endpoint), HWS_IO_UNSUPPORTED);
  expect_explained(test, "carries bytes, not messages");
  assert_true(CloseHandle(server));
}

/* PIP-6: the process at the other end, and its session. */
static void peers_are_known(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *endpoint;
  struct hws_peer_id peer = {.size = sizeof peer};
  HANDLE server = npipe_plain_serve(PIPE_TYPE_BYTE);
  assert_int_equal(npipe_make(test, HWS_IO_DIAL, NPIPE_TEST_URL, &endpoint), HWS_IO_OK);
  assert_int_equal(test->fixture.host->vtable.query(endpoint->ep, HWS_QUERY_PEER, &peer, sizeof peer), 0);
  assert_int_equal(peer.flags & 4, 4);
  assert_int_equal(peer.pid, GetCurrentProcessId());
  DWORD session = 99;
  assert_true(ProcessIdToSessionId(GetCurrentProcessId(), &session));
  assert_int_equal(peer.flags & 8, 8);
  assert_int_equal(peer.session, session);
  check_endpoint_destroy(endpoint, false);
  assert_true(CloseHandle(server));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, npipe_test_begin, npipe_test_end)
  const struct CMUnitTest tests[] = {
      TEST(nobody_listens),        TEST(busy_is_waited_out),    TEST(busy_is_waited_for_in_peace),
      TEST(busy_can_be_cancelled), TEST(busy_until_it_is_gone), TEST(reads_and_writes_bytes),
      TEST(cut_off_is_told),       TEST(exchanges_messages),    TEST(modes_meet),
      TEST(peers_are_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
