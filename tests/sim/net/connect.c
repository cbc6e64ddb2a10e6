/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening, dialling, accepting.
 */
#include <errno.h>
#include <string.h>

#include "core/failing_sim.h"
#include "tests/sim/net/endpoint.h"

#define BACK_OFF_FIRST_NS UINT64_C(10000000)
#define BACK_OFF_MOST_NS UINT64_C(1000000000)

static struct ep *listeners;

static bool fated(const struct ep *ep, enum setting percent, const char *what) {
  if (sim_dice(100) >= ep->settings.of[percent]) return false;
  failing_sim_met(what);
  return true;
}

static struct ep *find(const char *name) {
  struct ep *ep = listeners;
  while (ep && strcmp(ep->name, name) != 0) ep = ep->next;
  return ep;
}

/* ---- listening ---- */

static int32_t listen_now(struct ep *ep, struct hws_io *io) {
  if (find(ep->name)) return finish_error(io, HWS_IO_IN_USE, EADDRINUSE);
  if (failing_sim("listen")) return finish_error(io, HWS_IO_LIMIT, EMFILE);
  ep->listens = true;
  ep->next = listeners;
  listeners = ep;
  return finish(io, HWS_IO_OK, 0);
}

static struct sock *take_waiting(struct ep *ep) {
  struct sock *sock = ep->first;
  ep->first = sock->next;
  if (!ep->first) ep->last = NULL;
  return sock;
}

/* For want of a descriptor or of memory: the connection waits on, and it is tried again, later each time. */
static bool back_off(struct ep *ep) {
  ep->backs_off = true;
  if (ep->back_off_ns < BACK_OFF_FIRST_NS) ep->back_off_ns = BACK_OFF_FIRST_NS;
  ep->host->timer_at(ep->self, ep->host->now() + ep->back_off_ns / 2 + sim_dice(ep->back_off_ns));
  if (ep->back_off_ns < BACK_OFF_MOST_NS) ep->back_off_ns *= 2;
  return false;
}

/* True: it ended. */
static bool accept_now(struct ep *ep, struct hws_io *io) {
  bool spared = ep->accepted < ep->settings.of[SET_SPARE];
  if (ep->backs_off) return false;
  while (ep->first) {
    if ((!spared && fated(ep, SET_FAIL_ACCEPT, "accept")) || failing_sim("accept")) return back_off(ep);
    struct ep *accepted = ep->host->alloc(sizeof *accepted);
    if (!accepted) return back_off(ep);
    struct sock *sock = take_waiting(ep);
    ep->accepted++;
    ep->back_off_ns = 0;
    if (!spared && fated(ep, SET_ABORTED, "aborted")) { /* it has gone by now: the next one */
      wire_close(sock, true);
      ep->host->release(accepted);
      continue;
    }
    accepted->host = ep->host;
    accepted->role = ROLE_ACCEPTED;
    accepted->sock = sock;
    accepted->settings = sock->settings;
    memcpy(accepted->name, ep->name, sizeof accepted->name);
    (void)finish(io, HWS_IO_OK, 0);
    io->accepted = accepted;
    return true;
  }
  return false;
}

static void try_accept(struct ep *ep) {
  struct hws_io *io = ep->connecting;
  if (!io || !accept_now(ep, io)) return;
  ep->connecting = NULL;
  ep->host->complete(ep->self, io);
}

/* ---- dialling ---- */

static int32_t connect_now(struct ep *ep, struct hws_io *io) {
  struct ep *listener = find(ep->name);
  struct sock *pair[2];
  if (!listener || fated(ep, SET_REFUSE, "refused")) {
    ep->host->explain(ep->self, "nobody listens there");
    return finish_error(io, HWS_IO_REFUSED, ECONNREFUSED);
  }
  if (fated(ep, SET_FAIL_DIAL, "dial") || failing_sim("connect")) {
    return sim_dice(2) ? finish_error(io, HWS_IO_FAILED, EHOSTUNREACH) : finish_error(io, HWS_IO_RESET, ECONNRESET);
  }
  if (!wire_pair(ep->host, &ep->settings, pair)) return finish_error(io, HWS_IO_NOMEM, ENOMEM);
  ep->sock = pair[0];
  int32_t status = way_attach(ep);
  if (status != HWS_IO_OK) {
    ep->sock = NULL;
    wire_close(pair[0], true);
    wire_close(pair[1], true);
    return finish(io, status, 0);
  }
  listener = find(ep->name); /* attaching is a point */
  if (!listener) {
    wire_close(pair[1], true);
    return finish(io, HWS_IO_OK, 0);
  }
  pair[1]->next = NULL;
  if (listener->last)
    listener->last->next = pair[1];
  else
    listener->first = pair[1];
  listener->last = pair[1];
  listener->posting++;
  listener->host->post(listener->self);
  listener->posting--;
  return finish(io, HWS_IO_OK, 0);
}

/* True: it ended. */
static bool go_on_dialling(struct ep *ep, struct hws_io *io) {
  if (ep->settings.of[SET_LOOK_UP] && !ep->looked_up) {
    struct hws_address address;
    int32_t answer = ep->host->resolved(ep->self, &address, 1);
    if (answer == 0) return false;
    if (answer < 0) return finish(io, answer, 0);
    ep->looked_up = true;
  }
  if (ep->settings.of[SET_CONNECT]) {
    ep->host->timer_at(ep->self, ep->host->now() + 1 + sim_dice(ep->settings.of[SET_CONNECT] * 1000));
    ep->settings.of[SET_CONNECT] = 0;
    return false;
  }
  return connect_now(ep, io);
}

static int32_t dial(struct ep *ep, struct hws_io *io) {
  if (failing_sim("socket")) return finish_error(io, HWS_IO_LIMIT, EMFILE);
  if (ep->settings.of[SET_LOOK_UP]) {
    int32_t status = ep->host->resolve(ep->self, ep->name, "1");
    if (status != HWS_IO_OK) return finish(io, status, 0);
  }
  ep->connecting = io; /* from here on others may go on with it */
  return 0;
}

/* ---- all three ---- */

int32_t connect_submit(struct ep *ep, struct hws_io *io) {
  if (io->kind == HWS_IO_LISTEN) return listen_now(ep, io);
  if (io->kind == HWS_IO_ACCEPT) {
    if (accept_now(ep, io)) return 1;
    ep->connecting = io;
    return 0;
  }
  if (dial(ep, io)) return 1;
  if (ep->settings.of[SET_LOOK_UP] || !go_on_dialling(ep, io)) return 0;
  ep->connecting = NULL;
  return 1;
}

int32_t connect_cancel(struct ep *ep, struct hws_io *io) {
  if (ep->connecting != io) return 0;
  ep->connecting = NULL;
  if (ep->role == ROLE_DIALLER) {
    ep->host->unresolve(ep->self);
    ep->host->timer_at(ep->self, 0);
  }
  return finish(io, HWS_IO_CANCELED, 0);
}

static void go_on(struct ep *ep) {
  struct hws_io *io = ep->connecting;
  if (ep->role == ROLE_LISTENER) {
    try_accept(ep);
  } else if (io && go_on_dialling(ep, io)) {
    ep->connecting = NULL;
    ep->host->complete(ep->self, io);
  }
}

void connect_on_post(struct ep *ep) {
  if (ep->role != ROLE_ACCEPTED) go_on(ep);
}

void connect_on_timer(struct ep *ep) {
  ep->backs_off = false;
  go_on(ep);
}

void connect_destroy(struct ep *ep) {
  if (ep->listens) {
    struct ep **place = &listeners;
    while (*place != ep) place = &(*place)->next;
    *place = ep->next;
    while (ep->posting) sim_yield();
  }
  while (ep->first) wire_close(take_waiting(ep), true);
}
