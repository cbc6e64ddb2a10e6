/* SPDX-License-Identifier: Apache-2.0
 *
 * Listen, accept and connect over plain sockets.
 */
#include "bench/raw/sockets_posix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct address {
  union {
    struct sockaddr any;
    struct sockaddr_un path;
    struct sockaddr_in port;
  } of;
  socklen_t size;
};

static const char *after(const char *url, const char *scheme) {
  size_t len = strlen(scheme);
  return strncmp(url, scheme, len) == 0 ? url + len : NULL;
}

static struct address address_parse(const char *url) {
  struct address address = {0};
  const char *path = after(url, "unix://"), *port = after(url, "tcp://127.0.0.1:");
  if (path) {
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof address.of.path.sun_path) fail(url, "the path is empty or too long");
    address.of.path.sun_family = AF_UNIX;
    memcpy(address.of.path.sun_path, path, len);
    address.size = sizeof address.of.path;
  } else if (port) {
    address.of.port.sin_family = AF_INET;
    address.of.port.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    address.of.port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.size = sizeof address.of.port;
  } else {
    fail(url, "neither unix:///path nor tcp://127.0.0.1:port");
  }
  return address;
}

static int is_tcp(const struct address *address) {
  return address->of.any.sa_family == AF_INET;
}

static int socket_make(const struct address *address) {
  int fd = socket(address->of.any.sa_family, SOCK_STREAM, 0);
  if (fd < 0) fail("socket", strerror(errno));
  return fd;
}

/* What every transport here does to TCP: small messages leave at once. */
static void no_delay(int fd) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 && errno != EOPNOTSUPP)
    fail("TCP_NODELAY", strerror(errno));
}

int socket_listen(const struct plan *plan) {
  struct address address = address_parse(plan->url);
  int fd = socket_make(&address), on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) fail("SO_REUSEADDR", strerror(errno));
  if (bind(fd, &address.of.any, address.size) != 0 || listen(fd, 128) != 0) fail(plan->url, strerror(errno));
  if (is_tcp(&address)) {
    if (getsockname(fd, &address.of.any, &address.size) != 0) fail("getsockname", strerror(errno));
    printf("ready tcp://127.0.0.1:%u\n", ntohs(address.of.port.sin_port));
  } else {
    printf("ready %s\n", plan->url);
  }
  fflush(stdout);
  return fd;
}

int socket_accept(int listener) {
  int fd;
  do fd = accept(listener, NULL, NULL);
  while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (fd < 0) fail("accept", strerror(errno));
  no_delay(fd);
  return fd;
}

int socket_dial(const struct plan *plan) {
  struct address address = address_parse(plan->url);
  int fd = socket_make(&address);
  if (connect(fd, &address.of.any, address.size) != 0) fail(plan->url, strerror(errno));
  no_delay(fd);
  return fd;
}

void socket_drop(int fd) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0) fail("SO_LINGER", strerror(errno));
  close(fd);
}

int socket_connect(const struct plan *plan) {
  if (!plan->server) return socket_dial(plan);
  int listener = socket_listen(plan);
  int fd = socket_accept(listener);
  close(listener);
  return fd;
}
