/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_zmq runs the cases of the bench over ZeroMQ with a pair of PAIR sockets, one I/O thread a side (its
 * default) and room for 1 MiB, or 1000 messages, on the way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "bench/measure.h"

enum { IN_FLIGHT = 64, BACK_WATER = 1 << 20 };

struct peer {
  void *context;
  void *socket;
  size_t size;
  char *buffer;
};

static void check(int result, const char *what) {
  if (result < 0) fail(what, zmq_strerror(zmq_errno()));
}

/* ZeroMQ's word for a Unix socket is ipc, and for any port *. */
static void endpoint_of(const struct plan *plan, char *text, size_t size) {
  if (strncmp(plan->url, "unix://", 7) == 0)
    snprintf(text, size, "ipc://%s", plan->url + 7);
  else if (plan->server)
    snprintf(text, size, "tcp://127.0.0.1:*");
  else
    snprintf(text, size, "%s", plan->url);
}

static void *socket_open(struct peer *peer, int type) {
  void *socket = zmq_socket(peer->context, type);
  if (!socket) fail("zmq_socket", zmq_strerror(zmq_errno()));
  return socket;
}

/* As much is buffered as hawser holds back, 1 MiB a side, and no less than ZeroMQ's 1000 messages. */
static void limit(const struct peer *peer, void *socket) {
  int messages = (int)(BACK_WATER / peer->size) > 1000 ? (int)(BACK_WATER / peer->size) : 1000;
  check(zmq_setsockopt(socket, ZMQ_SNDHWM, &messages, sizeof messages), "ZMQ_SNDHWM");
  check(zmq_setsockopt(socket, ZMQ_RCVHWM, &messages, sizeof messages), "ZMQ_RCVHWM");
}

static void meet(const struct plan *plan, void *socket) {
  char endpoint[512], bound[512];
  size_t size = sizeof bound;
  endpoint_of(plan, endpoint, sizeof endpoint);
  if (!plan->server) {
    check(zmq_connect(socket, endpoint), endpoint);
    return;
  }
  check(zmq_bind(socket, endpoint), endpoint);
  check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &size), "ZMQ_LAST_ENDPOINT");
  if (strncmp(bound, "ipc://", 6) == 0)
    printf("ready unix://%s\n", bound + 6);
  else
    printf("ready %s\n", bound);
  fflush(stdout);
}

static void put(struct peer *peer) {
  check(zmq_send(peer->socket, peer->buffer, peer->size, 0), "zmq_send");
}

static int get(struct peer *peer) {
  int got = zmq_recv(peer->socket, peer->buffer, peer->size, 0);
  check(got, "zmq_recv");
  return got;
}

static uint64_t step_ask(void *self) {
  put(self);
  return get(self) > 0;
}

/* One answer comes, one question goes: so many are on their way at any time. */
static uint64_t step_turn(void *self) {
  get(self);
  put(self);
  return 1;
}

static uint64_t step_put(void *self) {
  put(self);
  return 1;
}

static uint64_t step_get(void *self) {
  return (uint64_t)get(self);
}

static void say_enough(void *self) {
  check(zmq_send(((struct peer *)self)->socket, "", 0, 0), "zmq_send");
}

static int is_enough(void *self) {
  char byte;
  return zmq_recv(((struct peer *)self)->socket, &byte, 1, ZMQ_DONTWAIT) >= 0;
}

/* An empty message ends it. */
static void echo(struct peer *peer) {
  while (get(peer) > 0) put(peer);
}

static void finish(struct peer *peer) {
  check(zmq_send(peer->socket, "", 0, 0), "zmq_send");
}

static void run(struct peer *peer, const struct plan *plan) {
  int inflight = strcmp(plan->bench, "inflight64") == 0;
  if (plan_is_feed(plan) && plan->server) {
    measure_rate(plan, step_get, say_enough, peer, plan_scale(plan), plan_unit(plan));
  } else if (plan_is_feed(plan)) {
    measure_feed(plan, step_put, is_enough, peer);
    finish(peer);
  } else if (plan->server) {
    echo(peer);
  } else if (inflight) {
    for (int i = 0; i < IN_FLIGHT; i++) put(peer);
    measure_rate(plan, step_turn, NULL, peer, 1e3, "k req/s");
    finish(peer);
  } else {
    measure_latency(plan, step_ask, 0.5, peer);
    finish(peer);
  }
}

int main(int argc, char **argv) {
  struct plan plan = plan_parse(argc, argv);
  struct peer peer = {.context = zmq_ctx_new(), .size = plan_size(&plan)};
  peer.buffer = calloc(1, peer.size);
  if (!peer.context || !peer.buffer) fail("memory", "there is none");
  peer.socket = socket_open(&peer, ZMQ_PAIR);
  limit(&peer, peer.socket);
  meet(&plan, peer.socket);
  run(&peer, &plan);
  zmq_close(peer.socket);
  zmq_ctx_term(peer.context);
  free(peer.buffer);
  return 0;
}
