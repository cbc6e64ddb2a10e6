/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's side of an endpoint.
 */
#include "plugins/check/endpoint.h"

#include <stdlib.h>

#include "plugins/check/fault.h"
#include "plugins/check/host.h"
#include "plugins/check/poller.h"
#include "plugins/check/under.h"

static void take_both(struct hws_host_endpoint *endpoint) {
  check_mutex_lock(endpoint->directions[HWS_READ]);
  check_mutex_lock(endpoint->directions[HWS_WRITE]);
}

static void drop_both(struct hws_host_endpoint *endpoint) {
  check_mutex_unlock(endpoint->directions[HWS_WRITE]);
  check_mutex_unlock(endpoint->directions[HWS_READ]);
}

static struct hws_host_endpoint *endpoint_new(struct check_host *host, const char *url) {
  struct hws_host_endpoint *endpoint = calloc(1, sizeof *endpoint);
  CHECK(endpoint, "the kit itself is out of memory");
  endpoint->host = host;
  endpoint->manifest = host->manifest;
  endpoint->vtable = &host->vtable;
  endpoint->descriptor = -1;
  endpoint->directions[HWS_READ] = check_mutex_new();
  endpoint->directions[HWS_WRITE] = check_mutex_new();
  endpoint->arming = check_mutex_new();
  endpoint->below = check_mutex_new();
  if (url) {
    check_url_read(&endpoint->url, url);
    endpoint->has_url = true;
  }
  check_host_add(host, endpoint);
  return endpoint;
}

/* Both directions stay taken while it is made: a watch may fire before `ep` is known. */
static int32_t settle(struct hws_host_endpoint *endpoint, int32_t status, void *ep, void *untouched,
                      struct hws_host_endpoint **made) {
  check_trace_inside(NULL);
  if (status == HWS_IO_OK) {
    CHECK(ep && ep != untouched, "an endpoint was made, but *ep was not set");
    endpoint->ep = ep;
    atomic_store(&endpoint->life, CHECK_OPEN);
    *made = endpoint;
  } else {
    CHECK(status < 0, "making an endpoint returned %d, which is neither 0 nor negative", status);
    CHECK(ep == untouched, "making an endpoint failed, but *ep was changed");
    check_poller_unwatch(endpoint);
    atomic_store(&endpoint->life, CHECK_DESTROYED);
  }
  drop_both(endpoint);
  return status;
}

int32_t check_endpoint_listen(struct check_host *host, const char *url, struct hws_host_endpoint **made) {
  struct hws_host_endpoint *endpoint = endpoint_new(host, url);
  void *untouched = endpoint;
  void *ep = untouched;
  take_both(endpoint);
  check_trace_inside("listen");
  int32_t status = host->vtable.listen(host->vtable.self, endpoint, endpoint->url.address, &ep);
  return settle(endpoint, status, ep, untouched, made);
}

int32_t check_endpoint_dial(struct check_host *host, const char *url, struct hws_host_endpoint **made) {
  struct hws_host_endpoint *endpoint = endpoint_new(host, url);
  void *untouched = endpoint;
  void *ep = untouched;
  take_both(endpoint);
  check_trace_inside("dial");
  int32_t status = host->vtable.dial(host->vtable.self, endpoint, endpoint->url.address, &ep);
  return settle(endpoint, status, ep, untouched, made);
}

int32_t check_endpoint_adopt(struct check_host *host, void *accepted, struct hws_host_endpoint **made) {
  struct hws_host_endpoint *endpoint = endpoint_new(host, NULL);
  void *untouched = endpoint;
  void *ep = untouched;
  take_both(endpoint);
  check_trace_inside("adopt");
  int32_t status = host->vtable.adopt(host->vtable.self, endpoint, accepted, &ep);
  return settle(endpoint, status, ep, untouched, made);
}

static bool is_retired(void *argument) {
  struct hws_host_endpoint *endpoint = argument;
  return atomic_load(&endpoint->packets_left) == 0;
}

static void retire(struct hws_host_endpoint *endpoint, bool abort) {
  if (!endpoint->vtable->retire) return;
  take_both(endpoint);
  check_trace_inside("retire");
  int32_t left = endpoint->vtable->retire(endpoint->ep, abort);
  check_trace_inside(NULL);
  CHECK(left >= 0, "retire returned %d", left);
  atomic_store(&endpoint->packets_left, left);
  endpoint->retired = true;
  drop_both(endpoint);
  check_until(endpoint->host, is_retired, endpoint, "the packets that retire has told of");
}

int32_t check_endpoint_wrap(struct check_host *host, struct hws_host_endpoint *under, uint32_t role, const char *url,
                            struct hws_host_endpoint **made) {
  struct hws_host_endpoint *endpoint = endpoint_new(host, url);
  const struct hws_vtable *vtable = &host->filter_vtable;
  void *untouched = endpoint;
  void *ep = untouched;
  endpoint->manifest = host->filter;
  endpoint->vtable = vtable;
  endpoint->filter = true;
  endpoint->under = under;
  if (under) under->over = endpoint;
  take_both(endpoint);
  check_trace_inside("wrap");
  int32_t status = vtable->wrap(vtable->self, endpoint, role, &ep);
  return settle(endpoint, status, ep, untouched, made);
}

static bool is_idle(void *of) {
  const struct hws_host_endpoint *endpoint = of;
  return atomic_load(&endpoint->pending) == 0;
}

static void destroy_one(struct hws_host_endpoint *endpoint, bool abort) {
  /* An io is seen to have ended a moment before it is off the count, where another thread ended it. */
  check_until(endpoint->host, is_idle, endpoint, "the end of all ios of an endpoint that the kit destroys");
  if (endpoint->filter) check_under_end(endpoint);
  check_poller_unwatch(endpoint);
  retire(endpoint, abort);
  take_both(endpoint);
  atomic_store(&endpoint->life, CHECK_DESTROYED);
  atomic_store(&endpoint->timer, 0);
  check_trace_inside("destroy");
  endpoint->vtable->destroy(endpoint->ep, abort);
  check_trace_inside(NULL);
  drop_both(endpoint);
}

void check_endpoint_destroy(struct hws_host_endpoint *endpoint, bool abort) {
  for (; endpoint; endpoint = endpoint->under) destroy_one(endpoint, abort);
}

static bool is_open(struct hws_host_endpoint *endpoint) {
  return atomic_load(&endpoint->life) == CHECK_OPEN;
}

void check_endpoint_ready(struct hws_host_endpoint *endpoint, uint32_t direction) {
  uint32_t which = direction & 1u;
  check_mutex_lock(endpoint->directions[which]);
  if (is_open(endpoint) && check_poller_disarm(endpoint, which)) {
    atomic_fetch_add(&endpoint->calls, 1);
    check_trace_inside("on_ready");
    endpoint->vtable->on_ready(endpoint->ep, direction);
    check_trace_inside(NULL);
  }
  check_mutex_unlock(endpoint->directions[which]);
}

void check_endpoint_packet(struct hws_host_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                           int32_t os_error) {
  uint32_t which = packet->direction;
  check_mutex_lock(endpoint->directions[which]);
  CHECK(is_open(endpoint), "a packet came back after destroy");
  atomic_fetch_add(&endpoint->calls, 1);
  bool counts = endpoint->retired;
  CHECK(!counts || atomic_load(&endpoint->packets_left) > 0, "more packets came back than retire has told of");
  check_trace_inside("on_packet");
  endpoint->vtable->on_packet(endpoint->ep, packet, bytes, os_error);
  check_trace_inside(NULL);
  if (counts) atomic_fetch_sub(&endpoint->packets_left, 1);
  check_mutex_unlock(endpoint->directions[which]);
  check_signal_raise(endpoint->host->changed);
}

static void run_with_both(struct hws_host_endpoint *endpoint, void (*slot)(void *ep), const char *name) {
  take_both(endpoint);
  if (is_open(endpoint)) {
    CHECK(slot, "asked for %s, which it does not have", name);
    atomic_fetch_add(&endpoint->calls, 1);
    check_trace_inside(name);
    slot(endpoint->ep);
    check_trace_inside(NULL);
  }
  drop_both(endpoint);
}

void check_endpoint_timer(struct hws_host_endpoint *endpoint) {
  run_with_both(endpoint, endpoint->vtable->on_timer, "on_timer");
}

void check_endpoint_post(struct hws_host_endpoint *endpoint) {
  run_with_both(endpoint, endpoint->vtable->on_post, "on_post");
}

void check_endpoint_done(struct hws_host_endpoint *endpoint, struct hws_io *io) {
  take_both(endpoint);
  if (is_open(endpoint)) {
    check_under_forget(endpoint, io);
    check_trace_inside("on_done");
    endpoint->vtable->on_done(endpoint->ep, io);
    check_trace_inside(NULL);
  }
  drop_both(endpoint);
}

void check_endpoint_free(struct hws_host_endpoint *endpoint) {
  check_mutex_free(endpoint->directions[HWS_READ]);
  check_mutex_free(endpoint->directions[HWS_WRITE]);
  check_mutex_free(endpoint->arming);
  check_mutex_free(endpoint->below);
  free(endpoint->names);
  free(endpoint);
}
