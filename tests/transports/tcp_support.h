/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of the TCP transport share: the kit's host with the transport linked in, plain sockets that stand for
 * other programs, and a resolver that says what it is told.
 */
#ifndef HAWSER_TESTS_TCP_SUPPORT_H
#define HAWSER_TESTS_TCP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "plugins/check/fixture.h"

extern const struct hws_plugin *hws_plugin_v1(void);

struct tcp_test {
  struct fixture fixture;
  struct check_config config;
  char url[512];
  unsigned descriptors;
  int64_t memory;
};

/* cmocka's setup and teardown; teardown also finds what leaked. */
int tcp_test_begin(void **state);
int tcp_test_end(void **state);

#define TCP_TEST(name) cmocka_unit_test_setup_teardown(name, tcp_test_begin, tcp_test_end)

/* Make an endpoint at a URL made like printf, and submit its LISTEN or DIAL. NULL: the call refused it, *status is why.
 */
#define tcp_test_begin_io(test, kind, status, ...)                                                                     \
  ((void)snprintf((test)->url, sizeof(test)->url, __VA_ARGS__), tcp_test_begin_there(test, kind, status))

/* The same, waited for and destroyed unless it ended with OK. Returns the status; *endpoint is set if that is OK. */
#define tcp_test_make(test, kind, endpoint, ...)                                                                       \
  ((void)snprintf((test)->url, sizeof(test)->url, __VA_ARGS__), tcp_test_make_there(test, kind, endpoint))

struct check_io *tcp_test_begin_there(struct tcp_test *test, enum hws_io_kind kind, int32_t *status);
int32_t tcp_test_make_there(struct tcp_test *test, enum hws_io_kind kind, struct hws_host_endpoint **endpoint);

/* What was explained for the endpoint that was made last. */
const char *tcp_test_explained(struct tcp_test *test);
void tcp_test_expect_explained(struct tcp_test *test, const char *part);

/* The URL that it says it is bound to, or connected to. */
const char *tcp_test_url(struct hws_host_endpoint *endpoint, uint32_t what, char url[128]);

/* A plain listener at an address of IPv4 (127.0.0.x, written as x) or at ::1 (x is 6); *port 0: any, and it is told. */
int tcp_plain_listen(unsigned x, int backlog, uint16_t *port);

/* A port at which nobody listens. */
uint16_t tcp_free_port(unsigned x);

/* A listener that answers nobody, as its backlog is full. */
struct tcp_deaf {
  int listener;
  int clients[8];
  unsigned count;
  uint16_t port;
};
void tcp_deaf_open(struct tcp_deaf *deaf, unsigned x, uint16_t port);
void tcp_deaf_close(struct tcp_deaf *deaf);

/* The names that the resolver knows from here on: "many" leads to those, in that order, as for tcp_plain_listen. */
void tcp_names(unsigned count, const unsigned *list);

#endif
