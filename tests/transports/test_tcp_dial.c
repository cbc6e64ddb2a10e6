/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-4, TRN-5: dialling TCP. Every address of a name is tried, in an order that does not hang on one version of IP,
 * and what none of them came to is told.
 */
#include "tests/transports/tcp_support.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* ---- what connect was asked, and what it is to answer ------------------------------------------------------------ */

static struct {
  unsigned calls;
  char order[64]; /* of the addresses tried: their last byte as a digit */
  int answers[64];
} connects;

int __real_connect(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  int flags = 0;
  socklen_t size = sizeof flags;
  if (address->sa_family == AF_UNSPEC) return __real_connect(fd, address, bytes); /* a reset */
  (void)getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &flags, &size);
  bool of_the_test = flags == 0; /* plain sockets do not set it */
  if (of_the_test || connects.calls >= 60) return __real_connect(fd, address, bytes);
  unsigned last = address->sa_family == AF_INET6 ? 6U : ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
  connects.order[connects.calls] = (char)('0' + (last & 0x3f));
  int answer = connects.answers[connects.calls++];
  if (answer == 0) return __real_connect(fd, address, bytes);
  errno = answer;
  return -1;
}

static int begin(void **state) {
  memset(&connects, 0, sizeof connects);
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

/* ---- one address ------------------------------------------------------------------------------------------------- */

static void options_are_set(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  uint16_t port = 0;
  int listener = tcp_plain_listen(1, 8, &port);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u", port), HWS_IO_OK);
  assert_int_not_equal(option_of(client, IPPROTO_TCP, TCP_NODELAY), 0);
  assert_int_equal(option_of(client, SOL_SOCKET, SO_KEEPALIVE), 0);
  check_endpoint_destroy(client, false);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u?nodelay=0&keepalive=7", port),
                   HWS_IO_OK);
  assert_int_equal(option_of(client, IPPROTO_TCP, TCP_NODELAY), 0);
  assert_int_not_equal(option_of(client, SOL_SOCKET, SO_KEEPALIVE), 0);
  assert_int_equal(option_of(client, IPPROTO_TCP, TCP_KEEPIDLE), 7);
  assert_int_equal(option_of(client, IPPROTO_TCP, TCP_KEEPINTVL), 3);
  assert_int_equal(option_of(client, IPPROTO_TCP, TCP_KEEPCNT), 3);
  check_endpoint_destroy(client, false);
  (void)close(listener);
}

static void refusal_is_told(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  uint16_t port = tcp_free_port(1);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u", port), HWS_IO_REFUSED);
  assert_string_equal(tcp_test_explained(test), "nobody listens there"); /* the host names the address */
  connects.answers[1] = ENETUNREACH;
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u", port), HWS_IO_FAILED);
  tcp_test_expect_explained(test, "Network is unreachable");
}

static void bad_addresses_and_parameters_are_refused(void **state) {
  static const struct {
    const char *url;
    const char *says;
  } bad[] = {
      {"tcp://", "HOST:PORT"},
      {"tcp://127.0.0.1", "HOST:PORT"},
      {"tcp://127.0.0.1:", "the port behind ':' is empty"},
      {"tcp://:80", "the host before ':' is empty"},
      {"tcp://127.0.0.1:65536", "'65536' is above 65535"},
      {"tcp://127.0.0.1:0", "port 0 cannot be dialled"},
      {"tcp://127.1:80", "'127.1' is no IPv4 address"},
      {"tcp://::1:80", "brackets"},
      {"tcp://[::1:80", "without a ']'"},
      {"tcp://[::x]:80", "is no IPv6 address"},
      {"tcp://127.0.0.1:80?nodelay=2", "nodelay is not a number from 0 to 1"},
      {"tcp://127.0.0.1:80?keepalive=32768", "keepalive is not a number from 0 to 32767"},
      {"tcp://127.0.0.1:80?attempt_ms=99", "attempt_ms is not a number from 100 to 60000"},
  };
  struct tcp_test *test = *state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct hws_host_endpoint *client = NULL;
    assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "%s", bad[i].url), HWS_IO_ADDRESS);
    tcp_test_expect_explained(test, bad[i].says);
  }
  struct hws_host_endpoint *client = NULL;
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://[fe80::1%%25nosuchif]:80"), HWS_IO_ADDRESS);
  tcp_test_expect_explained(test, "there is no interface 'nosuchif'");
  assert_int_equal(connects.calls, 0);
}

/* A listener's parameters mean nothing to a dial: the host refuses what was not asked for. */
static void parameters_of_listeners_are_not_asked_for(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  assert_int_equal(check_endpoint_dial(test->fixture.host, "tcp://[::1]:1?backlog=5&ipv6only=1&nodelay=1", &client),
                   HWS_IO_OK);
  assert_false(client->url.parameters[0].asked);
  assert_false(client->url.parameters[1].asked);
  assert_true(client->url.parameters[2].asked);
  check_endpoint_destroy(client, false);
}

/* Both ends know both addresses. */
static void addresses_are_told(void **state) {
  static const char *const at[] = {"tcp://127.0.0.1:0", "tcp://[::1]:0"};
  struct tcp_test *test = *state;
  for (size_t i = 0; i < 2; i++) {
    struct fixture_pair pair;
    char one[128];
    char other[128];
    test->config.listen_url = at[i];
    fixture_pair_open(&test->fixture, &pair);
    size_t prefix = strlen(at[i]) - 1;
    assert_int_equal(strncmp(tcp_test_url(pair.listener, HWS_QUERY_LOCAL, one), at[i], prefix), 0);
    assert_int_not_equal(one[prefix], '0');
    assert_string_equal(tcp_test_url(pair.client, HWS_QUERY_REMOTE, other), one);
    assert_string_equal(tcp_test_url(pair.server, HWS_QUERY_LOCAL, other), one);
    tcp_test_url(pair.client, HWS_QUERY_LOCAL, one);
    assert_int_equal(strncmp(one, at[i], prefix), 0);
    assert_string_equal(tcp_test_url(pair.server, HWS_QUERY_REMOTE, other), one);
    fixture_pair_close(&pair);
  }
}

/* The system may give our end the very port that is dialled: such a connection leads nowhere. */
static void meeting_oneself_is_a_refusal(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int32_t status;
  uint16_t port = tcp_free_port(1);
  own.sin_port = htons(port);
  connects.answers[0] = EINPROGRESS; /* not yet: its socket is bound first */
  struct check_io *io = tcp_test_begin_io(test, HWS_IO_DIAL, &status, "tcp://127.0.0.1:%u", port);
  client = io->endpoint;
  assert_int_equal(bind((int)client->descriptor, (struct sockaddr *)&own, sizeof own), 0);
  (void)__real_connect((int)client->descriptor, (struct sockaddr *)&own, sizeof own);
  fixture_expect(io, HWS_IO_REFUSED);
  check_endpoint_destroy(client, false);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static void unknown_names_are_told(void **state) {
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://nobody.example:80"), HWS_IO_ADDRESS);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:nosuch"), HWS_IO_ADDRESS);
}

/* 2 refuses, 3 is unreachable, 4 is there; 5 is not tried any more. */
static void addresses_are_tried_in_turn(void **state) {
  static const unsigned names[] = {2, 3, 4, 5};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  char url[128];
  uint16_t port = 0;
  int listener = tcp_plain_listen(4, 8, &port);
  tcp_names(4, names);
  connects.answers[1] = EHOSTUNREACH;
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://many:%u", port), HWS_IO_OK);
  assert_string_equal(connects.order, "234");
  assert_non_null(strstr(tcp_test_url(client, HWS_QUERY_REMOTE, url), "127.0.0.4"));
  int server = accept(listener, NULL, NULL);
  fixture_write_all(client, 0, 1);
  char byte;
  assert_int_equal(recv(server, &byte, 1, 0), 1);
  (void)close(server);
  check_endpoint_destroy(client, false);
  (void)close(listener);
}

/* Also where it is the watching that fails, or the socket option, or the very last one. */
static void all_failures_are_told(void **state) {
  static const unsigned names[] = {2, 6, 3};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  tcp_names(3, names);
  connects.answers[0] = ENETUNREACH;
  connects.answers[2] = EADDRNOTAVAIL;
  uint16_t port = tcp_free_port(6);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://many:%u", port), HWS_IO_REFUSED);
  char line[256];
  (void)snprintf(line, sizeof line,
                 "127.0.0.2:%u: Network is unreachable; [::1]:%u: nobody listens there; 127.0.0.3:%u: Cannot assign "
                 "requested address",
                 port, port, port);
  assert_string_equal(tcp_test_explained(test), line);
}

/* The versions of IP take turns, beginning with the one that the system put first; of many addresses 16 are tried. */
static void versions_take_turns(void **state) {
  static const unsigned names[] = {2, 3, 4, 6, 5};
  static const unsigned many[40] = {6, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  for (int i = 0; i < 60; i++) connects.answers[i] = ECONNREFUSED;
  tcp_names(5, names);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://many:9"), HWS_IO_REFUSED);
  assert_string_equal(connects.order, "26345");
  memset(connects.order, 0, sizeof connects.order);
  connects.calls = 0;
  tcp_names(20, many);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://many:9"), HWS_IO_REFUSED);
  assert_string_equal(connects.order, "612345789:;<=>?@");
  assert_true(strlen(tcp_test_explained(test)) < 320);
}

/* One that does not answer has its time, while others are left. */
static void silence_has_a_limit(void **state) {
  static const unsigned names[] = {2, 3};
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  struct tcp_deaf deaf;
  uint16_t port = 0;
  int listener = tcp_plain_listen(3, 8, &port);
  tcp_deaf_open(&deaf, 2, port);
  tcp_names(2, names);
  uint64_t before = check_now_ns();
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://many:%u?attempt_ms=200", port), HWS_IO_OK);
  assert_true(check_now_ns() - before >= UINT64_C(200) * 1000000);
  assert_string_equal(connects.order, "23");
  fixture_write_all(client, 0, 10);
  check_endpoint_destroy(client, false);
  (void)close(listener);
  tcp_deaf_close(&deaf);
}

/* The last one has all the time there is. */
static void the_last_address_has_no_limit(void **state) {
  static const unsigned names[] = {2};
  struct tcp_test *test = *state;
  struct tcp_deaf deaf;
  int32_t status;
  tcp_deaf_open(&deaf, 2, 0);
  tcp_names(1, names);
  struct check_io *io = tcp_test_begin_io(test, HWS_IO_DIAL, &status, "tcp://many:%u?attempt_ms=100", deaf.port);
  uint64_t until = check_now_ns() + UINT64_C(300) * 1000000;
  while (check_now_ns() < until) check_host_turn(test->fixture.host, 20);
  assert_false(check_io_ended(io));
  assert_int_equal(atomic_load(&io->endpoint->timer), 0);
  check_io_cancel(io);
  fixture_expect(io, HWS_IO_CANCELED);
  check_endpoint_destroy(io->endpoint, false);
  tcp_deaf_close(&deaf);
}

/* ---- cancel ------------------------------------------------------------------------------------------------------ */

/* Before the look-up is answered, before its answer is taken, and while an address is tried. */
static void cancel_at_each_stage(void **state) {
  static const unsigned names[] = {2, 3};
  struct tcp_test *test = *state;
  struct tcp_deaf deaf;
  int32_t status;
  tcp_deaf_open(&deaf, 2, 0);
  tcp_names(2, names);
  for (int turns = 0; turns < 4; turns++) {
    struct check_io *io = tcp_test_begin_io(test, HWS_IO_DIAL, &status, "tcp://many:%u", deaf.port);
    for (int i = 0; i < turns; i++) check_host_turn(test->fixture.host, 0);
    assert_false(check_io_ended(io));
    check_io_cancel(io);
    assert_true(check_io_ended(io));
    assert_int_equal(io->io.status, HWS_IO_CANCELED);
    assert_int_equal(atomic_load(&io->endpoint->timer), 0);
    check_host_settle(test->fixture.host);
    check_endpoint_destroy(io->endpoint, turns % 2 == 0);
  }
  tcp_deaf_close(&deaf);
}

/* An abort resets: the far end is told, and not that we are at our end. */
static void abort_resets(void **state) {
  struct tcp_test *test = *state;
  for (int forked = 0; forked < 2; forked++) {
    struct hws_host_endpoint *client = NULL;
    uint16_t port = 0;
    char byte;
    int listener = tcp_plain_listen(1, 8, &port);
    assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u", port), HWS_IO_OK);
    int server = accept(listener, NULL, NULL);
    int64_t fd = -1;
    assert_true(client->host->vtable.query(client->ep, HWS_QUERY_HANDLE, &fd, sizeof fd) >= 0);
    int copy = forked ? dup((int)fd) : -1; /* as a forked child has one */
    check_endpoint_destroy(client, true);
    assert_int_equal(recv(server, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    if (copy >= 0) (void)close(copy);
    (void)close(server);
    (void)close(listener);
  }
}

/* What was received and not read does not cost the peer what we sent before we closed. */
static void close_with_unread_bytes_does_not_reset(void **state) {
  static char chunk[100000];
  struct tcp_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  uint16_t port = 0;
  int listener = tcp_plain_listen(1, 8, &port);
  assert_int_equal(tcp_test_make(test, HWS_IO_DIAL, &client, "tcp://127.0.0.1:%u", port), HWS_IO_OK);
  int server = accept(listener, NULL, NULL);
  assert_int_equal(send(server, chunk, 1000, 0), 1000);
  check_host_settle(test->fixture.host);
  fixture_write_all(client, 0, sizeof chunk);
  check_endpoint_destroy(client, false);
  size_t got = 0;
  ssize_t part;
  while ((part = recv(server, chunk, sizeof chunk, 0)) > 0) got += (size_t)part;
  assert_int_equal(part, 0);
  assert_int_equal(got, sizeof chunk);
  (void)close(server);
  (void)close(listener);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, tcp_test_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(options_are_set),
      TEST(refusal_is_told),
      TEST(bad_addresses_and_parameters_are_refused),
      TEST(parameters_of_listeners_are_not_asked_for),
      TEST(addresses_are_told),
      TEST(meeting_oneself_is_a_refusal),
      TEST(unknown_names_are_told),
      TEST(addresses_are_tried_in_turn),
      TEST(all_failures_are_told),
      TEST(versions_take_turns),
      TEST(silence_has_a_limit),
      TEST(the_last_address_has_no_limit),
      TEST(cancel_at_each_stage),
      TEST(abort_resets),
      TEST(close_with_unread_bytes_does_not_reset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
