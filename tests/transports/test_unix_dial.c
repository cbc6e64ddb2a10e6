/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-5, UNX-2: dialling. A full backlog is waited out, and every refusal says why.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "tests/transports/unix_support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMES_MAX = 4096 };

static uint64_t times[TIMES_MAX]; /* of the transport's calls of connect */
static unsigned connects;

int __real_connect(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  if (connects < TIMES_MAX) times[connects] = check_now_ns();
  connects++;
  return __real_connect(fd, address, bytes);
}

struct crowd {
  int listener;
  int clients[64];
  unsigned count;
};

static void crowd_gather(struct unix_test *test, struct crowd *crowd) {
  crowd->listener = unix_plain_listen(test->path, SOCK_STREAM, 1);
  unix_plain_fill(test->path, crowd->clients, 64, &crowd->count);
}

static void crowd_leave(struct crowd *crowd) {
  while (crowd->count > 0) (void)close(crowd->clients[--crowd->count]);
  (void)close(crowd->listener);
}

static struct check_io *dial(struct unix_test *test, struct hws_host_endpoint **client) {
  assert_int_equal(check_endpoint_dial(test->fixture.host, test->url, client), HWS_IO_OK);
  connects = 0;
  return check_io_submit(*client, HWS_IO_DIAL, NULL, 0);
}

static void full_backlog_is_waited_out(void **state) {
  struct unix_test *test = *state;
  struct crowd crowd;
  struct hws_host_endpoint *client = NULL;
  crowd_gather(test, &crowd);
  struct check_io *io = dial(test, &client);
  fixture_expect_pending(io, "the backlog is full");
  int accepted = accept(crowd.listener, NULL, NULL);
  assert_true(accepted >= 0);
  fixture_expect(io, HWS_IO_OK);
  (void)close(accepted);
  check_endpoint_destroy(client, false);
  crowd_leave(&crowd);
}

static bool enough_tries(void *argument) {
  (void)argument;
  return connects >= 6;
}

/* 1 ms and twice as much each time: so many tries take at least so long. */
static void waiting_does_not_spin(void **state) {
  struct unix_test *test = *state;
  struct crowd crowd;
  struct hws_host_endpoint *client = NULL;
  crowd_gather(test, &crowd);
  struct check_io *io = dial(test, &client);
  check_until(test->fixture.host, enough_tries, NULL, "six tries");
  for (unsigned i = 1; i < 6; i++) assert_true(times[i] - times[i - 1] >= UINT64_C(1000000) << (i - 1));
  check_io_cancel(io);
  fixture_expect(io, HWS_IO_CANCELED);
  check_endpoint_destroy(client, false);
  crowd_leave(&crowd);
}

static void waiting_is_cancelled(void **state) {
  struct unix_test *test = *state;
  struct crowd crowd;
  struct hws_host_endpoint *client = NULL;
  crowd_gather(test, &crowd);
  struct check_io *io = dial(test, &client);
  fixture_expect_pending(io, "the backlog is full");
  check_io_cancel(io);
  assert_true(check_io_ended(io));
  assert_int_equal(io->io.status, HWS_IO_CANCELED);
  assert_int_equal(atomic_load(&client->timer), 0);
  unsigned before = connects;
  check_host_settle(test->fixture.host);
  assert_int_equal(connects, before);
  check_endpoint_destroy(client, false);
  crowd_leave(&crowd);
}

/* The listener goes while we wait for its backlog. */
static void listener_goes_while_we_wait(void **state) {
  struct unix_test *test = *state;
  struct crowd crowd;
  struct hws_host_endpoint *client = NULL;
  crowd_gather(test, &crowd);
  struct check_io *io = dial(test, &client);
  fixture_expect_pending(io, "the backlog is full");
  crowd_leave(&crowd);
  fixture_expect(io, HWS_IO_REFUSED);
  assert_int_equal(io->io.os_error, ECONNREFUSED);
  check_endpoint_destroy(client, false);
}

static void expect_refusal(struct unix_test *test, int32_t status, int error, const char *says) {
  struct hws_host_endpoint *client = NULL;
  struct check_io *io = dial(test, &client);
  fixture_expect(io, status);
  assert_int_equal(io->io.os_error, error);
  assert_non_null(strstr(unix_test_explained(test), says));
  check_endpoint_destroy(client, false);
}

static void refusals_say_why(void **state) {
  struct unix_test *test = *state;
  expect_refusal(test, HWS_IO_REFUSED, ENOENT, "no such socket");
  (void)close(unix_plain_listen(test->path, SOCK_STREAM, 5));
  expect_refusal(test, HWS_IO_REFUSED, ECONNREFUSED, "nobody listens");
  assert_int_equal(unlink(test->path), 0);
  int datagrams = unix_plain_listen(test->path, SOCK_DGRAM, -1);
  expect_refusal(test, HWS_IO_REFUSED, EPROTOTYPE, "another type");
  (void)close(datagrams);
  assert_int_equal(unlink(test->path), 0);
  (void)close(open(test->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  expect_refusal(test, HWS_IO_REFUSED, ECONNREFUSED, "nobody listens");
}

/* Where a user may not connect. Root may everywhere, so root becomes somebody else for the moment. */
static void missing_permission_is_told(void **state) {
  struct unix_test *test = *state;
  int listener = unix_plain_listen(test->path, SOCK_STREAM, 5);
  assert_int_equal(chmod(test->path, 0), 0);
  assert_int_equal(chmod(test->folder, 0755), 0);
  uid_t before = geteuid();
  if (before == 0) assert_int_equal(seteuid(4242), 0);
  expect_refusal(test, HWS_IO_ACCESS, EACCES, "not permitted");
  assert_int_equal(seteuid(before), 0);
  (void)close(listener);
}

static void long_paths_are_refused_at_once(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  char url[CHECK_URL_MAX];
  (void)snprintf(url, sizeof url, "unix:///%0150d", 1);
  assert_int_equal(check_endpoint_dial(test->fixture.host, url, &client), HWS_IO_ADDRESS);
  assert_non_null(strstr(unix_test_explained(test), "151"));
  assert_non_null(strstr(unix_test_explained(test), "107"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unix_test_begin, unix_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(full_backlog_is_waited_out),     TEST(waiting_does_not_spin), TEST(waiting_is_cancelled),
      TEST(listener_goes_while_we_wait),    TEST(refusals_say_why),      TEST(missing_permission_is_told),
      TEST(long_paths_are_refused_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
