/* SPDX-License-Identifier: Apache-2.0
 *
 * The way of epoll: a call that would block waits to be told of readiness, and can be taken back.
 */
#include "tests/sim/net/endpoint.h"

const char *const way_scheme = "sim";

int32_t way_attach(struct ep *ep) {
  return ep->host->watch(ep->self, (int64_t)(intptr_t)&ep->sock->watched);
}

int32_t way_submit(struct ep *ep, struct call *call) {
  if (stream_advance(ep, call, false, true)) {
    call->io = NULL;
    return 1;
  }
  ep->host->rearm(ep->self, direction_of(call->io));
  return 0;
}

int32_t way_cancel(struct ep *ep, struct call *call) {
  struct hws_io *io = call->io;
  (void)ep;
  call->io = NULL;
  return finish(io, HWS_IO_CANCELED, call->moved);
}

void way_on_ready(void *self, uint32_t direction) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction & 255];
  sim_point("ready");
  if (!call->io || !ep->sock) return;
  if (!stream_advance(ep, call, false, true)) {
    ep->host->rearm(ep->self, direction & 255);
    return;
  }
  struct hws_io *io = call->io;
  call->io = NULL;
  ep->host->complete(ep->self, io);
}

void way_on_packet(void *self, struct hws_packet *packet, uint64_t bytes, int32_t os_error) {
  (void)self, (void)packet, (void)bytes, (void)os_error;
}

static const char *const schemes[] = {"sim", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities =
        HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_MESSAGES | HWS_CAP_SENDFILE | HWS_CAP_REVOKE,
    .host_needs = HWS_HOST_WATCH,
    .name = "sim_ready",
    .version = "1.0.0",
    .schemes = schemes,
    .open = network_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
