/* SPDX-License-Identifier: Apache-2.0
 *
 * The services that plugins get on every system. All of them only enqueue.
 */
#include "core/host.h"

#include <stdlib.h>

#include <string.h>

#include "core/filter.h"
#include "core/lookup.h"
#include "core/route.h"
#include "core/runtime.h"
#include "plugins/registry.h"

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
  if (!host && text) registry_heard(text);
  if (!host || level > HWS_LOG_WARNING || !text) return;
  struct endpoint *endpoint = host_endpoint(host);
  runtime_note(endpoint->owner->runtime, cause_make(HWS_E_IO, 0, 0, "%s: %s", endpoint->plugin->manifest->name, text));
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
  return endpoint->route && key ? route_config(endpoint->route, endpoint->place, key) : NULL;
}

int32_t host_under_submit(struct hws_host_endpoint *host, struct hws_io *io) {
  return filter_submit(host_endpoint(host), io);
}

int32_t host_under_cancel(struct hws_host_endpoint *host, struct hws_io *io) {
  return filter_cancel(host_endpoint(host), io);
}

/* ---- names ---- */

enum { NAME_MAX_BYTES = 253, SERVICE_MAX_BYTES = 32, WHY_SIZE = 400 };

int32_t host_resolve(struct hws_host_endpoint *host, const char *name, const char *service) {
  struct endpoint *endpoint = host_endpoint(host);
  if (strnlen(name, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES || strnlen(service, SERVICE_MAX_BYTES + 1) > SERVICE_MAX_BYTES)
    return HWS_IO_ADDRESS;
  lock_take(&endpoint->lock);
  int32_t status = HWS_IO_FAULT;
  if (!endpoint->lookup)
    status = lookup_begin(endpoint->owner->runtime->names, name, service, host_post, host, &endpoint->lookup);
  lock_drop(&endpoint->lock);
  return status;
}

int32_t host_resolved(struct hws_host_endpoint *host, struct hws_address *addresses, uint32_t room) {
  struct endpoint *endpoint = host_endpoint(host);
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

void host_unresolve(struct hws_host_endpoint *host) {
  endpoint_unresolve(host_endpoint(host));
}
