/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport of the simulated network, twice: `ready` is told of readiness and can revoke (the way of epoll), `port`
 * has its calls done by the system, which tells of their ends by packets and cannot take them back (the way of
 * completion ports). SIM_PORT says which one this is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/net/wire.h"

enum { NAME_MAX_BYTES = 32, BACKLOG = 64 };

enum role { ROLE_LISTENER, ROLE_DIALLER, ROLE_ACCEPTED };

/* A call in a direction. */
struct call {
  struct hws_io *io;
  uint64_t moved;
  struct hws_packet packet; /* port */
  struct ported ported;
  bool out;                /* port: the system has it */
  struct sim_event cancel; /* port: of the system, which takes its time */
  struct ep *ep;
};

struct ep {
  const struct hws_host *host;
  struct hws_host_endpoint *self;
  enum role role;
  char name[NAME_MAX_BYTES];
  struct wire_settings settings;
  struct sock *sock;
  struct call calls[2];
  bool watched;
  /* a listener's */
  struct sock *waiting[BACKLOG];
  unsigned count;
  bool listens;
  struct ep *next;
};

static struct ep *listeners;
static const struct hws_host *the_host;

static enum hws_direction direction_of(const struct hws_io *io) {
  return io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN ? HWS_WRITE : HWS_READ;
}

static int32_t finish(struct hws_io *io, int32_t status, uint64_t bytes) {
  io->status = status;
  io->bytes = bytes;
  io->accepted = NULL;
  io->os_error = 0;
  io->descriptors_done = 0;
  return 1;
}

/* ---- making ---- */

static uint64_t setting(struct ep *ep, const char *key, uint64_t usual) {
  const char *text = ep->host->config(ep->self, key);
  return text ? strtoull(text, NULL, 10) : usual;
}

static int32_t make(struct hws_host_endpoint *self, const char *address, enum role role, void **made) {
  struct ep *ep = the_host->alloc(sizeof *ep);
  if (!ep) return HWS_IO_NOMEM;
  ep->host = the_host;
  ep->self = self;
  ep->role = role;
  (void)snprintf(ep->name, sizeof ep->name, "%s", address);
  ep->settings = (struct wire_settings){.buffer = setting(ep, "buffer", 65536),
                                        .delay_ns = setting(ep, "delay_us", 100) * 1000,
                                        .cut = setting(ep, "cut", 20)};
  *made = ep;
  return HWS_IO_OK;
}

static int32_t sim_listen(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  (void)self;
  return make(host, address, ROLE_LISTENER, ep);
}

static int32_t sim_dial(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  (void)self;
  return make(host, address, ROLE_DIALLER, ep);
}

static int32_t attach(struct ep *ep, struct sock *sock);

static int32_t sim_adopt(void *self, struct hws_host_endpoint *host, void *accepted, void **made) {
  (void)self;
  struct ep *ep = accepted;
  if (!host) {
    wire_close(ep->sock, true);
    the_host->release(ep);
    return HWS_IO_OK;
  }
  ep->self = host;
  int32_t status = attach(ep, ep->sock);
  if (status == HWS_IO_OK) {
    *made = ep;
    return HWS_IO_OK;
  }
  wire_close(ep->sock, true);
  the_host->release(ep);
  return status;
}

/* ---- calls ---- */

/* Go on with a call. True: it has ended, its results are filled in. */
static bool advance(struct ep *ep, struct call *call) {
  struct hws_io *io = call->io;
  int64_t moved = 0;
  bool empty = true;
  for (uint32_t i = 0; i < io->vec_count; i++) empty = empty && !io->vec[i].len;
  switch (io->kind) {
  case HWS_IO_READ:
    if (empty) {
      if (!wire_readable(ep->sock)) return false;
      return finish(io, ep->sock->reset ? HWS_IO_RESET : HWS_IO_OK, 0);
    }
    moved = wire_read(ep->sock, io->vec, io->vec_count, 0);
    if (moved == 0 && !wire_ended(ep->sock)) return false;
    return finish(io, moved < 0 ? (int32_t)moved : HWS_IO_OK, moved < 0 ? 0 : (uint64_t)moved);
  case HWS_IO_WRITE:
    if (empty) {
      if (!wire_writable(ep->sock)) return false;
      return finish(io, HWS_IO_OK, 0);
    }
    moved = wire_write(ep->sock, io->vec, io->vec_count, call->moved);
    if (moved == 0) return false;
    if (moved < 0) return finish(io, (int32_t)moved, call->moved);
    call->moved += (uint64_t)moved;
#if SIM_PORT
    uint64_t all = 0;
    for (uint32_t i = 0; i < io->vec_count; i++) all += io->vec[i].len;
    if (call->moved < all) return false; /* the system goes on until all is taken */
#endif
    return finish(io, HWS_IO_OK, call->moved);
  default:
    wire_shut(ep->sock);
    return finish(io, HWS_IO_OK, 0);
  }
}

static int32_t accept_now(struct ep *ep, struct hws_io *io) {
  if (!ep->count) return 0;
  struct ep *accepted = the_host->alloc(sizeof *accepted);
  if (!accepted) return finish(io, HWS_IO_NOMEM, 0);
  accepted->host = the_host;
  accepted->role = ROLE_ACCEPTED;
  accepted->sock = ep->waiting[0];
  memmove(&ep->waiting[0], &ep->waiting[1], --ep->count * sizeof ep->waiting[0]);
  (void)finish(io, HWS_IO_OK, 0);
  io->accepted = accepted;
  return 1;
}

static struct ep *find(const char *name) {
  struct ep *ep = listeners;
  while (ep && strcmp(ep->name, name) != 0) ep = ep->next;
  return ep;
}

static int32_t dial_now(struct ep *ep, struct hws_io *io) {
  struct ep *listener = find(ep->name);
  struct sock *pair[2];
  if (!listener || listener->count == BACKLOG) {
    ep->host->explain(ep->self, "nobody listens there");
    return finish(io, HWS_IO_REFUSED, 0);
  }
  if (!wire_pair(the_host, &ep->settings, pair)) return finish(io, HWS_IO_NOMEM, 0);
  int32_t status = attach(ep, pair[0]);
  if (status != HWS_IO_OK) {
    ep->sock = NULL;
    wire_close(pair[0], true);
    wire_close(pair[1], true);
    return finish(io, status, 0);
  }
  listener->waiting[listener->count++] = pair[1];
  if (listener->calls[HWS_READ].io) listener->host->post(listener->self);
  return finish(io, HWS_IO_OK, 0);
}

static int32_t listen_now(struct ep *ep, struct hws_io *io) {
  if (find(ep->name)) return finish(io, HWS_IO_IN_USE, 0);
  ep->listens = true;
  ep->next = listeners;
  listeners = ep;
  return finish(io, HWS_IO_OK, 0);
}

static int32_t sim_submit(void *self, struct hws_io *io) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction_of(io)];
  sim_point("submit");
  if (io->kind == HWS_IO_LISTEN) return listen_now(ep, io);
  if (io->kind == HWS_IO_DIAL) return dial_now(ep, io);
  if (io->kind == HWS_IO_ACCEPT) {
    if (accept_now(ep, io)) return 1;
    call->io = io;
    return 0;
  }
  call->io = io;
  call->moved = 0;
  if (advance(ep, call)) {
    call->io = NULL;
    return 1;
  }
#if SIM_PORT
  call->out = true;
  call->packet.endpoint = ep->self;
  call->packet.direction = direction_of(io);
#else
  ep->host->rearm(ep->self, direction_of(io));
#endif
  return 0;
}

#if SIM_PORT

/* The system ends the call, and says so by a packet. */
static void end_call(struct ep *ep, enum hws_direction which) {
  struct call *call = &ep->calls[which];
  call->out = false;
  sim_take_back(&call->cancel);
  call->ported = (struct ported){.packet = &call->packet, .bytes = call->io->bytes};
  bound_end(&ep->sock->bound, &call->ported);
}

static void cancelled(struct sim_event *event) {
  struct call *call = (struct call *)((char *)event - offsetof(struct call, cancel));
  if (!call->out) return; /* too late */
  (void)finish(call->io, HWS_IO_CANCELED, call->moved);
  end_call(call->ep, direction_of(call->io));
}

static void on_change(struct sock *sock, void *owner) {
  (void)sock;
  struct ep *ep = owner;
  for (int which = HWS_READ; which <= HWS_WRITE; which++)
    if (ep->calls[which].out && advance(ep, &ep->calls[which])) end_call(ep, (enum hws_direction)which);
}

static void sim_on_packet(void *self, struct hws_packet *packet, uint64_t bytes, int32_t os_error) {
  (void)bytes, (void)os_error;
  struct ep *ep = self;
  struct call *call = &ep->calls[packet->direction];
  struct hws_io *io = call->io;
  call->io = NULL;
  ep->host->complete(ep->self, io);
}

static int32_t sim_cancel(void *self, struct hws_io *io) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction_of(io)];
  sim_point("cancel");
  if (call->io != io) return 0;
  if (io->kind == HWS_IO_ACCEPT) {
    call->io = NULL;
    return finish(io, HWS_IO_CANCELED, 0);
  }
  if (call->out && !call->cancel.at) {
    call->ep = ep;
    call->cancel.run = cancelled;
    sim_post(&call->cancel, sim_now() + sim_dice(200000));
  }
  return 0;
}

static void sim_on_ready(void *self, uint32_t direction) {
  (void)self, (void)direction;
}

#else

static int32_t sim_cancel(void *self, struct hws_io *io) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction_of(io)];
  sim_point("cancel");
  if (call->io != io) return 0;
  call->io = NULL;
  return finish(io, HWS_IO_CANCELED, call->moved);
}

static void sim_on_ready(void *self, uint32_t direction) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction & 255];
  sim_point("ready");
  if (!call->io || !ep->sock) return;
  if (!advance(ep, call)) {
    ep->host->rearm(ep->self, direction & 255);
    return;
  }
  struct hws_io *io = call->io;
  call->io = NULL;
  ep->host->complete(ep->self, io);
}

static void sim_on_packet(void *self, struct hws_packet *packet, uint64_t bytes, int32_t os_error) {
  (void)self, (void)packet, (void)bytes, (void)os_error;
}

#endif

static int32_t attach(struct ep *ep, struct sock *sock) {
  ep->sock = sock;
#if SIM_PORT
  sock->owner = ep;
  sock->changed = on_change;
  return ep->host->bind_port(ep->self, (int64_t)(intptr_t)&sock->bound);
#else
  return ep->host->watch(ep->self, (int64_t)(intptr_t)&sock->watched);
#endif
}

static void try_accept(struct ep *ep) {
  struct hws_io *io = ep->calls[HWS_READ].io;
  if (ep->role != ROLE_LISTENER || !io || !accept_now(ep, io)) return;
  ep->calls[HWS_READ].io = NULL;
  ep->host->complete(ep->self, io);
}

static void sim_on_post(void *self) {
  try_accept(self);
}

static int32_t sim_query(void *self, uint32_t what, void *answer, uint32_t size) {
  const struct ep *ep = self;
  if (what != HWS_QUERY_LOCAL && what != HWS_QUERY_REMOTE) return HWS_IO_UNSUPPORTED;
  return snprintf(answer, size, "sim://%s", ep->name);
}

static void sim_destroy(void *self, uint32_t abort) {
  struct ep *ep = self;
  sim_point("destroy");
  if (ep->listens) {
    struct ep **place = &listeners;
    while (*place != ep) place = &(*place)->next;
    *place = ep->next;
  }
  for (unsigned i = 0; i < ep->count; i++) wire_close(ep->waiting[i], true);
  if (ep->sock) wire_close(ep->sock, abort != 0);
  the_host->release(ep);
}

static int32_t sim_open(const struct hws_host *host, struct hws_vtable *vtable) {
  the_host = host;
  vtable->listen = sim_listen;
  vtable->dial = sim_dial;
  vtable->adopt = sim_adopt;
  vtable->submit = sim_submit;
  vtable->cancel = sim_cancel;
  vtable->on_ready = sim_on_ready;
  vtable->on_packet = sim_on_packet;
  vtable->on_post = sim_on_post;
  vtable->query = sim_query;
  vtable->destroy = sim_destroy;
  return HWS_IO_OK;
}

static const char *const schemes[] = {SIM_PORT ? "simport" : "sim", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | (SIM_PORT ? 0 : HWS_CAP_REVOKE),
    .host_needs = HWS_HOST_WATCH | HWS_HOST_PORT,
    .name = SIM_PORT ? "sim_port" : "sim_ready",
    .version = "1.0.0",
    .schemes = schemes,
    .open = sim_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
