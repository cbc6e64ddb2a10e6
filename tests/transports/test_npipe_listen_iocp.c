/* SPDX-License-Identifier: Apache-2.0
 *
 * PIP-1, PIP-3, PIP-7, PIP-9, PIP-10, PIP-11: the instances of a listening pipe.
 */
#include "tests/transports/npipe_support_iocp.h"

#include <string.h>

#include "plugins/check/endpoint.h"
#include "transports/npipe_iocp/pipe.h"

static bool opens(HANDLE *pipe) {
  DWORD error;
  *pipe = npipe_plain_open(&error);
  assert_true(error == 0 || error == ERROR_PIPE_BUSY);
  return error == 0;
}

static void drive(struct npipe_test *test) {
  check_host_settle(test->fixture.host);
}

static void close_all(HANDLE *pipes, unsigned count) {
  for (unsigned i = 0; i < count; i++) assert_true(CloseHandle(pipes[i]));
}

static void accept_and_drop(struct npipe_test *test, struct hws_host_endpoint *listener, unsigned count) {
  for (unsigned i = 0; i < count; i++) check_endpoint_destroy(fixture_accept(&test->fixture, listener), false);
}

/* PIP-1: all of the backlog waits at once, with no accept posted and while nobody drives the loop; those that were
 * taken are replaced as soon as somebody does, before any of them was accepted. */
static void instances_wait_at_once(void **state) {
  enum { BACKLOG = 5, ALL = 10 };
  struct npipe_test *test = *state;
  HANDLE pipes[ALL + 1];
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=5");
  assert_int_equal(npipe_count(NPIPE_CREATE), BACKLOG);
  for (unsigned i = 0; i < BACKLOG; i++) assert_true(opens(&pipes[i]));
  assert_false(opens(&pipes[BACKLOG]));
  drive(test);
  assert_int_equal(npipe_count(NPIPE_CREATE), ALL);
  for (unsigned i = BACKLOG; i < ALL; i++) assert_true(opens(&pipes[i]));
  assert_false(opens(&pipes[ALL]));
  drive(test);
  accept_and_drop(test, listener, ALL);
  close_all(pipes, ALL);
  check_endpoint_destroy(listener, false);
}

/* PIP-1: when the application hears of a connection, its instance has been replaced. */
static void replaced_before_it_is_seen(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=1&rearm=completion");
  for (unsigned round = 0; round < 5; round++) {
    HANDLE pipes[2];
    struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    assert_true(opens(&pipes[0]));
    struct hws_host_endpoint *server = fixture_adopt(&test->fixture, accept);
    assert_true(opens(&pipes[1]));
    drive(test);
    accept_and_drop(test, listener, 1);
    check_endpoint_destroy(server, false);
    close_all(pipes, 2);
  }
  check_endpoint_destroy(listener, false);
}

/* Connect one client without an accept. Was its instance replaced by itself? Then accept it, and it is in any case. */
static void expect_rearm(struct npipe_test *test, const char *parameters, bool by_itself) {
  HANDLE pipes[2];
  struct hws_host_endpoint *listener = npipe_listen(test, parameters);
  assert_true(opens(&pipes[0]));
  drive(test);
  bool free = opens(&pipes[1]);
  assert_int_equal(free, by_itself);
  if (free) drive(test);
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  if (!free) assert_true(opens(&pipes[1]));
  check_endpoint_destroy(server, false);
  close_all(pipes, 2);
  check_endpoint_destroy(listener, false);
}

/* PIP-3 */
static void rearmed_as_asked(void **state) {
  struct npipe_test *test = *state;
  expect_rearm(test, "backlog=0", false);
  expect_rearm(test, "backlog=1", false);
  expect_rearm(test, "backlog=0&rearm=completion", true);
  expect_rearm(test, "backlog=1&rearm=completion", true);
  expect_rearm(test, "backlog=2", true);
}

/* PIP-3: with a backlog, too, none is replaced before it was accepted, if that is asked for. */
static void rearmed_at_accept_with_a_backlog(void **state) {
  struct npipe_test *test = *state;
  HANDLE pipes[5];
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=3&rearm=accept");
  for (unsigned i = 0; i < 3; i++) assert_true(opens(&pipes[i]));
  drive(test);
  assert_false(opens(&pipes[3]));
  accept_and_drop(test, listener, 1);
  assert_true(opens(&pipes[3]));
  drive(test);
  assert_false(opens(&pipes[4]));
  close_all(pipes, 4);
  check_endpoint_destroy(listener, false);
}

/* PIP-9: from `unaccepted` on none is replaced; those that were there before still take clients. */
static void unaccepted_have_a_limit(void **state) {
  enum { BACKLOG = 2, UNACCEPTED = 4, MOST = BACKLOG + UNACCEPTED - 1 };
  struct npipe_test *test = *state;
  HANDLE pipes[2 * MOST + 1];
  unsigned count = 0;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=2&unaccepted=4");
  while (count < MOST && opens(&pipes[count])) {
    count++;
    drive(test);
  }
  assert_int_equal(count, MOST);
  assert_false(opens(&pipes[count]));
  drive(test);
  assert_false(opens(&pipes[count]));
  accept_and_drop(test, listener, MOST);
  for (unsigned i = 0; i < BACKLOG; i++) assert_true(opens(&pipes[count++]));
  assert_false(opens(&pipes[count]));
  close_all(pipes, count);
  check_endpoint_destroy(listener, false);
}

static bool no_fault_is_left(void *argument) {
  (void)argument;
  return npipe_refuse_creates == 0;
}

static bool is_created(void *argument) {
  return npipe_count(NPIPE_CREATE) == *(unsigned *)argument;
}

/* PIP-10: what cannot be created is tried again, later each time, counted in the log, until the depth is restored. */
static void failed_replacements_are_retried(void **state) {
  enum { FAULTS = 4 };
  struct npipe_test *test = *state;
  HANDLE pipes[3];
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=2");
  unsigned logged = atomic_load(&test->fixture.host->logged);
  unsigned calls = atomic_load(&listener->calls);
  npipe_refuse_creates = FAULTS;
  assert_true(opens(&pipes[0]));
  check_until(test->fixture.host, no_fault_is_left, NULL, "the last fault");
  unsigned created = 3;
  check_until(test->fixture.host, is_created, &created, "the replacement");
  assert_in_range(atomic_load(&listener->calls) - calls, FAULTS, FAULTS + 2); /* a packet, and a timer each time */
  assert_true(atomic_load(&test->fixture.host->logged) > logged);
  for (unsigned i = 1; i < 3; i++) assert_true(opens(&pipes[i]));
  close_all(pipes, 3);
  check_endpoint_destroy(listener, false);
}

static bool name_is_there(void) {
  struct npipe_address address;
  char why[160];
  const char *text = strstr(NPIPE_TEST_URL, "//") + 2;
  assert_int_equal(npipe_address_parse(text, strlen(text), &address, why, sizeof why), HWS_IO_OK);
  return pipe_exists(&address);
}

/* PIP-11: the last instance is not given away while there cannot be another, as its end would be the name's. */
static void the_last_instance_is_kept(void **state) {
  struct npipe_test *test = *state;
  HANDLE pipe;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=1");
  npipe_refuse_creates = UINT32_MAX;
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  assert_true(opens(&pipe));
  fixture_expect_pending(accept, "no other instance can be created");
  assert_true(name_is_there());
  npipe_refuse_creates = 1;
  struct hws_host_endpoint *server = fixture_adopt(&test->fixture, accept);
  npipe_plain_write(pipe, "x");
  char text[1];
  fixture_expect_bytes(fixture_read(server, text, 1), 1);
  check_endpoint_destroy(server, false);
  assert_true(name_is_there());
  close_all(&pipe, 1);
  check_endpoint_destroy(listener, false);
  assert_false(name_is_there());
}

/* ---- clients that come and go ------------------------------------------------------------------------------------ */

static void comes_writes_and_goes(HANDLE pipe) {
  (void)pipe;
  HANDLE client = npipe_plain_connect();
  npipe_plain_write(client, "left");
  assert_true(CloseHandle(client));
}

static void comes_and_goes(HANDLE pipe) {
  (void)pipe;
  assert_true(CloseHandle(npipe_plain_connect()));
}

static HANDLE stays;

static void comes_and_stays(HANDLE pipe) {
  (void)pipe;
  stays = npipe_plain_connect();
  npipe_plain_write(stays, "left");
}

static void expect_left(struct npipe_test *test, struct hws_host_endpoint *listener) {
  char text[8];
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  fixture_expect_bytes(fixture_read(server, text, sizeof text), 4);
  assert_memory_equal(text, "left", 4);
  fixture_read_end(server);
  check_endpoint_destroy(server, false);
}

/* PIP-7, ERROR_NO_DATA: it came, wrote and went before the instance was told to wait. */
static void what_was_left_is_read(void **state) {
  struct npipe_test *test = *state;
  npipe_before_connect = comes_writes_and_goes;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=2");
  expect_left(test, listener);
  comes_writes_and_goes(NULL); /* and after it was */
  expect_left(test, listener);
  check_endpoint_destroy(listener, false);
}

/* PIP-7: one that came for nothing is nobody's, and the same instance waits again. */
static void who_left_nothing_is_nobody(void **state) {
  struct npipe_test *test = *state;
  npipe_before_connect = comes_and_goes;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=1");
  assert_int_equal(npipe_count(NPIPE_CREATE), 1);
  assert_int_equal(npipe_count(NPIPE_CONNECT), 2);
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect_pending(accept, "nobody is there");
  HANDLE pipe = npipe_plain_connect();
  check_endpoint_destroy(fixture_adopt(&test->fixture, accept), false);
  close_all(&pipe, 1);
  check_endpoint_destroy(listener, false);
}

/* ERROR_PIPE_CONNECTED: no packet comes of it, and it is a client like any other. */
static void who_was_quicker_is_accepted(void **state) {
  struct npipe_test *test = *state;
  npipe_before_connect = comes_and_stays;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=3");
  assert_int_equal(npipe_count(NPIPE_CREATE), 4); /* one of them was taken at once */
  char text[4];
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  fixture_expect_bytes(fixture_read(server, text, 4), 4);
  check_endpoint_destroy(server, false);
  close_all(&stays, 1);
  check_endpoint_destroy(listener, false);
}

/* PIP-7: so many that none of the instances could be one that was not used before. */
static void many_come_and_go(void **state) {
  enum { ROUNDS = 60 };
  struct npipe_test *test = *state;
  HANDLE pipe;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=4&unaccepted=8");
  for (unsigned i = 0; i < ROUNDS; i++) {
    if (i % 2)
      comes_and_goes(NULL);
    else
      comes_writes_and_goes(NULL);
    struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
    (void)fixture_read_out(server);
    check_endpoint_destroy(server, false);
  }
  for (unsigned i = 0; i < 4; i++) {
    assert_true(opens(&pipe));
    close_all(&pipe, 1);
  }
  check_endpoint_destroy(listener, false);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* PIP-3: what was handed over goes on; who was not sees the end; nothing waits any more. */
static void closing_keeps_what_was_handed_over(void **state) {
  struct npipe_test *test = *state;
  char text[4];
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=4");
  HANDLE accepted = npipe_plain_connect();
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  HANDLE waiting = npipe_plain_connect();
  HANDLE unseen = npipe_plain_connect();
  drive(test);
  check_endpoint_destroy(listener, false);
  npipe_plain_read(waiting, text, 0);
  npipe_plain_read(unseen, text, 0);
  npipe_plain_write(accepted, "still");
  fixture_expect_bytes(fixture_read(server, text, 4), 4);
  check_endpoint_destroy(server, false);
  close_all((HANDLE[]){accepted, waiting, unseen}, 3);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, npipe_test_begin, npipe_test_end)
  const struct CMUnitTest tests[] = {
      TEST(instances_wait_at_once),     TEST(replaced_before_it_is_seen),
      TEST(rearmed_as_asked),           TEST(rearmed_at_accept_with_a_backlog),
      TEST(unaccepted_have_a_limit),    TEST(failed_replacements_are_retried),
      TEST(the_last_instance_is_kept),  TEST(what_was_left_is_read),
      TEST(who_left_nothing_is_nobody), TEST(who_was_quicker_is_accepted),
      TEST(many_come_and_go),           TEST(closing_keeps_what_was_handed_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
