/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the readiness service begin with.
 */
#include "tests/core/notify_win32.h"

#include <stdlib.h>
#include <string.h>
#include <ws2tcpip.h>

#include "core/park.h"
#include "core/winsock_win32.h"

enum { NS_PER_MS = 1000000 };

const struct notify_arm *port_scene_arm = &notify_arm_afd;

int port_scene_open(void **state) {
  struct port_scene *scene = calloc(1, sizeof *scene);
  struct sockaddr_in address;
  assert_non_null(scene);
  assert_true(winsock_start());
  scene->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
  assert_non_null(scene->port);
  scene->notify = notify_new(scene->port, port_scene_arm);
  assert_non_null(scene->notify);
  SOCKET listener = listener_new(&address);
  scene->client = socket_dialled(&address);
  scene->server = accept(listener, NULL, NULL);
  assert_int_not_equal(scene->server, INVALID_SOCKET);
  socket_make_nonblocking(scene->server);
  closesocket(listener);
  *state = scene;
  return 0;
}

int port_scene_close(void **state) {
  struct port_scene *scene = *state;
  if (scene->notify) assert_int_equal(notify_count(scene->notify), 0);
  notify_free(scene->notify);
  if (scene->client != INVALID_SOCKET) closesocket(scene->client);
  if (scene->server != INVALID_SOCKET) closesocket(scene->server);
  CloseHandle(scene->port);
  free(scene);
  return 0;
}

struct notify_told harvest_told(struct port_scene *scene, DWORD ms) {
  uint64_t until = clock_now() + (uint64_t)ms * NS_PER_MS;
  struct notify_told told = {0};
  do {
    OVERLAPPED_ENTRY entry;
    if (notify_harvest(scene->notify, &entry, 1, ms) == 1) {
      assert_true(notify_read(scene->notify, &entry, &told));
      if (told.events) return told;
    }
  } while (clock_now() < until);
  return (struct notify_told){0};
}

void expect_silence(struct port_scene *scene) {
  assert_int_equal(harvest_told(scene, QUIET_MS).events, 0);
}

unsigned expect_told_any(struct port_scene *scene, uint64_t key) {
  struct notify_told told = harvest_told(scene, PATIENCE_MS);
  assert_int_not_equal(told.events, 0);
  assert_int_equal(told.key, key);
  assert_ptr_equal(told.whose, scene);
  return told.events;
}

void expect_told(struct port_scene *scene, uint64_t key, unsigned events) {
  assert_int_equal(expect_told_any(scene, key), events);
}

void remove_and_wait(struct port_scene *scene, uint64_t key) {
  assert_true(notify_remove(scene->notify, key, false));
  expect_told(scene, key, NOTIFY_REMOVED);
}

/* ---- sockets ----------------------------------------------------------------------------------------------------- */

static void bind_here(SOCKET socket, struct sockaddr_in *address) {
  int size = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(bind(socket, (struct sockaddr *)address, sizeof *address), 0);
  assert_int_equal(getsockname(socket, (struct sockaddr *)address, &size), 0);
}

void socket_bind(SOCKET socket) {
  struct sockaddr_in address;
  bind_here(socket, &address);
}

SOCKET listener_new(struct sockaddr_in *address) {
  SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  assert_int_not_equal(listener, INVALID_SOCKET);
  bind_here(listener, address);
  assert_int_equal(listen(listener, SOMAXCONN), 0);
  return listener;
}

SOCKET socket_dialled(const struct sockaddr_in *address) {
  SOCKET dialled = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  assert_int_not_equal(dialled, INVALID_SOCKET);
  assert_int_equal(connect(dialled, (const struct sockaddr *)address, sizeof *address), 0);
  return dialled;
}

void socket_make_nonblocking(SOCKET socket) {
  u_long on = 1;
  assert_int_equal(ioctlsocket(socket, (long)FIONBIO, &on), 0);
}

void send_text(SOCKET socket, const char *text) {
  assert_int_equal(send(socket, text, (int)strlen(text), 0), strlen(text));
}

void recv_text(SOCKET socket, const char *text) {
  for (; *text; text++) {
    WSAPOLLFD item = {.fd = socket, .events = POLLRDNORM};
    char byte = 0;
    assert_int_equal(WSAPoll(&item, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(socket, &byte, 1, 0), 1);
    assert_int_equal(byte, *text);
  }
}

SOCKET datagram_new(void) {
  SOCKET made = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  assert_int_not_equal(made, INVALID_SOCKET);
  socket_bind(made);
  socket_make_nonblocking(made);
  return made;
}

void datagram_send(struct port_scene *scene, SOCKET destination) {
  struct sockaddr_in address;
  int size = sizeof address;
  SOCKET from = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  (void)scene;
  assert_int_not_equal(from, INVALID_SOCKET);
  assert_int_equal(getsockname(destination, (struct sockaddr *)&address, &size), 0);
  assert_int_equal(sendto(from, "d", 1, 0, (struct sockaddr *)&address, sizeof address), 1);
  closesocket(from);
}
