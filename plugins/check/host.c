/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's host: services and loop.
 */
#include "plugins/check/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/memory.h"
#include "plugins/check/names.h"
#include "plugins/check/under.h"
#include "plugins/registry.h"

enum { NS_PER_MS = 1000000, SETTLE_TURNS = 10 };

static struct check_host *only;

/* ---- services ---------------------------------------------------------------------------------------------------- */

void check_alive(const struct hws_host_endpoint *endpoint, const char *service) {
  CHECK(endpoint, "called %s without an endpoint", service);
  CHECK(atomic_load(&endpoint->life) != CHECK_DESTROYED, "called %s for an endpoint after its destroy", service);
}

static int32_t serve_watch(struct hws_host_endpoint *endpoint, int64_t descriptor) {
  check_alive(endpoint, "watch");
  CHECK(descriptor >= 0, "watched descriptor %lld", (long long)descriptor);
  bool refuse = endpoint->host->refuse_watch;
  endpoint->host->refuse_watch = false;
  return refuse ? HWS_IO_NOMEM : check_poller_watch(endpoint, descriptor);
}

static void serve_rearm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  check_alive(endpoint, "rearm");
  check_poller_rearm(endpoint, direction);
}

static int32_t serve_bind_port(struct hws_host_endpoint *endpoint, int64_t handle) {
  check_alive(endpoint, "bind_port");
  return check_poller_bind(endpoint, handle);
}

static void serve_timer_at(struct hws_host_endpoint *endpoint, uint64_t ns) {
  check_alive(endpoint, "timer_at");
  atomic_store(&endpoint->timer, ns);
  check_poller_wake(endpoint->host->poller);
}

static void serve_post(struct hws_host_endpoint *endpoint) {
  check_alive(endpoint, "post");
  atomic_store(&endpoint->posted, true);
  check_poller_wake(endpoint->host->poller);
}

static void serve_log(struct hws_host_endpoint *endpoint, uint32_t level, const char *text) {
  if (endpoint) check_alive(endpoint, "log");
  CHECK(level >= HWS_LOG_ERROR && level <= HWS_LOG_INFO, "logged at level %u", level);
  CHECK(text && !strchr(text, '\n'), "logged what is not one line");
  atomic_fetch_add(&only->logged, 1);
  if (!endpoint) registry_heard(text);
}

static void serve_explain(struct hws_host_endpoint *endpoint, const char *text) {
  check_alive(endpoint, "explain");
  CHECK(text && text[0] && !strchr(text, '\n'), "explained what is not one line");
  (void)snprintf(endpoint->explained, sizeof endpoint->explained, "%s", text);
}

static const char *serve_config(struct hws_host_endpoint *endpoint, const char *key) {
  check_alive(endpoint, "config");
  CHECK(key, "called config without a key");
  if (!endpoint->has_url) return NULL;
  return endpoint->filter ? check_under_config(endpoint, key) : check_url_ask(&endpoint->url, key);
}

static int32_t serve_resolve(struct hws_host_endpoint *endpoint, const char *name, const char *service) {
  check_alive(endpoint, "resolve");
  CHECK(name && name[0] && service, "called resolve without a name or a service");
  CHECK(!endpoint->names, "called resolve while a look-up is under way");
  endpoint->names = calloc(1, sizeof *endpoint->names);
  CHECK(endpoint->names, "the kit itself is out of memory");
  endpoint->names->count = check_names_find(name, service, endpoint->names->list, HWS_ADDRESSES_MAX);
  serve_post(endpoint);
  return HWS_IO_OK;
}

static int32_t serve_resolved(struct hws_host_endpoint *endpoint, struct hws_address *addresses, uint32_t room) {
  check_alive(endpoint, "resolved");
  CHECK(addresses && room > 0, "called resolved without room for an answer");
  if (!endpoint->names) return 0;
  int32_t count = endpoint->names->count;
  if (count > 0 && (uint32_t)count > room) count = (int32_t)room;
  if (count > 0) memcpy(addresses, endpoint->names->list, (size_t)count * sizeof *addresses);
  free(endpoint->names);
  endpoint->names = NULL;
  if (count < 0) serve_explain(endpoint, "no such name");
  return count;
}

static void serve_unresolve(struct hws_host_endpoint *endpoint) {
  check_alive(endpoint, "unresolve");
  free(endpoint->names);
  endpoint->names = NULL;
}

static void serve_unwatch(struct hws_host_endpoint *endpoint) {
  check_alive(endpoint, "unwatch");
  check_poller_unwatch(endpoint);
}

static struct hws_host services = {
    .size = sizeof services,
    .major = HWS_PLUGIN_MAJOR,
    .minor = HWS_PLUGIN_MINOR,
    .complete = check_io_complete,
    .alloc = check_memory_alloc,
    .release = check_memory_release,
    .now = check_now_ns,
    .watch = serve_watch,
    .rearm = serve_rearm,
    .bind_port = serve_bind_port,
    .timer_at = serve_timer_at,
    .post = serve_post,
    .log = serve_log,
    .explain = serve_explain,
    .config = serve_config,
    .resolve = serve_resolve,
    .under_submit = check_under_submit,
    .under_cancel = check_under_cancel,
    .resolved = serve_resolved,
    .unresolve = serve_unresolve,
    .unwatch = serve_unwatch,
};

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static uint64_t nearest_timer(struct check_host *host) {
  uint64_t nearest = 0;
  for (struct hws_host_endpoint *endpoint = host->endpoints; endpoint; endpoint = endpoint->next) {
    uint64_t timer = atomic_load(&endpoint->timer);
    if (timer != 0 && (nearest == 0 || timer < nearest)) nearest = timer;
    if (atomic_load(&endpoint->posted) || check_under_came_back(endpoint)) return 1;
  }
  return nearest;
}

static int wait_ms(struct check_host *host, unsigned timeout_ms) {
  uint64_t nearest = nearest_timer(host);
  uint64_t now = check_now_ns();
  if (nearest == 0) return (int)timeout_ms;
  if (nearest <= now) return 0;
  uint64_t left = (nearest - now + NS_PER_MS - 1) / NS_PER_MS;
  return left < timeout_ms ? (int)left : (int)timeout_ms;
}

void check_host_turn(struct check_host *host, unsigned timeout_ms) {
  check_poller_wait(host->poller, host, wait_ms(host, timeout_ms));
  for (struct hws_host_endpoint *endpoint = host->endpoints; endpoint; endpoint = endpoint->next) {
    check_under_deliver(endpoint);
    if (atomic_exchange(&endpoint->posted, false)) check_endpoint_post(endpoint);
    uint64_t timer = atomic_load(&endpoint->timer);
    /* Only if it is still that time: a later call replaces an earlier one. */
    if (timer != 0 && timer <= check_now_ns() && atomic_compare_exchange_strong(&endpoint->timer, &timer, 0)) {
      check_endpoint_timer(endpoint);
    }
  }
}

static void driver_main(void *argument) {
  struct check_host *host = argument;
  while (!atomic_load(&host->stopping)) check_host_turn(host, 1000);
}

void check_host_drive(struct check_host *host) {
  atomic_store(&host->stopping, false);
  host->driver = check_thread_start(driver_main, host);
}

void check_host_undrive(struct check_host *host) {
  atomic_store(&host->stopping, true);
  check_poller_wake(host->poller);
  check_thread_join(host->driver);
  host->driver = NULL;
}

void check_until(struct check_host *host, bool (*holds)(void *argument), void *argument, const char *what) {
  uint64_t until = check_now_ns() + (uint64_t)host->patience_ms * NS_PER_MS;
  for (;;) {
    uint64_t seen = check_signal_seen(host->changed);
    if (holds(argument)) return;
    uint64_t now = check_now_ns();
    CHECK(now < until, "waited in vain for %s", what);
    unsigned left_ms = (unsigned)((until - now) / NS_PER_MS) + 1;
    if (host->driver) {
      check_signal_wait(host->changed, seen, left_ms);
    } else {
      check_host_turn(host, left_ms);
    }
  }
}

void check_host_settle(struct check_host *host) {
  for (int turn = 0; turn < SETTLE_TURNS; turn++) check_host_turn(host, 1);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

void check_host_add(struct check_host *host, struct hws_host_endpoint *endpoint) {
  check_mutex_lock(host->lists);
  endpoint->next = host->endpoints;
  host->endpoints = endpoint;
  check_mutex_unlock(host->lists);
}

void check_host_keep(struct check_host *host, struct check_io *io) {
  check_mutex_lock(host->lists);
  io->next = host->ios;
  host->ios = io;
  check_mutex_unlock(host->lists);
}

static void start(const struct hws_plugin *manifest, struct hws_vtable *vtable) {
  vtable->size = sizeof *vtable;
  check_trace_inside("open");
  int32_t status = manifest->open(&services, vtable);
  check_trace_inside(NULL);
  CHECK(status == HWS_IO_OK, "open failed with %d", status);
}

struct check_host *check_host_start(const struct hws_plugin *manifest, enum check_arming arming, bool tells_hangups,
                                    unsigned patience_ms) {
  struct check_host *host = calloc(1, sizeof *host);
  CHECK(host && !only, "the kit runs one host at a time");
  host->manifest = manifest;
  host->arming = arming;
  host->tells_hangups = tells_hangups;
  host->patience_ms = patience_ms;
  host->poller = check_poller_new();
  host->changed = check_signal_new();
  host->lists = check_mutex_new();
  only = host;
  services.capabilities = check_poller_offers() | HWS_HOST_RESOLVE | HWS_HOST_UNDER;
  if (tells_hangups) services.capabilities |= HWS_HOST_HANGUP;
  start(manifest, &host->vtable);
  return host;
}

void check_host_start_filter(struct check_host *host, const struct hws_plugin *manifest) {
  host->filter = manifest;
  start(manifest, &host->filter_vtable);
}

void check_host_stop(struct check_host *host) {
  for (struct hws_host_endpoint *endpoint = host->endpoints, *next; endpoint; endpoint = next) {
    CHECK(atomic_load(&endpoint->life) == CHECK_DESTROYED, "the kit left an endpoint open");
    next = endpoint->next;
    check_endpoint_free(endpoint);
  }
  for (struct check_io *io = host->ios, *next; io; io = next) {
    next = io->next;
    free(io);
  }
  check_poller_free(host->poller);
  check_signal_free(host->changed);
  check_mutex_free(host->lists);
  free(host);
  only = NULL;
}
