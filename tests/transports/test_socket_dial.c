/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-5: a connect that is under way is judged by SO_ERROR once writable. Unix sockets connect at once, so this drives
 * the shared dialler with TCP over loopback, through a transport made for the purpose.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "tests/transports/unix_support.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugins/check/cases.h"
#include "plugins/check/memory.h"
#include "transports/socket_dial_epoll.h"
#include "transports/socket_result_posix.h"

/* ---- the transport ----------------------------------------------------------------------------------------------- */

static struct sockaddr_in target; /* what every dial goes to */

struct dialled {
  struct hws_host_endpoint *endpoint;
  struct socket_stream stream;
  struct socket_dial dial;
  struct hws_io *dialling;
  bool connected;
};

static int32_t make(void *self, struct hws_host_endpoint *endpoint, const char *address, void **ep) {
  (void)address;
  const struct hws_host *host = self;
  struct dialled *dialled = host->alloc(sizeof *dialled);
  assert_non_null(dialled);
  dialled->endpoint = endpoint;
  socket_stream_init(&dialled->stream, host, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  *ep = dialled;
  return HWS_IO_OK;
}

static int32_t take(struct dialled *dialled, struct hws_io *io, enum socket_dial_step step) {
  if (step == SOCKET_DIAL_PENDING) return 0;
  dialled->connected = step == SOCKET_DIAL_CONNECTED;
  return socket_end(io, dialled->connected ? HWS_IO_OK : dialled->dial.status,
                    dialled->connected ? 0 : dialled->dial.error, 0);
}

static int32_t submit(void *ep, struct hws_io *io) {
  struct dialled *dialled = ep;
  if (io->kind != HWS_IO_DIAL) return socket_stream_submit(&dialled->stream, io);
  int32_t ended = take(dialled, io,
                       socket_dial_begin(&dialled->dial, &dialled->stream, dialled->endpoint,
                                         (const struct sockaddr *)&target, sizeof target));
  if (!ended) dialled->dialling = io;
  return ended;
}

static int32_t cancel(void *ep, struct hws_io *io) {
  struct dialled *dialled = ep;
  if (io->kind != HWS_IO_DIAL) return socket_stream_cancel(&dialled->stream, io);
  dialled->dialling = NULL;
  socket_dial_cancel(&dialled->dial);
  return socket_end(io, HWS_IO_CANCELED, 0, 0);
}

static void on_ready(void *ep, uint32_t direction) {
  struct dialled *dialled = ep;
  socket_stream_on_ready(&dialled->stream, direction);
  if (!dialled->connected) socket_dial_on_ready(&dialled->dial);
}

static void on_post(void *ep) {
  struct dialled *dialled = ep;
  struct hws_io *io = dialled->dialling;
  if (!io || take(dialled, io, socket_dial_on_post(&dialled->dial)) == 0) return;
  dialled->dialling = NULL;
  dialled->stream.host->complete(dialled->endpoint, io);
}

static void destroy(void *ep, uint32_t abort) {
  (void)abort;
  struct dialled *dialled = ep;
  const struct hws_host *host = dialled->stream.host;
  socket_stream_close(&dialled->stream);
  host->release(dialled);
}

static int32_t open_transport(const struct hws_host *host, struct hws_vtable *vtable) {
  *vtable = (struct hws_vtable){.size = sizeof *vtable,
                                .self = (void *)(uintptr_t)host,
                                .dial = make,
                                .submit = submit,
                                .cancel = cancel,
                                .on_ready = on_ready,
                                .on_post = on_post,
                                .destroy = destroy};
  return HWS_IO_OK;
}

static const struct hws_plugin transport = {.capabilities = HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_REVOKE,
                                            .open = open_transport};

/* ---- what connect answered --------------------------------------------------------------------------------------- */

static int answered;

int __real_connect(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes);

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  int result = __real_connect(fd, address, bytes);
  if (address->sa_family == AF_INET) answered = result == 0 ? 0 : errno;
  return result;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

struct dial_test {
  struct check_host *host;
  unsigned descriptors;
  int64_t memory;
  int listener;
};

static int listen_at_loopback(int backlog) {
  socklen_t bytes = sizeof target;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  target = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(bind(fd, (const struct sockaddr *)&target, sizeof target), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&target, &bytes), 0);
  assert_int_equal(listen(fd, backlog), 0);
  return fd;
}

static int begin(void **state) {
  struct dial_test *test = calloc(1, sizeof *test);
  test->descriptors = check_descriptors_open();
  test->memory = check_memory_live();
  test->host = check_host_start(&transport, CHECK_ARM_ON_DEMAND, true, 20000);
  test->listener = listen_at_loopback(16);
  *state = test;
  return 0;
}

static int end(void **state) {
  struct dial_test *test = *state;
  (void)close(test->listener);
  check_host_settle(test->host);
  check_host_stop(test->host);
  assert_int_equal(check_memory_live(), test->memory);
  assert_int_equal(check_descriptors_open(), test->descriptors);
  free(test);
  return 0;
}

static struct check_io *dial(struct dial_test *test, struct hws_host_endpoint **client) {
  assert_int_equal(check_endpoint_dial(test->host, "test:target", client), HWS_IO_OK);
  return check_io_submit(*client, HWS_IO_DIAL, NULL, 0);
}

static void success_is_told_once_writable(void **state) {
  struct dial_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  char byte = 0;
  struct check_io *io = dial(test, &client);
  assert_int_equal(answered, EINPROGRESS);
  assert_false(check_io_ended(io));
  fixture_expect(io, HWS_IO_OK);
  int server = accept(test->listener, NULL, NULL);
  fixture_write_all(client, 0, 1);
  assert_int_equal(recv(server, &byte, 1, 0), 1);
  (void)close(server);
  check_endpoint_destroy(client, false);
}

/* The one edge that tells of the connection also tells of what the far end said and that it left. */
static void end_that_comes_with_the_connection_is_not_lost(void **state) {
  struct dial_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  char room[64];
  struct check_io *io = dial(test, &client);
  assert_int_equal(answered, EINPROGRESS);
  int server = accept(test->listener, NULL, NULL);
  assert_int_equal(send(server, "hello", 5, 0), 5);
  assert_int_equal(shutdown(server, SHUT_WR), 0);
  fixture_expect(io, HWS_IO_OK);
  fixture_expect_bytes(fixture_read(client, room, sizeof room), 5);
  fixture_read_end(client);
  (void)close(server);
  check_endpoint_destroy(client, false);
}

static void failure_is_told_by_so_error(void **state) {
  struct dial_test *test = *state;
  struct hws_host_endpoint *client = NULL;
  (void)shutdown(test->listener, SHUT_RDWR);
  struct check_io *io = dial(test, &client);
  assert_int_equal(answered, EINPROGRESS);
  fixture_expect(io, HWS_IO_REFUSED);
  assert_int_equal(io->io.os_error, ECONNREFUSED);
  check_endpoint_destroy(client, false);
}

/* A listener whose backlog is full leaves a connect without an answer. */
static void connect_under_way_is_cancelled(void **state) {
  struct dial_test *test = *state;
  struct hws_host_endpoint *clients[8];
  struct check_io *ios[8];
  unsigned waiting = 0;
  (void)close(test->listener);
  test->listener = listen_at_loopback(0);
  for (unsigned i = 0; i < 8; i++) ios[i] = dial(test, &clients[i]);
  check_host_settle(test->host);
  for (unsigned i = 0; i < 8; i++) {
    bool pending = !check_io_ended(ios[i]);
    check_io_cancel(ios[i]);
    assert_true(check_io_ended(ios[i]));
    assert_int_equal(ios[i]->io.status, pending ? HWS_IO_CANCELED : HWS_IO_OK);
    waiting += pending;
    check_endpoint_destroy(clients[i], false);
  }
  assert_true(waiting > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(success_is_told_once_writable),
      TEST(end_that_comes_with_the_connection_is_not_lost),
      TEST(failure_is_told_by_so_error),
      TEST(connect_under_way_is_cancelled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
