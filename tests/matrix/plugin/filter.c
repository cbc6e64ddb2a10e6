/* SPDX-License-Identifier: Apache-2.0
 *
 * matrix+SCHEME://...?matrix.order=ADDRESS: a filter that hands everything on as it is, until it is told to fail
 * (order.h). What is out then, and what comes later, ends as where a transport fails.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "tests/matrix/plugin/order.h"

struct filter {
  struct hws_host_endpoint *self;
  struct order *order;
  struct hws_io *given[2]; /* by the host, by direction */
  struct hws_io below[2];
  atomic_bool failed;
};

static const struct hws_host *host;

static unsigned direction_of(const struct hws_io *io) {
  return io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE;
}

static int32_t fail_io(struct hws_io *io) {
  io->status = HWS_IO_FAILED;
  io->os_error = ORDER_ERRNO;
  io->bytes = 0;
  return 1;
}

static void order_fail(struct order *order) {
  struct filter *filter = atomic_load(&order->filter);
  if (!filter) return;
  atomic_store(&filter->failed, true);
  host->post(filter->self);
}

static int32_t filter_wrap(void *self, struct hws_host_endpoint *endpoint, uint32_t role, void **ep) {
  (void)self, (void)role;
  const char *address = host->config(endpoint, "order");
  if (!address) return HWS_IO_ADDRESS;
  struct filter *filter = host->alloc(sizeof *filter);
  if (!filter) return HWS_IO_NOMEM;
  filter->self = endpoint;
  filter->order = (struct order *)(uintptr_t)strtoull(address, NULL, 10);
  filter->order->fail = order_fail;
  atomic_store(&filter->order->filter, filter);
  *ep = filter;
  return HWS_IO_OK;
}

static int32_t filter_submit(void *ep, struct hws_io *io) {
  struct filter *filter = ep;
  unsigned direction = direction_of(io);
  struct hws_io *below = &filter->below[direction];
  if (atomic_load(&filter->failed)) return fail_io(io);
  filter->given[direction] = io;
  *below = (struct hws_io){.size = sizeof *below, .kind = io->kind, .vec = io->vec, .vec_count = io->vec_count};
  io->status = host->under_submit(filter->self, below);
  io->bytes = 0;
  return io->status == HWS_IO_OK ? 0 : 1;
}

static int32_t filter_cancel(void *ep, struct hws_io *io) {
  struct filter *filter = ep;
  (void)host->under_cancel(filter->self, &filter->below[direction_of(io)]);
  return 0;
}

static void filter_on_post(void *ep) {
  struct filter *filter = ep;
  for (unsigned direction = HWS_READ; direction <= HWS_WRITE; direction++)
    if (filter->given[direction]) (void)host->under_cancel(filter->self, &filter->below[direction]);
}

static void filter_on_done(void *ep, struct hws_io *below) {
  struct filter *filter = ep;
  struct hws_io *io = filter->given[direction_of(below)];
  filter->given[direction_of(below)] = NULL;
  io->bytes = below->bytes;
  io->status = below->status;
  io->os_error = below->os_error;
  if (atomic_load(&filter->failed) && below->status == HWS_IO_CANCELED) (void)fail_io(io);
  host->complete(filter->self, io);
}

static void filter_destroy(void *ep, uint32_t abort) {
  struct filter *filter = ep;
  void *mine = filter;
  (void)abort;
  (void)atomic_compare_exchange_strong(&filter->order->filter, &mine, NULL);
  host->release(filter);
}

static int32_t filter_open(const struct hws_host *the_host, struct hws_vtable *vtable) {
  host = the_host;
  vtable->wrap = filter_wrap;
  vtable->submit = filter_submit;
  vtable->cancel = filter_cancel;
  vtable->on_post = filter_on_post;
  vtable->on_done = filter_on_done;
  vtable->destroy = filter_destroy;
  return HWS_IO_OK;
}

static const char *const schemes[] = {"matrix", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_FILTER | HWS_CAP_HALF_CLOSE,
    .host_needs = HWS_HOST_UNDER,
    .name = "matrix",
    .version = "1.0.0",
    .schemes = schemes,
    .open = filter_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
