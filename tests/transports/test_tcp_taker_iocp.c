/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-4, TRN-4: accepting on notification when the system's accept fails: connections that are gone are passed over, a
 * shortage is waited out without spinning, and what will never be otherwise ends the accept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugins/check/fixture.h"
#include "transports/tcp_iocp/winsock.h"

static int failure;     /* what accept fails with, */
static unsigned times;  /* so many times yet */
static unsigned failed; /* and how often it did */

static SOCKET WSAAPI my_accept(SOCKET listener, struct sockaddr *name, int *size) {
  if (times == 0)
    return ((SOCKET(WSAAPI *)(SOCKET, struct sockaddr *, int *))(void *)GetProcAddress(LoadLibraryA("ws2_32.dll"),
                                                                                       "accept"))(listener, name, size);
  times--;
  failed++;
  WSASetLastError(failure);
  return INVALID_SOCKET;
}

/* The transport calls through this, which the import library would define. */
void *__imp_accept = (void *)my_accept;

static struct fixture fixture;
static const struct check_config config = {.listen_url = "tcp://127.0.0.1:0?io=readiness&accept=readiness",
                                           .dial_more = "?io=readiness"};

static int begin(void **state) {
  (void)state;
  failed = times = 0;
  fixture = (struct fixture){.config = &config};
  fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_ONE_SHOT, true, 20000);
  return 0;
}

static int end(void **state) {
  (void)state;
  check_host_stop(fixture.host);
  return 0;
}

/* Dial, with an accept pending or not, and let accept fail so often before it goes well. */
static void accept_despite(int error, unsigned how_often, bool pending) {
  struct hws_host_endpoint *listener = fixture_listen(&fixture);
  struct check_io *accept = NULL;
  if (pending) {
    accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
    fixture_expect_pending(accept, "nobody has dialled");
  }
  failure = error;
  times = how_often;
  struct hws_host_endpoint *client = fixture_dial(&fixture);
  if (!pending) accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  struct hws_host_endpoint *server = fixture_adopt(&fixture, accept);
  assert_int_equal(failed, how_often);
  fixture_write_all(client, 0, 10);
  fixture_read_all(server, 0, 10);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(server, false);
  check_endpoint_destroy(listener, false);
}

/* More of them than there are in one turn. */
static void gone_connections_are_passed_over(void **state) {
  (void)state;
  accept_despite(WSAECONNRESET, 200, true);
}

static void shortages_are_waited_out(void **state) {
  (void)state;
  uint64_t before = check_now_ns();
  accept_despite(WSAEMFILE, 3, true);
  assert_true(check_now_ns() - before >= UINT64_C(70000000)); /* 10, 20 and 40 ms */
}

static void shortages_before_an_accept(void **state) {
  (void)state;
  accept_despite(WSAENOBUFS, 2, false);
}

static void what_does_not_listen_fails(void **state) {
  (void)state;
  struct hws_host_endpoint *listener = fixture_listen(&fixture);
  failure = WSAEINVAL;
  times = 1;
  struct check_io *accept = check_io_submit(listener, HWS_IO_ACCEPT, NULL, 0);
  fixture_expect(accept, HWS_IO_FAILED);
  assert_int_equal(accept->io.os_error, WSAEINVAL);
  check_endpoint_destroy(listener, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(gone_connections_are_passed_over, begin, end),
      cmocka_unit_test_setup_teardown(shortages_are_waited_out, begin, end),
      cmocka_unit_test_setup_teardown(shortages_before_an_accept, begin, end),
      cmocka_unit_test_setup_teardown(what_does_not_listen_fails, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
