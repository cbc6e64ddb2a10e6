/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport of the simulated network.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/net/endpoint.h"

static const struct hws_host *the_host;

/* ---- making ---- */

static int32_t make(struct hws_host_endpoint *self, const char *address, enum role role, void **made) {
  struct settings settings;
  enum settings_role asks = role == ROLE_LISTENER ? SETTINGS_LISTENER : SETTINGS_DIALLER;
  int32_t status = settings_read(the_host, self, asks, &settings);
  if (status != HWS_IO_OK) return status;
  if (!*address || strlen(address) >= NAME_BYTES) {
    the_host->explain(self, "a name has 1 to 63 bytes");
    return HWS_IO_ADDRESS;
  }
  struct ep *ep = the_host->alloc(sizeof *ep);
  if (!ep) return HWS_IO_NOMEM;
  ep->host = the_host;
  ep->self = self;
  ep->role = role;
  ep->settings = settings;
  (void)snprintf(ep->name, sizeof ep->name, "%s", address);
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

static int32_t sim_adopt(void *self, struct hws_host_endpoint *host, void *accepted, void **made) {
  (void)self;
  struct ep *ep = accepted;
  ep->self = host;
  int32_t status = host ? way_attach(ep) : HWS_IO_OK;
  if (host && status == HWS_IO_OK) {
    *made = ep;
    return HWS_IO_OK;
  }
  wire_close(ep->sock, true);
  the_host->release(ep);
  return status;
}

/* ---- calls ---- */

static bool connects(const struct hws_io *io) {
  return io->kind == HWS_IO_LISTEN || io->kind == HWS_IO_DIAL || io->kind == HWS_IO_ACCEPT;
}

static int32_t sim_submit(void *self, struct hws_io *io) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction_of(io)];
  sim_point("submit");
  if (connects(io)) return connect_submit(ep, io);
  call->ep = ep;
  call->io = io;
  call->moved = 0;
  return way_submit(ep, call);
}

static int32_t sim_cancel(void *self, struct hws_io *io) {
  struct ep *ep = self;
  struct call *call = &ep->calls[direction_of(io)];
  sim_point("cancel");
  if (connects(io)) return connect_cancel(ep, io);
  return call->io == io ? way_cancel(ep, call) : 0;
}

static void sim_on_post(void *self) {
  connect_on_post(self);
}

static void sim_on_timer(void *self) {
  connect_on_timer(self);
}

/* ---- questions, and the end ---- */

static int32_t answer_number(uint64_t number, void *answer, uint32_t size) {
  if (size < sizeof number) return HWS_IO_UNSUPPORTED;
  memcpy(answer, &number, sizeof number);
  return 0;
}

static int32_t sim_query(void *self, uint32_t what, void *answer, uint32_t size) {
  const struct ep *ep = self;
  const uint32_t keeps = ep->settings.of[SET_MESSAGES] != 0;
  bool far_end = what == HWS_QUERY_REMOTE;
  switch (what) {
  case HWS_QUERY_LOCAL:
  case HWS_QUERY_REMOTE:
    if (far_end && ep->role == ROLE_LISTENER) return snprintf(answer, size, "%s", "");
    return snprintf(answer, size, "%s://%s", way_scheme, ep->name);
  case HWS_QUERY_MESSAGES:
    if (size < sizeof keeps) return HWS_IO_UNSUPPORTED;
    memcpy(answer, &keeps, sizeof keeps);
    return 0;
  case HWS_QUERY_UNTAKEN:
    return ep->sock ? answer_number(wire_untaken(ep->sock), answer, size) : HWS_IO_UNSUPPORTED;
  case HWS_QUERY_LINGER:
    if (!ep->sock || !ep->settings.of[SET_LINGER]) return HWS_IO_UNSUPPORTED;
    return answer_number(wire_under_way(ep->sock), answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

static void sim_destroy(void *self, uint32_t abort) {
  struct ep *ep = self;
  sim_point("destroy");
  connect_destroy(ep);
  if (ep->sock) wire_close(ep->sock, abort != 0);
  the_host->release(ep);
}

int32_t network_open(const struct hws_host *host, struct hws_vtable *vtable) {
  the_host = host;
  vtable->listen = sim_listen;
  vtable->dial = sim_dial;
  vtable->adopt = sim_adopt;
  vtable->submit = sim_submit;
  vtable->cancel = sim_cancel;
  vtable->on_ready = way_on_ready;
  vtable->on_packet = way_on_packet;
  vtable->on_post = sim_on_post;
  vtable->on_timer = sim_on_timer;
  vtable->query = sim_query;
  vtable->destroy = sim_destroy;
  return HWS_IO_OK;
}
