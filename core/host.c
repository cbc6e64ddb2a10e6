/* SPDX-License-Identifier: Apache-2.0
 *
 * The services that plugins get on every system. All of them only enqueue.
 */
#include "core/host.h"

#include <stdlib.h>

#include "core/endpoint.h"
#include "core/runtime.h"

void host_complete(struct hws_host_endpoint *host, struct hws_io *io) {
  endpoint_complete(host_endpoint(host), io);
}

void *host_alloc(uint64_t bytes) {
  return bytes <= SIZE_MAX ? calloc(1, (size_t)bytes) : NULL;
}

void host_release(void *memory) {
  free(memory);
}

void host_timer_at(struct hws_host_endpoint *host, uint64_t ns) {
  struct endpoint *endpoint = host_endpoint(host);
  if (ns)
    loop_timer(endpoint->loop, &endpoint->timer, ns);
  else
    timer_disarm(&endpoint->loop->timers, &endpoint->timer);
}

void host_post(struct hws_host_endpoint *host) {
  struct endpoint *endpoint = host_endpoint(host);
  object_pin(endpoint->owner);
  if (!task_post(endpoint->loop, &endpoint->post_task)) object_unpin(endpoint->owner);
}

void host_log(struct hws_host_endpoint *host, uint32_t level, const char *text) {
  if (!host || level > HWS_LOG_WARNING || !text) return;
  struct endpoint *endpoint = host_endpoint(host);
  runtime_refuse(endpoint->owner->runtime,
                 cause_make(HWS_E_IO, 0, 0, "%s: %s", endpoint->plugin->manifest->name, text));
}

void host_explain(struct hws_host_endpoint *host, const char *text) {
  if (!text) return;
  struct endpoint *endpoint = host_endpoint(host);
  struct cause *cause = cause_make(HWS_E_IO, 0, 0, "%s", text);
  lock_take(&endpoint->lock);
  struct cause *before = endpoint->explained;
  endpoint->explained = cause;
  lock_drop(&endpoint->lock);
  cause_unref(before);
}

const char *host_config(struct hws_host_endpoint *host, const char *key) {
  struct endpoint *endpoint = host_endpoint(host);
  return endpoint->url ? url_param(endpoint->url, key) : NULL;
}
