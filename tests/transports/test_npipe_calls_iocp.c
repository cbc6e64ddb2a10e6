/* SPDX-License-Identifier: Apache-2.0
 *
 * PIP-5, PIP-8, WIN-4: what Windows heeds and Wine does not, seen in the calls on their way to the system.
 */
#include "tests/transports/npipe_support_iocp.h"

#include <stdio.h>
#include <string.h>

#include "plugins/check/endpoint.h"

static const struct npipe_record *nth(enum npipe_call call, unsigned n) {
  for (unsigned i = 0; i < npipe_recorded; i++)
    if (npipe_records[i].call == call && n-- == 0) return &npipe_records[i];
  fail_msg("there was no such call");
  return NULL;
}

static void expect_create(unsigned n, bool first, bool remote) {
  const struct npipe_record *create = nth(NPIPE_CREATE, n);
  assert_int_equal((create->flags & FILE_FLAG_FIRST_PIPE_INSTANCE) != 0, first);
  assert_int_equal((create->mode & PIPE_REJECT_REMOTE_CLIENTS) == 0, remote);
  assert_int_equal(create->flags & (FILE_FLAG_OVERLAPPED | PIPE_ACCESS_DUPLEX),
                   FILE_FLAG_OVERLAPPED | PIPE_ACCESS_DUPLEX);
  assert_int_equal(create->mode & PIPE_NOWAIT, 0);
  assert_int_equal(create->instances, PIPE_UNLIMITED_INSTANCES);
}

/* The first instance of a name, and no other, is to be the first of all; none lets remote clients in unless asked. */
static void the_first_is_the_first(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=3");
  for (unsigned i = 0; i < 3; i++) expect_create(i, i == 0, false);
  check_endpoint_destroy(listener, false);
  listener = npipe_listen(test, "backlog=2&remote=1");
  for (unsigned i = 3; i < 5; i++) expect_create(i, i == 3, true);
  check_endpoint_destroy(listener, false);
}

/* A connection that outlives its listener keeps the name, so the next listener's instances are not the first; once it
 * is gone they are. */
static void a_name_that_is_kept_is_ours(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=1");
  HANDLE client = npipe_plain_connect();
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  check_endpoint_destroy(listener, false);
  npipe_recorded = 0;
  listener = npipe_listen(test, "backlog=1");
  expect_create(0, false, false);
  check_endpoint_destroy(listener, false);
  check_endpoint_destroy(server, false);
  assert_true(CloseHandle(client));
  npipe_recorded = 0;
  listener = npipe_listen(test, "backlog=1");
  expect_create(0, true, false);
  check_endpoint_destroy(listener, false);
}

/* Somebody else has the name, or we have, in any case of its letters. */
static void a_squatter_is_an_error(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *listener;
  HANDLE squatter = npipe_plain_serve(PIPE_TYPE_BYTE);
  assert_int_equal(npipe_make(test, HWS_IO_LISTEN, NPIPE_TEST_URL, &listener), HWS_IO_IN_USE);
  assert_string_equal(npipe_explained(test), "somebody listens there already");
  assert_true(CloseHandle(squatter));
  struct hws_host_endpoint *first = npipe_listen(test, "backlog=1");
  assert_int_equal(npipe_make(test, HWS_IO_LISTEN, "npipe:////./pipe/HAWSER/" TEST_PIPE, &listener), HWS_IO_IN_USE);
  check_endpoint_destroy(first, false);
}

static void descriptors_are_handed_down(void **state) {
  struct npipe_test *test = *state;
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=2");
  for (unsigned i = 0; i < 2; i++) {
    const char *security = nth(NPIPE_CREATE, i)->security;
    assert_non_null(strstr(security, "D:P"));
    assert_non_null(strstr(security, ";;;SY)"));
    assert_true(strstr(security, ";;;OW)") || strstr(security, ";;;S-1-3-4)"));
    assert_null(strstr(security, ";;;WD)"));
  }
  check_endpoint_destroy(listener, false);
  npipe_recorded = 0;
  listener = npipe_listen(test, "backlog=1&sddl=D:(A;;GA;;;WD)");
  assert_non_null(strstr(nth(NPIPE_CREATE, 0)->security, ";;;WD)"));
  check_endpoint_destroy(listener, false);
  assert_int_equal(npipe_make(test, HWS_IO_LISTEN, NPIPE_TEST_URL "?sddl=nonsense", &listener), HWS_IO_ADDRESS);
  assert_non_null(strstr(npipe_explained(test), "sddl is no security descriptor"));
}

/* A server learns who we are, and cannot act as us. */
static void dials_let_us_be_identified_only(void **state) {
  struct npipe_test *test = *state;
  struct fixture_pair pair;
  fixture_pair_open(&test->fixture, &pair);
  DWORD flags = nth(NPIPE_OPEN, 0)->flags;
  assert_int_equal(flags & (SECURITY_SQOS_PRESENT | SECURITY_VALID_SQOS_FLAGS),
                   SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
  assert_true(flags & FILE_FLAG_OVERLAPPED);
  fixture_pair_close(&pair);
}

/* Each that waits is cancelled before it is closed, and every handle is closed once. */
static void instances_are_cancelled_then_closed(void **state) {
  struct npipe_test *test = *state;
  HANDLE handles[3];
  struct hws_host_endpoint *listener = npipe_listen(test, "backlog=3");
  for (unsigned i = 0; i < 3; i++) handles[i] = nth(NPIPE_CREATE, i)->handle;
  npipe_recorded = 0;
  check_endpoint_destroy(listener, false);
  for (unsigned i = 0; i < 3; i++) {
    int cancelled = -1;
    int closed = -1;
    unsigned closes = 0;
    for (unsigned at = 0; at < npipe_recorded; at++) {
      if (npipe_records[at].handle != handles[i]) continue;
      if (npipe_records[at].call == NPIPE_CANCEL) cancelled = (int)at;
      if (npipe_records[at].call == NPIPE_CLOSE) closed = (int)at;
      closes += npipe_records[at].call == NPIPE_CLOSE;
    }
    assert_int_equal(closes, 1);
    assert_true(cancelled >= 0 && cancelled < closed);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, npipe_test_begin, npipe_test_end)
  const struct CMUnitTest tests[] = {
      TEST(the_first_is_the_first),          TEST(a_name_that_is_kept_is_ours),
      TEST(a_squatter_is_an_error),          TEST(descriptors_are_handed_down),
      TEST(dials_let_us_be_identified_only), TEST(instances_are_cancelled_then_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
