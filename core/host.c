/* SPDX-License-Identifier: Apache-2.0
 *
 * The services that plugins get. All of them only enqueue.
 */
#include <stdlib.h>

#include <string.h>

#include "core/filter.h"
#include "core/lookup.h"
#include "core/park.h"
#include "core/route.h"
#include "core/runtime.h"
#include "plugins/registry.h"

static struct endpoint *endpoint_of(struct hws_host_endpoint *host) {
  return (struct endpoint *)host;
}

static void host_complete(struct hws_host_endpoint *host, struct hws_io *io) {
  endpoint_complete(endpoint_of(host), io);
}

static void *host_alloc(uint64_t bytes) {
  return bytes <= SIZE_MAX ? calloc(1, (size_t)bytes) : NULL;
}

static void host_release(void *memory) {
  free(memory);
}

static int32_t host_watch(struct hws_host_endpoint *host, int64_t descriptor) {
  struct endpoint *endpoint = endpoint_of(host);
  if (endpoint->descriptor >= 0 || descriptor < 0) return HWS_IO_FAULT;
  int os_error = 0;
  endpoint->descriptor = descriptor;
  int status = poller_watch(endpoint->loop->poller, descriptor, endpoint, endpoint->loop->caller_driven, &os_error);
  if (status != HWS_OK) endpoint->descriptor = -1;
  return status;
}

static void host_unwatch(struct hws_host_endpoint *host) {
  struct endpoint *endpoint = endpoint_of(host);
  if (endpoint->descriptor < 0) return;
  poller_unwatch(endpoint->loop->poller, endpoint->descriptor);
  atomic_store(&endpoint->directions[HWS_WRITE].armed, false);
  endpoint->descriptor = -1;
}

static void host_rearm(struct hws_host_endpoint *host, uint32_t direction) {
  struct endpoint *endpoint = endpoint_of(host);
  if (direction != HWS_WRITE || endpoint->loop->caller_driven || endpoint->descriptor < 0) return;
  if (atomic_exchange(&endpoint->directions[HWS_WRITE].armed, true)) return;
  poller_arm_write(endpoint->loop->poller, endpoint->descriptor, endpoint);
}

static void host_timer_at(struct hws_host_endpoint *host, uint64_t ns) {
  struct endpoint *endpoint = endpoint_of(host);
  if (ns)
    loop_timer(endpoint->loop, &endpoint->timer, ns);
  else
    timer_disarm(&endpoint->loop->timers, &endpoint->timer);
}

static void host_post(struct hws_host_endpoint *host) {
  struct endpoint *endpoint = endpoint_of(host);
  object_pin(endpoint->owner);
  if (!task_post(endpoint->loop, &endpoint->post_task)) object_unpin(endpoint->owner);
}

static void host_log(struct hws_host_endpoint *host, uint32_t level, const char *text) {
  if (!host && text) registry_heard(text);
  if (!host || level > HWS_LOG_WARNING || !text) return;
  struct endpoint *endpoint = endpoint_of(host);
  runtime_refuse(endpoint->owner->runtime,
                 cause_make(HWS_E_IO, 0, 0, "%s: %s", endpoint->plugin->manifest->name, text));
}

static void host_explain(struct hws_host_endpoint *host, const char *text) {
  if (!text) return;
  struct endpoint *endpoint = endpoint_of(host);
  struct cause *cause = cause_make(HWS_E_IO, 0, 0, "%s", text);
  lock_take(&endpoint->lock);
  struct cause *before = endpoint->explained;
  endpoint->explained = cause;
  lock_drop(&endpoint->lock);
  cause_unref(before);
}

static const char *host_config(struct hws_host_endpoint *host, const char *key) {
  struct endpoint *endpoint = endpoint_of(host);
  return endpoint->route && key ? route_config(endpoint->route, endpoint->place, key) : NULL;
}

static int32_t host_under_submit(struct hws_host_endpoint *host, struct hws_io *io) {
  return filter_submit(endpoint_of(host), io);
}

static int32_t host_under_cancel(struct hws_host_endpoint *host, struct hws_io *io) {
  return filter_cancel(endpoint_of(host), io);
}

/* ---- names ---- */

enum { NAME_MAX_BYTES = 253, SERVICE_MAX_BYTES = 32, WHY_SIZE = 400 };

static int32_t host_resolve(struct hws_host_endpoint *host, const char *name, const char *service) {
  struct endpoint *endpoint = endpoint_of(host);
  if (strnlen(name, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES || strnlen(service, SERVICE_MAX_BYTES + 1) > SERVICE_MAX_BYTES)
    return HWS_IO_ADDRESS;
  lock_take(&endpoint->lock);
  int32_t status = HWS_IO_FAULT;
  if (!endpoint->lookup)
    status = lookup_begin(endpoint->owner->runtime->names, name, service, host_post, host, &endpoint->lookup);
  lock_drop(&endpoint->lock);
  return status;
}

static int32_t host_resolved(struct hws_host_endpoint *host, struct hws_address *addresses, uint32_t room) {
  struct endpoint *endpoint = endpoint_of(host);
  char why[WHY_SIZE] = "";
  lock_take(&endpoint->lock);
  struct lookup *lookup = endpoint->lookup;
  int32_t answer = lookup && room ? lookup_answer(lookup, addresses, room, why, sizeof why) : 0;
  if (answer) endpoint->lookup = NULL;
  lock_drop(&endpoint->lock);
  if (answer) lookup_forget(lookup);
  if (why[0]) host_explain(host, why);
  return answer;
}

void endpoint_unresolve(struct endpoint *endpoint) {
  lock_take(&endpoint->lock);
  struct lookup *lookup = endpoint->lookup;
  endpoint->lookup = NULL;
  lock_drop(&endpoint->lock);
  lookup_forget(lookup);
}

static void host_unresolve(struct hws_host_endpoint *host) {
  endpoint_unresolve(endpoint_of(host));
}

const struct hws_host *host_services(void) {
  static const struct hws_host host = {
      .size = sizeof host,
      .major = HWS_PLUGIN_MAJOR,
      .minor = HWS_PLUGIN_MINOR,
      .capabilities = HWS_HOST_WATCH | HWS_HOST_HANGUP | HWS_HOST_RESOLVE | HWS_HOST_UNWATCH | HWS_HOST_UNDER,
      .complete = host_complete,
      .alloc = host_alloc,
      .release = host_release,
      .now = clock_now,
      .watch = host_watch,
      .rearm = host_rearm,
      .timer_at = host_timer_at,
      .post = host_post,
      .log = host_log,
      .explain = host_explain,
      .config = host_config,
      .under_submit = host_under_submit,
      .under_cancel = host_under_cancel,
      .resolve = host_resolve,
      .resolved = host_resolved,
      .unresolve = host_unresolve,
      .unwatch = host_unwatch,
  };
  return &host;
}
