/* SPDX-License-Identifier: Apache-2.0
 *
 * WIN-2, WIN-3, WIN-4: calls that Windows needs and Wine does not miss, recorded on their way to the system. What the
 * transport is linked to here stands between it and Winsock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugins/check/fixture.h"
#include "transports/tcp_iocp/winsock.h"

enum call {
  CALL_ACCEPT_CONTEXT = 1,
  CALL_CONNECT_CONTEXT,
  CALL_EXCLUSIVE,
  CALL_SHUTDOWN,
  CALL_GETPEERNAME,
  CALL_CLOSE
};

enum { CALLS_MAX = 4096 };

static struct {
  enum call call;
  SOCKET socket;
  SOCKET listener; /* CALL_ACCEPT_CONTEXT */
} calls[CALLS_MAX];
static unsigned count;

static void record(enum call call, SOCKET socket, SOCKET listener) {
  assert_true(count < CALLS_MAX);
  calls[count].call = call;
  calls[count].socket = socket;
  calls[count++].listener = listener;
}

/* Where the first such call for that socket stands; -1: nowhere. */
static int place_of(enum call call, SOCKET socket) {
  for (unsigned i = 0; i < count; i++)
    if (calls[i].call == call && calls[i].socket == socket) return (int)i;
  return -1;
}

static FARPROC real(const char *name) {
  FARPROC found = GetProcAddress(LoadLibraryA("ws2_32.dll"), name);
  assert_non_null(found);
  return found;
}

static int WSAAPI my_setsockopt(SOCKET socket, int level, int option, const char *value, int size) {
  if (level == SOL_SOCKET && option == SO_UPDATE_ACCEPT_CONTEXT) {
    assert_int_equal(size, sizeof(SOCKET));
    record(CALL_ACCEPT_CONTEXT, socket, *(const SOCKET *)(const void *)value);
  }
  if (level == SOL_SOCKET && option == SO_UPDATE_CONNECT_CONTEXT) record(CALL_CONNECT_CONTEXT, socket, 0);
  if (level == SOL_SOCKET && option == SO_EXCLUSIVEADDRUSE) record(CALL_EXCLUSIVE, socket, 0);
  return ((int(WSAAPI *)(SOCKET, int, int, const char *, int))(void *)real("setsockopt"))(socket, level, option, value,
                                                                                          size);
}

static int WSAAPI my_shutdown(SOCKET socket, int how) {
  record(CALL_SHUTDOWN, socket, 0);
  return ((int(WSAAPI *)(SOCKET, int))(void *)real("shutdown"))(socket, how);
}

static int WSAAPI my_getpeername(SOCKET socket, struct sockaddr *name, int *size) {
  record(CALL_GETPEERNAME, socket, 0);
  return ((int(WSAAPI *)(SOCKET, struct sockaddr *, int *))(void *)real("getpeername"))(socket, name, size);
}

static int WSAAPI my_closesocket(SOCKET socket) {
  record(CALL_CLOSE, socket, 0);
  return ((int(WSAAPI *)(SOCKET))(void *)real("closesocket"))(socket);
}

/* The transport calls through these, which the import library would define. */
void *__imp_setsockopt = (void *)my_setsockopt;
void *__imp_shutdown = (void *)my_shutdown;
void *__imp_getpeername = (void *)my_getpeername;
void *__imp_closesocket = (void *)my_closesocket;

static SOCKET socket_of(const struct hws_host_endpoint *endpoint) {
  int64_t handle = -1;
  assert_int_equal(endpoint->host->vtable.query(endpoint->ep, HWS_QUERY_HANDLE, &handle, sizeof handle), 0);
  return (SOCKET)handle;
}

static struct fixture fixture;
static struct check_config overlapped = {.listen_url = "tcp://127.0.0.1:0?accepts=4"};
static struct check_config readiness = {.listen_url = "tcp://127.0.0.1:0?accepts=4&io=readiness",
                                        .dial_more = "?io=readiness"};

static int begin(void **state) {
  count = 0;
  fixture = (struct fixture){.config = *state};
  fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_AT_ONCE, true, 20000);
  return 0;
}

static int end(void **state) {
  (void)state;
  check_host_stop(fixture.host);
  return 0;
}

/* Both contexts are updated, with the listener's own socket, before anything is asked of the sockets. */
static void contexts_are_updated(void **state) {
  struct fixture_pair pair;
  char text[128];
  (void)state;
  fixture_pair_open(&fixture, &pair);
  SOCKET listener = socket_of(pair.listener);
  SOCKET client = socket_of(pair.client);
  SOCKET server = socket_of(pair.server);
  int accepted = place_of(CALL_ACCEPT_CONTEXT, server);
  int connected = place_of(CALL_CONNECT_CONTEXT, client);
  assert_true(accepted >= 0);
  assert_true(connected >= 0);
  assert_true(calls[accepted].listener == listener);
  assert_true(place_of(CALL_EXCLUSIVE, listener) >= 0);
  assert_true(fixture.host->vtable.query(pair.server->ep, HWS_QUERY_REMOTE, text, sizeof text) > 0);
  assert_true(fixture.host->vtable.query(pair.client->ep, HWS_QUERY_REMOTE, text, sizeof text) > 0);
  fixture_shutdown(pair.client);
  fixture_shutdown(pair.server);
  assert_true(place_of(CALL_GETPEERNAME, server) > accepted);
  assert_true(place_of(CALL_GETPEERNAME, client) > connected);
  assert_true(place_of(CALL_SHUTDOWN, server) > accepted);
  assert_true(place_of(CALL_SHUTDOWN, client) > connected);
  fixture_pair_close(&pair);
}

/* Each socket is closed once, and no connection without having been shut down before. */
static void sockets_are_closed_once(void **state) {
  struct fixture_pair pair;
  (void)state;
  fixture_pair_open(&fixture, &pair);
  SOCKET sockets[3] = {socket_of(pair.client), socket_of(pair.server), socket_of(pair.listener)};
  unsigned before = count;
  fixture_pair_close(&pair);
  for (int i = 0; i < 3; i++) {
    unsigned closed = 0;
    for (unsigned at = before; at < count; at++)
      closed += calls[at].call == CALL_CLOSE && calls[at].socket == sockets[i];
    assert_int_equal(closed, 1);
    if (i < 2) assert_true(place_of(CALL_SHUTDOWN, sockets[i]) >= 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      {"contexts_are_updated", contexts_are_updated, begin, end, &overlapped},
      {"contexts_are_updated (readiness)", contexts_are_updated, begin, end, &readiness},
      {"sockets_are_closed_once", sockets_are_closed_once, begin, end, &overlapped},
      {"sockets_are_closed_once (readiness)", sockets_are_closed_once, begin, end, &readiness}};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
