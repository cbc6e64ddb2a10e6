/* SPDX-License-Identifier: Apache-2.0
 *
 * The way of completion ports: the system does the calls, tells of their ends by packets, and cannot take them back.
 */
#include "tests/sim/net/endpoint.h"

enum { CANCEL_NS = 200000 };

const char *const way_scheme = "simport";

/* The system ends the call, and says so. */
static void end_call(struct call *call) {
  call->out = false;
  sim_take_back(&call->cancel);
  call->ported = (struct ported){.packet = &call->packet, .bytes = call->io->bytes};
  bound_end(&call->ep->sock->bound, &call->ported);
}

static void cancelled(struct sim_event *event) {
  struct call *call = (struct call *)((char *)event - offsetof(struct call, cancel));
  if (!call->out) return; /* too late */
  (void)finish(call->io, HWS_IO_CANCELED, call->moved);
  end_call(call);
}

static void on_change(struct sock *sock, void *owner) {
  (void)sock;
  struct ep *ep = owner;
  for (int which = HWS_READ; which <= HWS_WRITE; which++) {
    struct call *call = &ep->calls[which];
    if (call->out && stream_advance(ep, call, true, false)) end_call(call);
  }
}

int32_t way_attach(struct ep *ep) {
  ep->sock->owner = ep;
  ep->sock->changed = on_change;
  return ep->host->bind_port(ep->self, (int64_t)(intptr_t)&ep->sock->bound);
}

int32_t way_submit(struct ep *ep, struct call *call) {
  if (stream_advance(ep, call, true, false)) {
    call->io = NULL;
    return 1;
  }
  call->out = true;
  call->packet.endpoint = ep->self;
  call->packet.direction = direction_of(call->io);
  return 0;
}

int32_t way_cancel(struct ep *ep, struct call *call) {
  (void)ep;
  if (!call->out || call->cancel.at) return 0;
  call->cancel.run = cancelled;
  sim_post(&call->cancel, sim_now() + sim_dice(CANCEL_NS));
  return 0;
}

void way_on_ready(void *self, uint32_t direction) {
  (void)self, (void)direction;
}

void way_on_packet(void *self, struct hws_packet *packet, uint64_t bytes, int32_t os_error) {
  (void)bytes, (void)os_error;
  struct ep *ep = self;
  struct call *call = &ep->calls[packet->direction];
  struct hws_io *io = call->io;
  call->io = NULL;
  ep->host->complete(ep->self, io);
}

static const char *const schemes[] = {"simport", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_MESSAGES | HWS_CAP_SENDFILE,
    .host_needs = HWS_HOST_PORT,
    .name = "sim_port",
    .version = "1.0.0",
    .schemes = schemes,
    .open = network_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
