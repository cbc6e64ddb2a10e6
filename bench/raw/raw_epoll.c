/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick: every case as a plain program would write it, over one socket. Mode `epoll` waits with a
 * level-triggered epoll before each non-blocking read, `block` reads blocking; writes and bulk always block. In
 * oneway64_batch 1024 messages leave in one write of 64 KiB.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/raw/openclose_posix.h"
#include "bench/raw/sockets_posix.h"

enum { IN_FLIGHT = 64, REQUEST = 64, BUFFER = 256 * 1024, BATCH = 64 * 1024 };

struct peer {
  int fd;
  int epoll;         /* -1: blocking reads */
  size_t size;       /* of one message, or of one batch of them */
  uint64_t requests; /* in one message */
  char buffer[BUFFER];
};

static size_t peer_read(struct peer *peer, char *to, size_t room) {
  for (;;) {
    struct epoll_event event;
    if (peer->epoll >= 0 && epoll_wait(peer->epoll, &event, 1, -1) < 0 && errno != EINTR)
      fail("epoll_wait", strerror(errno));
    ssize_t got = recv(peer->fd, to, room, peer->epoll >= 0 ? MSG_DONTWAIT : 0);
    if (got >= 0) return (size_t)got;
    if (errno == ECONNRESET) return 0;
    if (errno != EINTR && errno != EAGAIN) fail("recv", strerror(errno));
  }
}

static int peer_read_all(struct peer *peer) {
  for (size_t have = 0; have < peer->size;) {
    size_t got = peer_read(peer, peer->buffer + have, peer->size - have);
    if (got == 0) return 0;
    have += got;
  }
  return 1;
}

static void peer_write(struct peer *peer) {
  for (size_t done = 0; done < peer->size;) {
    ssize_t put = send(peer->fd, peer->buffer + done, peer->size - done, MSG_NOSIGNAL);
    if (put > 0) done += (size_t)put;
    if (put < 0 && errno != EINTR) fail("send", strerror(errno));
  }
}

static uint64_t step_ask(void *self) {
  struct peer *peer = self;
  peer_write(peer);
  return peer_read_all(peer) ? peer->requests : 0;
}

static uint64_t step_write(void *self) {
  peer_write(self);
  return 1;
}

static uint64_t step_read(void *self) {
  struct peer *peer = self;
  return peer_read(peer, peer->buffer, peer->size);
}

static void say_enough(void *self) {
  struct peer *peer = self;
  if (send(peer->fd, "", 1, MSG_NOSIGNAL) != 1) fail("send", strerror(errno));
}

static int is_enough(void *self) {
  struct peer *peer = self;
  char byte;
  return recv(peer->fd, &byte, 1, MSG_DONTWAIT) == 1;
}

static void peer_run(struct peer *peer, const struct plan *plan) {
  const char *bench = plan->bench;
  int rtt = strcmp(bench, "rtt64") == 0, inflight = strcmp(bench, "inflight64") == 0;
  if (!plan_is_feed(plan) && !rtt && !inflight) fail(bench, "no such case");
  peer->requests = inflight ? IN_FLIGHT : 1;
  peer->size = inflight ? IN_FLIGHT * REQUEST : plan_size(plan);
  if (peer->size > sizeof peer->buffer) fail(bench, "larger than the buffer");
  if (plan_is_feed(plan)) {
    int batched = plan->server || strcmp(bench, "oneway64_batch") == 0;
    if (batched && peer->size < BATCH) peer->size = BATCH;
    if (plan->server)
      measure_rate(plan, step_read, say_enough, peer, plan_scale(plan), plan_unit(plan));
    else
      measure_feed(plan, step_write, is_enough, peer);
  } else if (plan->server) {
    while (peer_read_all(peer)) peer_write(peer);
  } else if (rtt) {
    measure_latency(plan, step_ask, 0.5, peer);
  } else {
    measure_rate(plan, step_ask, NULL, peer, 1e3, "k req/s");
  }
}

int main(int argc, char **argv) {
  struct plan plan = plan_parse(argc, argv);
  if (strcmp(plan.bench, "openclose") == 0) {
    openclose_run(&plan);
    return 0;
  }
  struct peer *peer = calloc(1, sizeof *peer);
  if (!peer) fail("memory", strerror(errno));
  peer->fd = socket_connect(&plan);
  peer->epoll = -1;
  if (plan_has(&plan, "epoll")) {
    struct epoll_event event = {.events = EPOLLIN};
    peer->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (peer->epoll < 0 || epoll_ctl(peer->epoll, EPOLL_CTL_ADD, peer->fd, &event) != 0) fail("epoll", strerror(errno));
  }
  peer_run(peer, &plan);
  if (peer->epoll >= 0) close(peer->epoll);
  close(peer->fd);
  free(peer);
  return 0;
}
