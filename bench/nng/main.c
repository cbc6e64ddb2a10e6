/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_nng runs the cases of the bench over nng with a pair of pair0 sockets, its defaults, and buffers for 64
 * messages where 64 are in flight.
 */
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/supplemental/util/platform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"

enum { IN_FLIGHT = 64 };

struct peer {
  nng_socket socket;
  size_t size;
  char *buffer;
};

static void check(int result, const char *what) {
  if (result != 0) fail(what, nng_strerror(result));
}

/* nng's word for a Unix socket is ipc. */
static void url_of(const struct plan *plan, char *text, size_t size) {
  if (strncmp(plan->url, "unix://", 7) == 0)
    snprintf(text, size, "ipc://%s", plan->url + 7);
  else
    snprintf(text, size, "%s", plan->url);
}

static void listen_at(struct peer *peer, const struct plan *plan, const char *url) {
  nng_listener listener;
  nng_sockaddr address;
  check(nng_listen(peer->socket, url, &listener, 0), url);
  check(nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address), "NNG_OPT_LOCADDR");
  if (address.s_family == NNG_AF_INET) {
    const unsigned char *port = (const unsigned char *)&address.s_in.sa_port; /* in the network's order */
    printf("ready tcp://127.0.0.1:%u\n", port[0] * 256U + port[1]);
  } else {
    printf("ready %s\n", plan->url);
  }
  fflush(stdout);
}

static void meet(struct peer *peer, const struct plan *plan) {
  char url[512];
  url_of(plan, url, sizeof url);
  if (plan->server)
    listen_at(peer, plan, url);
  else
    check(nng_dial(peer->socket, url, NULL, 0), url);
}

static void put(struct peer *peer) {
  check(nng_send(peer->socket, peer->buffer, peer->size, 0), "nng_send");
}

static size_t get(struct peer *peer) {
  size_t size = peer->size;
  check(nng_recv(peer->socket, peer->buffer, &size, 0), "nng_recv");
  return size;
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
  return get(self);
}

static char nothing[1];

static void say_enough(void *self) {
  check(nng_send(((struct peer *)self)->socket, nothing, 0, 0), "nng_send");
}

static int is_enough(void *self) {
  char byte;
  size_t size = 1;
  return nng_recv(((struct peer *)self)->socket, &byte, &size, NNG_FLAG_NONBLOCK) == 0;
}

/* An empty message ends it, each way: closing a socket drops what it has not sent, so the answer is waited for. */
static void finish(struct peer *peer) {
  say_enough(peer);
  while (get(peer) > 0) continue;
}

static void echo(struct peer *peer) {
  while (get(peer) > 0) put(peer);
}

static void run(struct peer *peer, const struct plan *plan) {
  int inflight = strcmp(plan->bench, "inflight64") == 0;
  if (plan_is_feed(plan) && plan->server) {
    measure_rate(plan, step_get, say_enough, peer, plan_scale(plan), plan_unit(plan));
  } else if (plan_is_feed(plan)) {
    measure_feed(plan, step_put, is_enough, peer);
  } else if (plan->server) {
    echo(peer);
  } else if (inflight) {
    for (int i = 0; i < IN_FLIGHT; i++) put(peer);
    measure_rate(plan, step_turn, NULL, peer, 1e3, "k req/s");
  } else {
    measure_latency(plan, step_ask, 0.5, peer);
  }
  if (!plan->server) {
    finish(peer);
  } else {
    say_enough(peer);
    nng_msleep(100); /* its last word is on its way; nng tells nobody when */
  }
}

int main(int argc, char **argv) {
  struct plan plan = plan_parse(argc, argv);
  struct peer peer = {.size = plan_size(&plan)};
  peer.buffer = calloc(1, peer.size);
  if (!peer.buffer) fail("memory", "there is none");
  check(nng_pair0_open(&peer.socket), "nng_pair0_open");
  if (strcmp(plan.bench, "inflight64") == 0) {
    check(nng_socket_set_int(peer.socket, NNG_OPT_SENDBUF, IN_FLIGHT), "NNG_OPT_SENDBUF");
    check(nng_socket_set_int(peer.socket, NNG_OPT_RECVBUF, IN_FLIGHT), "NNG_OPT_RECVBUF");
  }
  meet(&peer, &plan);
  run(&peer, &plan);
  nng_close(peer.socket);
  free(peer.buffer);
  return 0;
}
