/* SPDX-License-Identifier: Apache-2.0
 *
 * The services that plugins get. All of them only enqueue.
 */
#include <stdlib.h>

#include "core/filter.h"
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

static void host_rearm(struct hws_host_endpoint *host, uint32_t direction) {
  struct endpoint *endpoint = endpoint_of(host);
  if (direction != HWS_WRITE || endpoint->loop->caller_driven || endpoint->descriptor < 0) return;
  if (endpoint->directions[HWS_WRITE].armed) return;
  endpoint->directions[HWS_WRITE].armed = true;
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

const struct hws_host *host_services(void) {
  static const struct hws_host host = {
      .size = sizeof host,
      .major = HWS_PLUGIN_MAJOR,
      .minor = HWS_PLUGIN_MINOR,
      .capabilities = HWS_HOST_WATCH | HWS_HOST_HANGUP | HWS_HOST_UNDER,
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
  };
  return &host;
}
