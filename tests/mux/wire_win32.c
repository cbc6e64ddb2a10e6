/* SPDX-License-Identifier: Apache-2.0
 *
 * A wire over a TCP socket of this machine; or over memory, where HAWSER_TEST_WIRE=mem asks for it.
 */
#include "tests/mux/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include "tests/mux/wire_memory_win32.h"
#include "tests/mux/world.h"

enum { MOMENT_MS = 100, AHEAD = 2048 };

const char local_scheme[] = "tcp"; /* nothing else yet */
const char local_plugin[] = "tcp_iocp";
const bool local_knows_peers = false;
const bool tcp_revokes = false;
const unsigned tcp_backlog_of_one = 3; /* one is accepted by the transport; under Wine the system takes two more */

struct wire {
  SOCKET socket;
  struct wire_memory *memory; /* NULL: over the socket */
  uint8_t ahead[AHEAD];       /* what was read for the next calls: under Wine each costs one of another process */
  size_t ahead_at;
  size_t ahead_end;
};

static bool asks_for_memory(void) {
  const char *wanted = getenv("HAWSER_TEST_WIRE");
  return wanted && strcmp(wanted, "mem") == 0;
}

/* Every process has a loopback address of its own, and these ports the system gives to nobody by itself. */
void local_url(char *url, size_t size) {
  enum { PORT_FIRST = 10000, PORTS = 10000 };
  static unsigned number;
  unsigned own = (unsigned)GetCurrentProcessId() & 0xffffff;
  (void)snprintf(url, size, "tcp://127.%u.%u.%u:%u", own >> 16 | 1, own >> 8 & 0xff, own & 0xff,
                 PORT_FIRST + number++ % PORTS);
}

struct wire *wire_listen(char *url, size_t size) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int length = sizeof address;
  WSADATA data;
  struct wire *wire = calloc(1, sizeof *wire);
  assert_non_null(wire);
  if (asks_for_memory()) {
    wire->memory = wire_memory_listen(url, size);
    return wire;
  }
  assert_int_equal(WSAStartup(MAKEWORD(2, 2), &data), 0);
  wire->socket = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  assert_true(wire->socket != INVALID_SOCKET);
  assert_int_equal(bind(wire->socket, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(wire->socket, 8), 0);
  assert_int_equal(getsockname(wire->socket, (struct sockaddr *)&address, &length), 0);
  (void)snprintf(url, size, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
  return wire;
}

void wire_accept(struct wire *wire) {
  u_long on = 1;
  SOCKET listener = wire->socket;
  if (wire->memory) {
    wire_memory_accept(wire->memory);
    return;
  }
  wire->socket = accept(listener, NULL, NULL);
  assert_true(wire->socket != INVALID_SOCKET);
  assert_int_equal(ioctlsocket(wire->socket, (long)FIONBIO, &on), 0);
  (void)closesocket(listener);
}

void wire_close(struct wire *wire) {
  if (wire && wire->memory) wire_memory_close(wire->memory);
  if (wire && !wire->memory) (void)closesocket(wire->socket);
  free(wire);
}

static long result_of(int moved) {
  if (moved >= 0) return moved;
  return WSAGetLastError() == WSAEWOULDBLOCK ? 0 : -1;
}

long wire_send(struct wire *wire, const void *bytes, size_t length) {
  if (wire->memory) return wire_memory_send(wire->memory, bytes, length);
  return result_of(send(wire->socket, bytes, (int)length, 0));
}

static long take_some(struct wire *wire, void *bytes, size_t length) {
  if (wire->memory) return wire_memory_recv(wire->memory, bytes, length);
  int got = recv(wire->socket, bytes, (int)length, 0);
  return got == 0 ? -1 : result_of(got);
}

long wire_recv(struct wire *wire, void *bytes, size_t length) {
  if (wire->ahead_at == wire->ahead_end) {
    if (length >= AHEAD) return take_some(wire, bytes, length);
    long got = take_some(wire, wire->ahead, AHEAD);
    if (got <= 0) return got;
    wire->ahead_at = 0;
    wire->ahead_end = (size_t)got;
  }
  size_t left = wire->ahead_end - wire->ahead_at;
  size_t part = left < length ? left : length;
  memcpy(bytes, wire->ahead + wire->ahead_at, part);
  wire->ahead_at += part;
  return (long)part;
}

size_t wire_readable(struct wire *wire) {
  u_long count = 0;
  if (wire->memory) return WIRE_MEMORY_BYTES; /* those who ask have filled it */
  assert_int_equal(ioctlsocket(wire->socket, FIONREAD, &count), 0);
  return count + wire->ahead_end - wire->ahead_at;
}

void wire_wait(struct wire *wire, bool to_write) {
  if (wire->memory) {
    wire_memory_wait(wire->memory, to_write);
    return;
  }
  WSAPOLLFD poll_fd = {.fd = wire->socket, .events = to_write ? POLLWRNORM : POLLRDNORM};
  (void)WSAPoll(&poll_fd, 1, MOMENT_MS);
}
