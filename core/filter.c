/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters: set up on a stream, and their traffic with what is below.
 */
#include "core/filter.h"

#include <stdlib.h>

#include "core/runtime.h"

static struct filter *filter_of(struct endpoint *endpoint) {
  return (struct filter *)endpoint;
}

/* ---- results from below ---- */

static void take_over(struct hws_io *io, const struct hws_io *result) {
  io->bytes = result->bytes;
  io->status = result->status;
  io->os_error = result->os_error;
  io->accepted = NULL;
  io->descriptors_done = 0;
}

/* A cancel may hit the io after the one that it was meant for. The filter does not see that. */
static bool was_hit_in_vain(const struct endpoint *under, const struct hws_io *io, bool asked) {
  return io->status == HWS_IO_CANCELED && !asked && atomic_load(&under->state) == ENDPOINT_OPEN;
}

static void bring_back(struct filter *filter, unsigned which) {
  lock_take(&filter->endpoint.lock);
  filter->out[which] = NULL;
  lock_drop(&filter->endpoint.lock);
}

/* It is below until on_done: a second one before that is refused. */
static void tell(struct filter *filter, unsigned which, struct hws_io *io, const struct hws_io *result) {
  struct endpoint *endpoint = &filter->endpoint;
  unsigned state = atomic_load(&endpoint->state);
  if (endpoint->abandoned || (state != ENDPOINT_OPEN && state != ENDPOINT_CLOSING)) {
    bring_back(filter, which);
    return;
  }
  direction_seize(endpoint, HWS_READ);
  direction_seize(endpoint, HWS_WRITE);
  bring_back(filter, which);
  take_over(io, result);
  endpoint->plugin->vtable.on_done(endpoint->ep, io);
  direction_run(endpoint, HWS_WRITE, RUN_ANYBODY);
  direction_run(endpoint, HWS_READ, RUN_ANYBODY);
}

/* The done of the transfers of what a filter stands on. */
static void under_done(struct transfer *transfer) {
  struct endpoint *under = transfer->endpoint;
  struct filter *filter = filter_of(under->over);
  unsigned which = transfer->direction;
  struct hws_io result = transfer->io;
  lock_take(&filter->endpoint.lock);
  struct hws_io *io = filter->out[which];
  bool vain = was_hit_in_vain(under, &result, filter->asked[which]);
  bool again = vain && !result.bytes;
  if (again) transfer_prepare(transfer, io->kind, io->vec, io->vec_count);
  lock_drop(&filter->endpoint.lock);
  if (again) {
    endpoint_submit_later(transfer);
    return;
  }
  if (vain) result.status = HWS_IO_OK;
  tell(filter, which, io, &result);
  endpoint_let_close(&filter->endpoint);
}

/* ---- requests to below ---- */

static bool direction_of(const struct hws_io *io, unsigned *which) {
  *which = io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE;
  return io->kind == HWS_IO_READ || io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN;
}

static int32_t misuse(struct endpoint *endpoint, int32_t status, const char *what) {
  endpoint_fault(endpoint, what);
  return status;
}

int32_t filter_submit(struct endpoint *endpoint, struct hws_io *io) {
  struct filter *filter = filter_of(endpoint);
  struct endpoint *under = endpoint->under;
  unsigned which;
  if (!endpoint->filter) return misuse(endpoint, HWS_IO_UNSUPPORTED, "called under_submit, and is no filter");
  if (!io || !direction_of(io, &which))
    return misuse(endpoint, HWS_IO_UNSUPPORTED, "submitted below what is no read, write or shutdown");
  if (!under) return misuse(endpoint, HWS_IO_FAULT, "called under_submit inside wrap");
  struct transfer *transfer = &under->transfers[which];
  lock_take(&endpoint->lock);
  bool out = filter->out[which] != NULL;
  bool over = filter->ended || atomic_load(&endpoint->state) != ENDPOINT_OPEN || atomic_load(&transfer->given_up);
  if (!out && !over) {
    filter->out[which] = io;
    filter->asked[which] = false;
    transfer_prepare(transfer, io->kind, io->vec, io->vec_count);
  }
  lock_drop(&endpoint->lock);
  if (out) return misuse(endpoint, HWS_IO_FAULT, "submitted below while its io of that direction was there");
  if (over) return HWS_IO_CLOSED;
  endpoint_submit_later(transfer);
  return HWS_IO_OK;
}

int32_t filter_cancel(struct endpoint *endpoint, struct hws_io *io) {
  struct filter *filter = filter_of(endpoint);
  struct endpoint *under = endpoint->under;
  if (!endpoint->filter) return misuse(endpoint, HWS_IO_UNSUPPORTED, "called under_cancel, and is no filter");
  for (unsigned which = HWS_READ; under && which <= HWS_WRITE; which++) {
    lock_take(&endpoint->lock);
    bool out = filter->out[which] == io && io;
    if (out) filter->asked[which] = true;
    lock_drop(&endpoint->lock);
    if (!out) continue;
    endpoint_cancel(&under->transfers[which]);
    return HWS_IO_OK;
  }
  return HWS_IO_CLOSED; /* it has ended, or was never there */
}

bool filter_end(struct endpoint *endpoint) {
  struct filter *filter = filter_of(endpoint);
  lock_take(&endpoint->lock);
  bool over = !filter->out[HWS_READ] && !filter->out[HWS_WRITE];
  if (over) filter->ended = true;
  lock_drop(&endpoint->lock);
  return over;
}

/* ---- setting up ---- */

int filters_new(struct route *route, struct object *owner, void (*read_done)(struct transfer *),
                void (*write_done)(struct transfer *), struct filter **out) {
  size_t count = route_filters(route);
  *out = NULL;
  if (!count) return HWS_OK;
  struct filter *filters = calloc(count, sizeof *filters);
  if (!filters) return HWS_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    struct endpoint *endpoint = &filters[i].endpoint;
    endpoint_init(endpoint, owner, route->plugins[i], read_done, write_done, NULL);
    endpoint->route = route_ref(route);
    endpoint->place = i;
    endpoint->filter = true;
  }
  *out = filters;
  return HWS_OK;
}

void filters_free(struct filter *filters, size_t count) {
  for (size_t i = 0; filters && i < count; i++) endpoint_free(&filters[i].endpoint);
  free(filters);
}

static int wrap(struct endpoint *endpoint, enum filter_role role, void **ep) {
  const struct hws_vtable *vtable = &endpoint->plugin->vtable;
  int status = vtable->wrap(vtable->self, (struct hws_host_endpoint *)endpoint, (uint32_t)role, ep);
  if (status <= HWS_OK && (status != HWS_OK || *ep)) return status;
  endpoint_fault(endpoint, "wrap gave neither an endpoint nor an error");
  return HWS_E_PLUGIN;
}

int filters_try(struct filter *filters, size_t count, enum filter_role role) {
  for (size_t i = 0; i < count; i++) {
    void *ep = NULL;
    int status = wrap(&filters[i].endpoint, role, &ep);
    endpoint_unopened(&filters[i].endpoint, status == HWS_OK ? ep : NULL);
    if (status != HWS_OK) return endpoint_refuse(&filters[i].endpoint, status, "wrap");
  }
  return HWS_OK;
}

/* What happens below is the filter's: before it is open, as its on_post may come at once. */
static void stand_on(struct endpoint *endpoint, struct endpoint *under) {
  endpoint->under = under;
  under->over = endpoint;
  under->transfers[HWS_READ].done = under->transfers[HWS_WRITE].done = under_done;
}

static int set_up(struct endpoint *endpoint, enum filter_role role, struct endpoint *under) {
  void *ep = NULL;
  int status = wrap(endpoint, role, &ep);
  if (status != HWS_OK) {
    endpoint_unopened(endpoint, NULL);
    return status;
  }
  stand_on(endpoint, under);
  status = endpoint_open(endpoint, ep);
  if (status == HWS_OK) return HWS_OK;
  under->over = NULL; /* which will be closed without another transfer */
  endpoint->under = NULL;
  endpoint_unopened(endpoint, ep);
  return status;
}

int filters_wrap(struct filter *filters, size_t count, struct endpoint *transport, enum filter_role role,
                 struct endpoint **top, struct cause **cause) {
  *top = transport;
  for (size_t i = count; i-- > 0;) {
    int status = set_up(&filters[i].endpoint, role, *top);
    if (status != HWS_OK) {
      *cause = endpoint_explain(&filters[i].endpoint, status, 0, "wrap");
      return status;
    }
    *top = &filters[i].endpoint;
  }
  return HWS_OK;
}
