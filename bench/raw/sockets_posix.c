/* SPDX-License-Identifier: Apache-2.0
 *
 * Listen, accept and connect over plain sockets.
 */
#include "bench/raw/sockets_posix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address_parse(const char *url) {
  static const char scheme[] = "unix://";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strncmp(url, scheme, sizeof scheme - 1) != 0) fail(url, "only unix:///path is known");
  const char *path = url + sizeof scheme - 1;
  size_t len = strlen(path);
  if (len == 0 || len >= sizeof address.sun_path) fail(url, "the path is empty or too long");
  memcpy(address.sun_path, path, len);
  return address;
}

int socket_connect(const struct plan *plan) {
  struct sockaddr_un address = address_parse(plan->url);
  const struct sockaddr *any = (const struct sockaddr *)&address;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) fail("socket", strerror(errno));
  if (!plan->server) {
    if (connect(fd, any, sizeof address) != 0) fail(plan->url, strerror(errno));
    return fd;
  }
  if (bind(fd, any, sizeof address) != 0 || listen(fd, 8) != 0) fail(plan->url, strerror(errno));
  printf("ready %s\n", plan->url);
  fflush(stdout);
  int accepted = accept(fd, NULL, NULL);
  if (accepted < 0) fail("accept", strerror(errno));
  close(fd);
  return accepted;
}
