/* SPDX-License-Identifier: Apache-2.0
 *
 * A filter that hands everything down and up as it is. Right in everything except what FAULT names.
 */
#include <stddef.h>
#include <string.h>

#include "plugins/hawser_plugin.h"

enum {
  FAULT_NONE = 1,
  FAULT_EAGER,  /* asks by itself whether there is something to read, and may be closed with that below: no fault */
  FAULT_DOUBLE, /* a read is completed twice */
  FAULT_RESULT, /* what came from below is completed too, as if it were the host's */
  FAULT_NEVER,  /* a read is never completed, and cancel does not help */
  FAULT_TWO,    /* a second read is given below */
  FAULT_KIND,   /* an accept is asked of what is below */
  FAULT_EARLY,  /* something is given below inside wrap */
  FAULT_EMPTY,  /* wrap ends well without an endpoint */
  FAULT_MUCH,   /* a read claims more bytes than there was room for */
  HERE = FAULT  /* what this build of the file gets wrong */
};

struct pass {
  struct hws_host_endpoint *host;
  struct hws_io *given[2]; /* by the host, by direction */
  struct hws_io below[2];
  struct hws_io extra;
  int asking;
};

static const struct hws_host *host;

static int direction_of(const struct hws_io *io) {
  return io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE;
}

static int32_t hand_down(struct pass *pass, const struct hws_io *io) {
  struct hws_io *below = &pass->below[direction_of(io)];
  *below = (struct hws_io){.size = sizeof *below, .kind = io->kind, .vec = io->vec, .vec_count = io->vec_count};
  return host->under_submit(pass->host, below);
}

static int32_t pass_submit(void *ep, struct hws_io *io) {
  struct pass *pass = ep;
  pass->given[direction_of(io)] = io;
  if (io->kind == HWS_IO_READ && (HERE == FAULT_TWO || HERE == FAULT_KIND)) {
    if (HERE == FAULT_TWO) (void)hand_down(pass, io);
    pass->extra = (struct hws_io){.size = sizeof pass->extra, .kind = HWS_IO_READ};
    if (HERE == FAULT_KIND) pass->extra.kind = HWS_IO_ACCEPT;
    int32_t status = host->under_submit(pass->host, &pass->extra);
    if (status != (HERE == FAULT_TWO ? HWS_IO_FAULT : HWS_IO_UNSUPPORTED)) __builtin_trap();
    if (HERE == FAULT_TWO) return 0;
  }
  if (io->kind == HWS_IO_READ && (HERE == FAULT_NEVER || pass->asking)) return 0;
  io->status = hand_down(pass, io);
  io->bytes = 0;
  return io->status == HWS_IO_OK ? 0 : 1;
}

static int32_t pass_cancel(void *ep, struct hws_io *io) {
  struct pass *pass = ep;
  int direction = direction_of(io);
  if (pass->given[direction] != io) return 0;
  if (direction == HWS_READ && pass->asking) {
    pass->given[direction] = NULL;
    io->status = HWS_IO_CANCELED;
    io->bytes = 0;
    return 1;
  }
  (void)host->under_cancel(pass->host, &pass->below[direction]);
  return 0;
}

static void give_up(struct pass *pass, int direction, int32_t status, const struct hws_io *below) {
  struct hws_io *given = pass->given[direction];
  pass->given[direction] = NULL;
  given->status = status;
  given->bytes = below->bytes;
  given->os_error = below->os_error;
  if (direction == HWS_READ && HERE == FAULT_MUCH) given->bytes += 1 << 20;
  host->complete(pass->host, given);
  if (direction == HWS_READ && HERE == FAULT_DOUBLE) host->complete(pass->host, given);
}

static void pass_on_done(void *ep, struct hws_io *io) {
  struct pass *pass = ep;
  int direction = direction_of(io);
  if (io == &pass->extra) {
    pass->asking = 0;
    if (pass->given[HWS_READ] == NULL) return;
    int32_t status = hand_down(pass, pass->given[HWS_READ]);
    if (status != HWS_IO_OK) give_up(pass, HWS_READ, status, &pass->below[HWS_READ]);
    return;
  }
  if (pass->given[direction] != NULL) give_up(pass, direction, io->status, io);
  if (direction == HWS_READ && HERE == FAULT_RESULT) host->complete(pass->host, io);
}

static void pass_on_post(void *ep) {
  struct pass *pass = ep;
  if (HERE != FAULT_EAGER || pass->given[HWS_READ] != NULL) return;
  pass->asking = host->under_submit(pass->host, &pass->extra) == HWS_IO_OK;
}

static int32_t pass_wrap(void *self, struct hws_host_endpoint *endpoint, uint32_t role, void **ep) {
  (void)self, (void)role;
  const char *key = host->config(endpoint, "key");
  if (key != NULL && strcmp(key, "refuse") == 0) {
    host->explain(endpoint, "key: found 'refuse', wanted anything else");
    return HWS_IO_ADDRESS;
  }
  if (HERE == FAULT_EMPTY) return HWS_IO_OK;
  struct pass *pass = host->alloc(sizeof *pass);
  if (pass == NULL) return HWS_IO_NOMEM;
  pass->host = endpoint;
  pass->extra = (struct hws_io){.size = sizeof pass->extra, .kind = HWS_IO_READ};
  if (HERE == FAULT_EARLY && host->under_submit(endpoint, &pass->extra) == HWS_IO_OK) __builtin_trap();
  if (HERE == FAULT_EAGER) host->post(endpoint);
  *ep = pass;
  return HWS_IO_OK;
}

static void pass_destroy(void *ep, uint32_t abort) {
  (void)abort;
  host->release(ep);
}

static int32_t plugin_open(const struct hws_host *offered, struct hws_vtable *vtable) {
  host = offered;
  vtable->wrap = pass_wrap;
  vtable->submit = pass_submit;
  vtable->cancel = pass_cancel;
  vtable->on_post = pass_on_post;
  vtable->on_done = pass_on_done;
  vtable->destroy = pass_destroy;
  return HWS_IO_OK;
}

/* Schemes have no underscores. */
static const char *const schemes[] = {FAULT_SCHEME, NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_FILTER | HWS_CAP_HALF_CLOSE,
    .host_needs = HWS_HOST_UNDER,
    .name = FAULT_NAME,
    .version = "1",
    .schemes = schemes,
    .open = plugin_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
