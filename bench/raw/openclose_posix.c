/* SPDX-License-Identifier: Apache-2.0
 *
 * openclose: connect, one byte there, one back, close; then the next. The client's last byte differs.
 */
#include "bench/raw/openclose_posix.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/raw/sockets_posix.h"

enum { ASK = 1, LAST = 2 };

static void byte_send(int fd, char byte) {
  if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1) fail("send", strerror(errno));
}

static char byte_recv(int fd) {
  char byte = 0;
  if (recv(fd, &byte, 1, 0) != 1) fail("recv", "no byte came");
  return byte;
}

static void ask(const struct plan *plan, char byte) {
  int fd = socket_dial(plan);
  byte_send(fd, byte);
  byte_recv(fd);
  socket_drop(fd);
}

static uint64_t step_ask(void *self) {
  ask(self, ASK);
  return 1;
}

/* A connection is closed once the next has come: its client has gone by then, so TCP keeps nothing of it. */
static void serve(const struct plan *plan) {
  int listener = socket_listen(plan), before = -1;
  for (char byte = ASK; byte != LAST;) {
    int fd = socket_accept(listener);
    if (before >= 0) close(before);
    byte = byte_recv(fd);
    byte_send(fd, byte);
    before = fd;
  }
  close(before);
  close(listener);
}

void openclose_run(const struct plan *plan) {
  struct plan mine = *plan;
  if (plan->server) {
    serve(plan);
  } else {
    measure_rate(plan, step_ask, NULL, &mine, 1e3, "k/s");
    ask(plan, LAST);
  }
}
