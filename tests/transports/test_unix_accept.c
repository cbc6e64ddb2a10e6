/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-4: no error of accept ends a listener, and none makes it spin. The errors come from a script, not by chance.
 */
#define _GNU_SOURCE /* accept4 */
#include "tests/transports/unix_support.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What accept4 answers, call by call; then the system. */
static int script[4096];
static unsigned script_length;
static unsigned calls;
static uint64_t called_ns; /* when it was called last */

int __real_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags) {
  called_ns = check_now_ns();
  assert_int_equal(flags, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (calls++ >= script_length || script[calls - 1] == 0) return __real_accept4(fd, address, bytes, flags);
  errno = script[calls - 1];
  return -1;
}

static void play(unsigned length, int error) {
  calls = 0;
  script_length = length;
  for (unsigned i = 0; i < length; i++) script[i] = error;
}

static struct hws_host_endpoint *listen_now(struct unix_test *test) {
  struct hws_host_endpoint *listener = NULL;
  play(0, 0);
  assert_int_equal(unix_test_listen(test, &listener, "%s", test->url), HWS_IO_OK);
  check_host_settle(test->fixture.host);
  return listener;
}

static void errors_of_one_connection_are_passed_over(void **state) {
  static const int errors[] = {ECONNABORTED, EINTR, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH, ETIMEDOUT};
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = listen_now(test);
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
    int client = unix_plain_connect(test->path, 0);
    play(3, errors[i]);
    struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    assert_true(check_io_ended(accept));
    assert_int_equal(calls, 4);
    check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
    (void)close(client);
  }
  check_endpoint_destroy(listener, false);
}

/* However many of them there are: a turn makes so many calls, and the rest is for later turns. */
static void turns_are_bounded(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = listen_now(test);
  int client = unix_plain_connect(test->path, 0);
  play(1000, ECONNABORTED);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  assert_false(check_io_ended(accept));
  assert_int_equal(calls, 64);
  unsigned before = listener->calls;
  fixture_expect(accept, HWS_IO_OK);
  assert_int_equal(calls, 1001);
  assert_true(listener->calls - before >= 1000 / 64);
  check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
  (void)close(client);
  check_endpoint_destroy(listener, false);
}

/* 10 ms, and twice as much each time, up to a second; then from the beginning. */
static void shortage_backs_off(void **state) {
  static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = listen_now(test);
  int client = unix_plain_connect(test->path, 0);
  for (unsigned i = 0; i < 12; i++) script[i] = errors[i % 4];
  calls = 0;
  script_length = 12;
  unsigned logged = test->fixture.host->logged;
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  uint64_t delay = 10000000;
  for (unsigned i = 1; i <= 12; i++) {
    uint64_t after = check_now_ns();
    uint64_t timer = atomic_load(&listener->timer);
    assert_int_equal(calls, i);
    assert_in_range(timer, called_ns + delay, after + delay);
    delay = delay * 2 < 1000000000 ? delay * 2 : 1000000000;
    atomic_store(&listener->timer, 1); /* its time has come */
    check_host_turn(test->fixture.host, 0);
  }
  assert_int_equal(test->fixture.host->logged, logged + 1);
  fixture_expect(accept, HWS_IO_OK);
  check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
  int second = unix_plain_connect(test->path, 0);
  play(1, EMFILE);
  accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  assert_in_range(atomic_load(&listener->timer), called_ns + 10000000, check_now_ns() + 10000000);
  fixture_expect(accept, HWS_IO_OK);
  check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
  (void)close(second);
  (void)close(client);
  check_endpoint_destroy(listener, false);
}

/* Those who come meanwhile do not wake it, and a new accept does not either. */
static void nothing_hurries_a_back_off(void **state) {
  struct unix_test *test = *state;
  int clients[5];
  struct hws_host_endpoint *listener = listen_now(test);
  clients[0] = unix_plain_connect(test->path, 0);
  play(1, EMFILE);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  atomic_store(&listener->timer, 0); /* its time does not come */
  for (int i = 1; i < 5; i++) {
    clients[i] = unix_plain_connect(test->path, 0);
    fixture_expect_pending(accept, "it waits for descriptors");
  }
  check_io_cancel(accept);
  fixture_expect(accept, HWS_IO_CANCELED);
  accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect_pending(accept, "it waits for descriptors");
  assert_int_equal(calls, 1);
  atomic_store(&listener->timer, 1);
  for (int i = 0; i < 5; i++) {
    check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
    accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    (void)close(clients[i]);
  }
  check_io_cancel(accept);
  check_endpoint_destroy(listener, false);
}

/* Its time comes while nobody accepts. */
static void back_off_ends_without_an_accept(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = listen_now(test);
  int client = unix_plain_connect(test->path, 0);
  play(1, EMFILE);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  check_io_cancel(accept);
  atomic_store(&listener->timer, 1);
  check_host_turn(test->fixture.host, 0);
  assert_int_equal(calls, 1);
  check_endpoint_destroy(fixture_accept(&test->fixture, listener), false);
  (void)close(client);
  check_endpoint_destroy(listener, false);
}

/* What proves that it does not listen ends the accept, and only that. */
static void fatal_errors_are_told(void **state) {
  struct unix_test *test = *state;
  struct hws_host_endpoint *listener = listen_now(test);
  int client = unix_plain_connect(test->path, 0);
  play(1, EINVAL);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect(accept, HWS_IO_FAILED);
  assert_int_equal(accept->io.os_error, EINVAL);
  check_endpoint_destroy(fixture_accept(&test->fixture, listener), false);
  (void)close(client);
  check_endpoint_destroy(listener, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, unix_test_begin, unix_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(errors_of_one_connection_are_passed_over),
      TEST(turns_are_bounded),
      TEST(shortage_backs_off),
      TEST(nothing_hurries_a_back_off),
      TEST(back_off_ends_without_an_accept),
      TEST(fatal_errors_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
