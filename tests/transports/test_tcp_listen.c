/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-4, TRN-4: listening on TCP.
 */
#define _GNU_SOURCE /* accept4 */
#include "tests/transports/tcp_support.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/check/cases.h"

/* ---- what listen was asked, and what bind and accept4 are to answer ---------------------------------------------- */

static int asked_backlog;
static int bind_errors[4];
static unsigned binds;
static int accept_error; /* once */

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __real_bind(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t bytes);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags);

int __wrap_listen(int fd, int backlog) {
  asked_backlog = backlog;
  return __real_listen(fd, backlog);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t bytes) {
  int error = binds < 4 ? bind_errors[binds] : 0;
  binds++;
  if (!error) return __real_bind(fd, address, bytes);
  errno = error;
  return -1;
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags) {
  if (!accept_error) return __real_accept4(fd, address, bytes, flags);
  errno = accept_error;
  accept_error = 0;
  return -1;
}

static int begin(void **state) {
  binds = 0;
  memset(bind_errors, 0, sizeof bind_errors);
  accept_error = 0;
  return tcp_test_begin(state);
}

static int option_of(struct hws_host_endpoint *endpoint, int level, int name) {
  int64_t fd = -1;
  int value = -1;
  socklen_t size = sizeof value;
  assert_true(endpoint->host->vtable.query(endpoint->ep, HWS_QUERY_HANDLE, &fd, sizeof fd) >= 0);
  assert_int_equal(getsockopt((int)fd, level, name, &value, &size), 0);
  return value;
}

static unsigned port_in(const char *url) {
  return (unsigned)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void options_are_set(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://127.0.0.1:0"), HWS_IO_OK);
  assert_int_equal(asked_backlog, 4096);
  assert_int_not_equal(option_of(listener, SOL_SOCKET, SO_REUSEADDR), 0);
  check_endpoint_destroy(listener, false);
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://[::]:0?backlog=7"), HWS_IO_OK);
  assert_int_equal(asked_backlog, 7);
  assert_int_not_equal(option_of(listener, IPPROTO_IPV6, IPV6_V6ONLY), 0);
  check_endpoint_destroy(listener, false);
}

/* What was asked of the listener holds for what it accepts. */
static void options_are_handed_on(void **state) {
  static const char *const urls[] = {"tcp://127.0.0.1:0", "tcp://127.0.0.1:0?nodelay=0&keepalive=30"};
  struct tcp_test *test = *state;
  for (int i = 0; i < 2; i++) {
    struct fixture_pair pair;
    test->config.listen_url = urls[i];
    fixture_pair_open(&test->fixture, &pair);
    assert_int_equal(option_of(pair.server, IPPROTO_TCP, TCP_NODELAY) != 0, i == 0);
    assert_int_equal(option_of(pair.server, SOL_SOCKET, SO_KEEPALIVE) != 0, i == 1);
    if (i == 1) assert_int_equal(option_of(pair.server, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    fixture_pair_close(&pair);
  }
}

static void bad_addresses_and_parameters_are_refused(void **state) {
  static const struct {
    const char *url;
    const char *says;
  } bad[] = {
      {"tcp://localhost", "HOST:PORT"},
      {"tcp://:8080", "0.0.0.0 or [::]"},
      {"tcp://127.0.0.1:80:90", "brackets"},
      {"tcp://127.0.0.1:0?backlog=0", "backlog is not a number from 1 to 65535"},
      {"tcp://127.0.0.1:0?backlog=65536", "backlog"},
      {"tcp://127.0.0.1:0?backlog=1e3", "backlog"},
      {"tcp://127.0.0.1:0?nodelay=yes", "nodelay"},
      {"tcp://127.0.0.1:0?nodelay=", "nodelay"},
      {"tcp://[::1]:0?ipv6only=2", "ipv6only"},
      {"tcp://[::1]:0?keepalive=-1", "keepalive"},
  };
  struct tcp_test *test = *state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct hws_host_endpoint *listener = NULL;
    assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "%s", bad[i].url), HWS_IO_ADDRESS);
    tcp_test_expect_explained(test, bad[i].says);
  }
  assert_int_equal(binds, 0);
}

/* It means nothing there, so it is not asked for and the host refuses it. */
static void ipv6only_is_not_for_ipv4(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(check_endpoint_listen(test->fixture.host, "tcp://127.0.0.1:0?ipv6only=0", &listener), HWS_IO_OK);
  assert_false(listener->url.parameters[0].asked);
  check_endpoint_destroy(listener, false);
}

static void failures_are_told(void **state) {
  static const struct {
    int error;
    int32_t status;
    const char *says;
  } cases[] = {
      {EADDRINUSE, HWS_IO_IN_USE, "somebody listens there already"},
      {EADDRNOTAVAIL, HWS_IO_ADDRESS, "this machine does not have that address"},
      {EACCES, HWS_IO_ACCESS, "listening there is not permitted"},
      {EMFILE, HWS_IO_LIMIT, "Too many open files"},
  };
  struct tcp_test *test = *state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct hws_host_endpoint *listener = NULL;
    binds = 0;
    bind_errors[0] = cases[i].error;
    assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://127.0.0.1:9"), cases[i].status);
    assert_string_equal(tcp_test_explained(test), cases[i].says);
  }
}

/* Where the port was used a moment ago, and its connections still linger in the system. */
static void port_can_be_used_again_at_once(void **state) {
  struct tcp_test *test = *state;
  struct fixture_pair pair;
  char url[128];
  fixture_pair_open(&test->fixture, &pair);
  tcp_test_url(pair.listener, HWS_QUERY_LOCAL, url);
  check_endpoint_destroy(pair.listener, false);
  check_endpoint_destroy(pair.server, false); /* first, so that the port's side lingers */
  fixture_read_end(pair.client);
  check_endpoint_destroy(pair.client, false);
  struct hws_host_endpoint *listener = NULL;
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "%s", url), HWS_IO_OK);
  check_endpoint_destroy(listener, false);
}

/* Both versions through one socket: who comes by IPv4 is told as that. */
static void both_versions_by_one_socket(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  struct hws_host_endpoint *client = NULL;
  char url[128];
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://[::]:0?ipv6only=0"), HWS_IO_OK);
  unsigned port = port_in(tcp_test_url(listener, HWS_QUERY_LOCAL, url));
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u", port), HWS_IO_OK);
  struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
  assert_int_equal(strncmp(tcp_test_url(server, HWS_QUERY_REMOTE, url), "tcp://127.0.0.1:", 16), 0);
  assert_int_equal(strncmp(tcp_test_url(server, HWS_QUERY_LOCAL, url), "tcp://127.0.0.1:", 16), 0);
  check_endpoint_destroy(server, false);
  check_endpoint_destroy(client, false);
  check_endpoint_destroy(listener, false);
}

/* By default it is for IPv6 alone, so that both can be listened at. */
static void versions_are_apart(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *one = NULL;
  struct hws_host_endpoint *other = NULL;
  char url[128];
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &one, "tcp://0.0.0.0:0"), HWS_IO_OK);
  unsigned port = port_in(tcp_test_url(one, HWS_QUERY_LOCAL, url));
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &other, "tcp://[::]:%u", port), HWS_IO_OK);
  check_endpoint_destroy(one, false);
  check_endpoint_destroy(other, false);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

/* The first that this machine has; what is wrong with that one is an error, and not passed over. */
static void name_leads_to_the_first_address_that_is_ours(void **state) {
  static const unsigned names[] = {2, 3, 4};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  char url[128];
  tcp_names(3, names);
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://many:0"), HWS_IO_OK);
  assert_non_null(strstr(tcp_test_url(listener, HWS_QUERY_LOCAL, url), "127.0.0.2:"));
  check_endpoint_destroy(listener, false);
  binds = 0;
  bind_errors[0] = EADDRNOTAVAIL;
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://many:0"), HWS_IO_OK);
  assert_non_null(strstr(tcp_test_url(listener, HWS_QUERY_LOCAL, url), "127.0.0.3:"));
  check_endpoint_destroy(listener, false);
  binds = 0;
  bind_errors[1] = EADDRINUSE;
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://many:0"), HWS_IO_IN_USE);
  tcp_test_expect_explained(test, "127.0.0.3:0: somebody listens there already");
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://nobody:0"), HWS_IO_ADDRESS);
}

static void service_of_an_address(void **state) {
  static const unsigned names[] = {2};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *listener = NULL;
  tcp_names(1, names);
  bind_errors[0] = EADDRINUSE;
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://many:svc"), HWS_IO_IN_USE);
  tcp_test_expect_explained(test, "127.0.0.2:7: ");
  assert_int_equal(tcp_test_make(test, HWS_IO_LISTEN, &listener, "tcp://127.0.0.1:nosuch"), HWS_IO_ADDRESS);
}

static void cancel_of_the_look_up(void **state) {
  static const unsigned names[] = {2};
  struct tcp_test *test = *state;
  int32_t status;
  tcp_names(1, names);
  struct check_io *io = tcp_test_begin_io(test, HWS_IO_LISTEN, &status, "tcp://many:0");
  check_io_cancel(io);
  assert_true(check_io_ended(io));
  assert_int_equal(io->io.status, HWS_IO_CANCELED);
  check_host_settle(test->fixture.host);
  assert_int_equal(binds, 0);
  check_endpoint_destroy(io->endpoint, false);
}

/* ---- accepting --------------------------------------------------------------------------------------------------- */

/* TRN-4: a shortage pauses the accept, and ends nothing. */
static void shortage_does_not_end_the_listener(void **state) {
  static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *listener = fixture_listen(&test->fixture);
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
    struct hws_host_endpoint *client = fixture_dial(&test->fixture);
    accept_error = errors[i];
    struct hws_host_endpoint *server = fixture_accept(&test->fixture, listener);
    assert_int_equal(accept_error, 0);
    check_endpoint_destroy(server, false);
    check_endpoint_destroy(client, false);
  }
  check_endpoint_destroy(listener, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, tcp_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(options_are_set),
      TEST(options_are_handed_on),
      TEST(bad_addresses_and_parameters_are_refused),
      TEST(ipv6only_is_not_for_ipv4),
      TEST(failures_are_told),
      TEST(port_can_be_used_again_at_once),
      TEST(both_versions_by_one_socket),
      TEST(versions_are_apart),
      TEST(name_leads_to_the_first_address_that_is_ours),
      TEST(service_of_an_address),
      TEST(cancel_of_the_look_up),
      TEST(shortage_does_not_end_the_listener),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
