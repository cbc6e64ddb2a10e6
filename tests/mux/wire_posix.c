/* SPDX-License-Identifier: Apache-2.0
 *
 * A wire over a Unix socket.
 */
#define _GNU_SOURCE /* accept4 */
#include "tests/mux/wire_posix.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/mux/world.h"

enum { MOMENT_MS = 100 };

const char local_scheme[] = "unix";
const char local_plugin[] = "unix_epoll";
const bool local_knows_peers = true;
const bool tcp_revokes = true;
const unsigned tcp_backlog_of_one = 2; /* the system takes one more than it is told */

struct wire {
  int fd;
  struct sockaddr_un address;
};

/* ---- a folder of this process for its sockets; it goes with the process ---- */

static char folder[64];

static void remove_folder(void) {
  (void)rmdir(folder);
}

const char *own_folder(void) {
  if (!folder[0]) {
    (void)snprintf(folder, sizeof folder, "/tmp/hawser-mux-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)atexit(remove_folder);
  }
  return folder;
}

void local_url(char *url, size_t size) {
  static unsigned number;
  (void)snprintf(url, size, "unix://%s/local%u", own_folder(), number++);
}

/* ---- wires ---- */

struct wire *wire_listen(char *url, size_t size) {
  static unsigned number;
  struct wire *wire = calloc(1, sizeof *wire);
  assert_non_null(wire);
  wire->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  assert_true(wire->fd >= 0);
  wire->address.sun_family = AF_UNIX;
  (void)snprintf(wire->address.sun_path, sizeof wire->address.sun_path, "%s/peer%u", own_folder(), number++);
  assert_int_equal(bind(wire->fd, (struct sockaddr *)&wire->address, sizeof wire->address), 0);
  assert_int_equal(listen(wire->fd, 8), 0);
  (void)snprintf(url, size, "unix://%s", wire->address.sun_path);
  return wire;
}

void wire_accept(struct wire *wire) {
  int listener = wire->fd;
  wire->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  assert_true(wire->fd >= 0);
  (void)close(listener);
  (void)unlink(wire->address.sun_path);
}

void wire_close(struct wire *wire) {
  if (wire) (void)close(wire->fd);
  free(wire);
}

long wire_send(struct wire *wire, const void *bytes, size_t length) {
  ssize_t sent = send(wire->fd, bytes, length, MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  if (errno == EPIPE || errno == ECONNRESET) return -1;
  assert_true(errno == EAGAIN || errno == EINTR);
  return 0;
}

long wire_recv(struct wire *wire, void *bytes, size_t length) {
  ssize_t got = recv(wire->fd, bytes, length, 0);
  if (got > 0) return got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

size_t wire_readable(struct wire *wire) {
  int count = 0;
  assert_int_equal(ioctl(wire->fd, FIONREAD, &count), 0);
  return (size_t)count;
}

void wire_wait(struct wire *wire, bool to_write) {
  struct pollfd poll_fd = {.fd = wire->fd, .events = to_write ? POLLOUT : POLLIN};
  (void)poll(&poll_fd, 1, MOMENT_MS);
}

void wire_refuse(struct wire *wire) {
  assert_int_equal(shutdown(wire->fd, SHUT_RD), 0);
}
