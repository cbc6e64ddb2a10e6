/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue's waitable on Windows: one end of a connection to ourselves. Set and cleared under the queue's lock only, so
 * at most one byte is under way.
 *
 * The user's loop only waits on the socket; the library alone reads it. It may have been made non-blocking meanwhile
 * (WSAEventSelect does so), and a byte may be late, as the system does not promise when it arrives: a clear waits for
 * it, or the socket would become readable after the queue was found empty.
 */
#include <stdlib.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include "core/queue.h"
#include "core/winsock_win32.h"

enum { LATE_MS = 1000 };

struct waitable {
  SOCKET read;
  SOCKET write;
};

static void close_socket(SOCKET socket) {
  if (socket != INVALID_SOCKET) closesocket(socket);
}

static SOCKET socket_new(void) {
  return WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

static SOCKET listen_here(struct sockaddr_in *address) {
  int on = 1;
  int size = sizeof *address;
  SOCKET listener = socket_new();
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (listener == INVALID_SOCKET) return listener;
  setsockopt(listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof on);
  if (bind(listener, (struct sockaddr *)address, sizeof *address) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, (struct sockaddr *)address, &size) == 0)
    return listener;
  close_socket(listener);
  return INVALID_SOCKET;
}

/* Whether both are ends of one connection: another process may have been faster to connect. */
static bool is_pair(SOCKET one, SOCKET other) {
  struct sockaddr_in near_address = {0};
  struct sockaddr_in far_address = {0};
  int near_size = sizeof near_address;
  int far_size = sizeof far_address;
  return getsockname(one, (struct sockaddr *)&near_address, &near_size) == 0 &&
         getpeername(other, (struct sockaddr *)&far_address, &far_size) == 0 &&
         near_address.sin_port == far_address.sin_port && near_address.sin_addr.s_addr == far_address.sin_addr.s_addr;
}

static bool connect_pair(struct waitable *waitable) {
  struct sockaddr_in address;
  int on = 1;
  SOCKET listener = listen_here(&address);
  if (listener == INVALID_SOCKET) return false;
  waitable->write = socket_new();
  if (waitable->write != INVALID_SOCKET && connect(waitable->write, (struct sockaddr *)&address, sizeof address) == 0)
    waitable->read = accept(listener, NULL, NULL);
  close_socket(listener);
  if (waitable->read == INVALID_SOCKET || !is_pair(waitable->write, waitable->read)) return false;
  SetHandleInformation((HANDLE)waitable->read, HANDLE_FLAG_INHERIT, 0);
  return setsockopt(waitable->write, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on) == 0;
}

struct waitable *waitable_new(void) {
  struct waitable *waitable = winsock_start() ? malloc(sizeof *waitable) : NULL;
  if (!waitable) return NULL;
  *waitable = (struct waitable){.read = INVALID_SOCKET, .write = INVALID_SOCKET};
  if (connect_pair(waitable)) return waitable;
  waitable_free(waitable);
  return NULL;
}

void waitable_free(struct waitable *waitable) {
  if (!waitable) return;
  close_socket(waitable->write);
  close_socket(waitable->read);
  free(waitable);
}

int64_t waitable_descriptor(const struct waitable *waitable) {
  return (int64_t)waitable->read;
}

void waitable_set(struct waitable *waitable) {
  send(waitable->write, "", 1, 0);
}

void waitable_clear(struct waitable *waitable) {
  char byte;
  WSAPOLLFD late = {.fd = waitable->read, .events = POLLRDNORM};
  if (WSAPoll(&late, 1, LATE_MS) > 0) recv(waitable->read, &byte, 1, 0);
}
