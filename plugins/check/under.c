/* SPDX-License-Identifier: Apache-2.0
 *
 * What a filter has below.
 */
#include "plugins/check/under.h"

#include <stdio.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"
#include "plugins/check/io.h"

static uint32_t direction_of(unsigned kind) {
  return kind == HWS_IO_WRITE || kind == HWS_IO_SHUTDOWN ? HWS_WRITE : HWS_READ;
}

int32_t check_under_submit(struct hws_host_endpoint *endpoint, struct hws_io *io) {
  check_alive(endpoint, "under_submit");
  CHECK(endpoint->filter, "called under_submit, and is no filter");
  CHECK(atomic_load(&endpoint->life) == CHECK_OPEN, "called under_submit inside wrap");
  CHECK(io, "submitted NULL below");
  CHECK(io->kind == HWS_IO_READ || io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN,
        "submitted an io of kind %u below", io->kind);
  CHECK(io->vec_count == 0 || io->vec, "submitted pieces below, but no vector");
  CHECK(endpoint->under, "called under_submit where nothing is below");
  uint32_t which = direction_of(io->kind);
  check_mutex_lock(endpoint->below);
  bool ending = endpoint->ending;
  CHECK(ending || !endpoint->out[which], "submitted a second io below in one direction");
  struct check_io *carrier = NULL;
  if (!ending) {
    carrier = check_io_new(endpoint->under, (enum hws_io_kind)io->kind, io->vec, io->vec_count);
    carrier->carried = io;
    endpoint->out[which] = io;
    endpoint->carriers[which] = carrier;
  }
  check_mutex_unlock(endpoint->below);
  if (ending) return HWS_IO_CLOSED;
  const char *inside = check_trace_now();
  check_io_start(carrier);
  check_trace_inside(inside);
  return HWS_IO_OK;
}

int32_t check_under_cancel(struct hws_host_endpoint *endpoint, struct hws_io *io) {
  check_alive(endpoint, "under_cancel");
  CHECK(endpoint->filter, "called under_cancel, and is no filter");
  struct check_io *carrier = NULL;
  check_mutex_lock(endpoint->below);
  for (uint32_t which = HWS_READ; which <= HWS_WRITE; which++)
    if (io && endpoint->out[which] == io) carrier = endpoint->carriers[which];
  check_mutex_unlock(endpoint->below);
  if (!carrier) return HWS_IO_CLOSED;
  const char *inside = check_trace_now();
  check_io_cancel(carrier);
  check_trace_inside(inside);
  return HWS_IO_OK;
}

const char *check_under_config(struct hws_host_endpoint *endpoint, const char *key) {
  char full[CHECK_URL_MAX];
  (void)snprintf(full, sizeof full, "%s.%s", endpoint->manifest->schemes[0], key);
  return check_url_ask(&endpoint->url, full);
}

/* ---- coming back ---- */

void check_under_ended(const struct check_io *carrier) {
  struct hws_host_endpoint *over = carrier->endpoint->over;
  atomic_store(&over->came_back[direction_of(carrier->asked.kind)], true);
  check_poller_wake(over->host->poller);
}

bool check_under_came_back(struct hws_host_endpoint *endpoint) {
  return atomic_load(&endpoint->came_back[HWS_READ]) || atomic_load(&endpoint->came_back[HWS_WRITE]);
}

void check_under_forget(struct hws_host_endpoint *endpoint, const struct hws_io *io) {
  check_mutex_lock(endpoint->below);
  endpoint->out[direction_of(io->kind)] = NULL;
  check_mutex_unlock(endpoint->below);
}

void check_under_deliver(struct hws_host_endpoint *endpoint) {
  for (uint32_t which = HWS_READ; which <= HWS_WRITE; which++) {
    if (!atomic_exchange(&endpoint->came_back[which], false)) continue;
    check_mutex_lock(endpoint->below);
    struct hws_io *io = endpoint->out[which];
    const struct check_io *carrier = endpoint->carriers[which];
    check_mutex_unlock(endpoint->below);
    CHECK(io->kind == carrier->asked.kind && io->vec_count == carrier->asked.vec_count, "changed an io that was below");
    io->status = carrier->io.status;
    io->bytes = carrier->io.bytes;
    io->os_error = carrier->io.os_error;
    io->accepted = NULL;
    check_endpoint_done(endpoint, io);
    check_signal_raise(endpoint->host->changed);
  }
}

static bool nothing_is_below(void *argument) {
  struct hws_host_endpoint *endpoint = argument;
  check_mutex_lock(endpoint->below);
  bool nothing = !endpoint->out[HWS_READ] && !endpoint->out[HWS_WRITE];
  check_mutex_unlock(endpoint->below);
  return nothing;
}

void check_under_end(struct hws_host_endpoint *endpoint) {
  check_mutex_lock(endpoint->below);
  endpoint->ending = true;
  struct check_io *carriers[2];
  for (uint32_t which = HWS_READ; which <= HWS_WRITE; which++)
    carriers[which] = endpoint->out[which] ? endpoint->carriers[which] : NULL;
  check_mutex_unlock(endpoint->below);
  for (uint32_t which = HWS_READ; which <= HWS_WRITE; which++)
    if (carriers[which]) check_io_cancel(carriers[which]);
  if (endpoint->under) check_until(endpoint->host, nothing_is_below, endpoint, "what is below to come back");
}
