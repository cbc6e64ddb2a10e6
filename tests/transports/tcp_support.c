/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of the TCP transport share.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC, EAI_NODATA */
#include "tests/transports/tcp_support.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/check/cases.h"
#include "plugins/check/memory.h"

int tcp_test_begin(void **state) {
  struct tcp_test *test = calloc(1, sizeof *test);
  assert_non_null(test);
  test->descriptors = check_descriptors_open();
  test->config = (struct check_config){.listen_url = "tcp://127.0.0.1:0", .patience_ms = 20000};
  test->fixture.config = &test->config;
  test->fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_ON_DEMAND, true, test->config.patience_ms);
  test->memory = check_memory_live();
  tcp_names(0, NULL);
  *state = test;
  return 0;
}

int tcp_test_end(void **state) {
  struct tcp_test *test = *state;
  check_host_settle(test->fixture.host);
  assert_int_equal(check_memory_live(), test->memory);
  check_host_stop(test->fixture.host);
  assert_int_equal(check_descriptors_open(), test->descriptors);
  free(test);
  return 0;
}

/* ---- endpoints --------------------------------------------------------------------------------------------------- */

struct check_io *tcp_test_begin_there(struct tcp_test *test, enum hws_io_kind kind, int32_t *status) {
  struct hws_host_endpoint *endpoint = NULL;
  bool listens = kind == HWS_IO_LISTEN;
  *status = (listens ? check_endpoint_listen : check_endpoint_dial)(test->fixture.host, test->url, &endpoint);
  return *status == HWS_IO_OK ? check_io_submit(endpoint, kind, NULL, 0) : NULL;
}

int32_t tcp_test_make_there(struct tcp_test *test, enum hws_io_kind kind, struct hws_host_endpoint **endpoint) {
  int32_t status;
  struct check_io *io = tcp_test_begin_there(test, kind, &status);
  *endpoint = NULL;
  if (!io) return status;
  fixture_wait(io);
  if (io->io.status == HWS_IO_OK)
    *endpoint = io->endpoint;
  else
    check_endpoint_destroy(io->endpoint, false);
  return io->io.status;
}

const char *tcp_test_explained(struct tcp_test *test) {
  return test->fixture.host->endpoints->explained;
}

void tcp_test_expect_explained(struct tcp_test *test, const char *part) {
  if (!strstr(tcp_test_explained(test), part)) fail_msg("'%s' is not said in: %s", part, tcp_test_explained(test));
}

const char *tcp_test_url(struct hws_host_endpoint *endpoint, uint32_t what, char url[128]) {
  assert_true(endpoint->host->vtable.query(endpoint->ep, what, url, 128) > 0);
  return url;
}

/* ---- plain sockets ----------------------------------------------------------------------------------------------- */

static socklen_t fill(struct sockaddr_storage *storage, unsigned x, uint16_t port) {
  memset(storage, 0, sizeof *storage);
  if (x == 6) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    return sizeof *v6;
  }
  struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
  *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000000U | x)};
  return sizeof *v4;
}

static uint16_t port_of(int fd) {
  struct sockaddr_in6 address = {0}; /* the port stands at one place in both versions */
  socklen_t bytes = sizeof address;
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
  return ntohs(address.sin6_port);
}

int tcp_plain_listen(unsigned x, int backlog, uint16_t *port) {
  const int on = 1;
  struct sockaddr_storage storage;
  socklen_t bytes = fill(&storage, x, *port);
  int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&storage, bytes), 0);
  if (backlog >= 0) assert_int_equal(listen(fd, backlog), 0);
  *port = port_of(fd);
  return fd;
}

uint16_t tcp_free_port(unsigned x) {
  uint16_t port = 0;
  (void)close(tcp_plain_listen(x, -1, &port));
  return port;
}

/* A backlog of 0 takes one connection, and the system answers no more. */
void tcp_deaf_open(struct tcp_deaf *deaf, unsigned x, uint16_t port) {
  struct sockaddr_storage storage;
  *deaf = (struct tcp_deaf){.port = port};
  deaf->listener = tcp_plain_listen(x, 0, &deaf->port);
  socklen_t bytes = fill(&storage, x, deaf->port);
  for (unsigned i = 0; i < 8; i++) {
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | (i > 0 ? SOCK_NONBLOCK : 0), 0);
    assert_true(fd >= 0);
    deaf->clients[deaf->count++] = fd;
    (void)connect(fd, (struct sockaddr *)&storage, bytes);
  }
}

void tcp_deaf_close(struct tcp_deaf *deaf) {
  for (unsigned i = 0; i < deaf->count; i++) (void)close(deaf->clients[i]);
  (void)close(deaf->listener);
}

/* ---- the resolver ------------------------------------------------------------------------------------------------ */

static unsigned known[64];
static unsigned known_count;

void tcp_names(unsigned count, const unsigned *list) {
  known_count = count;
  for (unsigned i = 0; i < count; i++) known[i] = list[i];
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  assert_int_equal(hints->ai_socktype, SOCK_STREAM);
  if (strcmp(service, "nosuch") == 0) return EAI_SERVICE;
  if (strcmp(name, "many") != 0 || known_count == 0) return EAI_NONAME;
  struct addrinfo *all = calloc(known_count, sizeof *all + sizeof(struct sockaddr_storage));
  assert_non_null(all);
  struct sockaddr_storage *storage = (struct sockaddr_storage *)(all + known_count);
  for (unsigned i = 0; i < known_count; i++) {
    uint16_t port = (uint16_t)(strcmp(service, "svc") == 0 ? 7 : strtoul(service, NULL, 10));
    all[i].ai_addrlen = fill(&storage[i], known[i], port);
    all[i].ai_family = storage[i].ss_family;
    all[i].ai_addr = (struct sockaddr *)&storage[i];
    all[i].ai_next = i + 1 < known_count ? &all[i + 1] : NULL;
  }
  *list = all;
  return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list) {
  free(list);
}
