/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI: the library, runtimes, queues, scopes and plugins. Checks arguments, resolves handles, dispatches.
 */
#include <string.h>

#include "abi/api.h"

enum { EVENTS_MAX = 65536, REASON_MAX = 1024, ABI_MAJOR = 0, ABI_MINOR = 1 };

uint32_t hws_abi_version(void) {
  return (uint32_t)ABI_MAJOR << 16 | ABI_MINOR;
}

const char *hws_version(void) {
  return HAWSER_VERSION;
}

const char *hws_status_name(int32_t status) {
  return status_name(status);
}

const char *hws_status_text(int32_t status) {
  return status_text(status);
}

uint64_t hws_now(void) {
  return clock_now();
}

/* ---- runtime ---- */

hws_result hws_runtime_open(const struct hws_runtime_config *config, hws_handle *handle) {
  fork_check();
  struct runtime *runtime = NULL;
  if (!handle) return HWS_E_INVAL;
  int status = runtime_open(config, &runtime);
  *handle = status == HWS_OK ? runtime->object.handle : 0;
  return status;
}

static uint64_t until_of(int64_t timeout_ns) {
  return timeout_ns < 0 ? PARK_FOREVER : clock_now() + (uint64_t)timeout_ns;
}

hws_result hws_runtime_join(hws_handle handle, int64_t timeout_ns) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return status;
  status = runtime_join((struct runtime *)object, until_of(timeout_ns));
  object_unpin(object);
  return status;
}

/* ---- queues ---- */

hws_result hws_queue_open(hws_handle runtime, hws_handle *handle) {
  struct object *object = NULL;
  struct queue *queue = NULL;
  if (!handle) return HWS_E_INVAL;
  *handle = 0;
  int status = api_pin(runtime, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return status;
  runtime_make_begin((struct runtime *)object);
  status = runtime_is_ending((struct runtime *)object) ? HWS_E_CLOSED : queue_open((struct runtime *)object, &queue);
  if (status == HWS_OK) *handle = queue->object.handle;
  runtime_make_end((struct runtime *)object);
  object_unpin(object);
  return status;
}

hws_result hws_queue_wait(hws_handle handle, struct hws_event *events, uint32_t max, int64_t timeout_ns) {
  struct object *object = NULL;
  if (!events || max == 0 || max > EVENTS_MAX) return HWS_E_INVAL;
  int status = api_pin(handle, OBJECT_QUEUE, &object);
  if (status != HWS_OK) return status;
  status = queue_wait((struct queue *)object, events, max, timeout_ns);
  object_unpin(object);
  return status;
}

hws_result hws_queue_wake(hws_handle handle, uint64_t tag) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_QUEUE, &object);
  if (status != HWS_OK) return status;
  status = queue_wake((struct queue *)object, tag);
  object_unpin(object);
  return status;
}

hws_result hws_queue_waitable(hws_handle handle, int64_t *descriptor) {
  struct object *object = NULL;
  if (!descriptor) return HWS_E_INVAL;
  *descriptor = -1;
  int status = api_pin(handle, OBJECT_QUEUE, &object);
  if (status != HWS_OK) return status;
  status = queue_waitable((struct queue *)object, descriptor);
  object_unpin(object);
  return status;
}

/* ---- scopes ---- */

hws_result hws_scope_open(hws_handle runtime, hws_handle parent, uint64_t deadline_ns, hws_handle *handle) {
  struct object *object = NULL;
  struct scope *above = NULL;
  struct scope *scope = NULL;
  if (!handle) return HWS_E_INVAL;
  *handle = 0;
  int status = api_pin(runtime, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return status;
  runtime_make_begin((struct runtime *)object);
  if (runtime_is_ending((struct runtime *)object)) status = HWS_E_CLOSED;
  if (status == HWS_OK && parent) status = scope_pin(parent, (struct runtime *)object, &above);
  if (status == HWS_OK) status = scope_open((struct runtime *)object, above, deadline_ns, &scope);
  if (status == HWS_OK) *handle = scope->object.handle;
  if (above) object_unpin(&above->object);
  runtime_make_end((struct runtime *)object);
  object_unpin(object);
  return status;
}

hws_result hws_scope_cancel(hws_handle handle, uint64_t code, const char *reason) {
  struct object *object = NULL;
  if (reason && strnlen(reason, REASON_MAX + 1) > REASON_MAX) return HWS_E_INVAL;
  int status = api_pin(handle, OBJECT_SCOPE, &object);
  if (status != HWS_OK) return status;
  scope_end((struct scope *)object,
            cause_make(HWS_E_CANCELED, 0, code ? code : HWS_CODE_CANCELED, "%s", reason ? reason : "canceled"));
  object_unpin(object);
  return HWS_OK;
}

hws_result hws_scope_status(hws_handle handle) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_SCOPE, &object);
  if (status != HWS_OK) return status;
  status = scope_status((struct scope *)object);
  object_unpin(object);
  return status;
}

hws_result hws_cancel(hws_handle handle) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_OP, &object);
  if (status != HWS_OK) return status;
  struct op *op = (struct op *)object;
  if (atomic_load(&op->state) != OP_ENDED) op_revoke(op, HWS_E_CANCELED);
  object_unpin(object);
  return HWS_OK;
}

/* ---- plugins ---- */

hws_result hws_plugin_load(hws_handle handle, const char *path_or_name) {
  struct object *object = NULL;
  struct plugin_error error = {.text = ""};
  if (!path_or_name) return HWS_E_INVAL;
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return status;
  struct runtime *runtime = (struct runtime *)object;
  if (!registry_load(host_services(), runtime->dirs, path_or_name, &error)) {
    runtime_count(runtime, COUNT_PLUGINS_REFUSED, 1);
    status = runtime_refuse(runtime, cause_make(HWS_E_PLUGIN, 0, 0, "%s", error.text));
  }
  object_unpin(object);
  return status;
}

hws_result hws_plugin_scan(hws_handle handle) {
  struct object *object = NULL;
  struct plugin_error error = {.text = ""};
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return status;
  struct runtime *runtime = (struct runtime *)object;
  unsigned refused = registry_scan(host_services(), runtime->dirs, &error);
  runtime_count(runtime, COUNT_PLUGINS_REFUSED, refused);
  if (refused) runtime_refuse(runtime, cause_make(HWS_E_PLUGIN, 0, 0, "%s", error.text));
  unsigned count = 0;
  while (registry_at(count)) count++;
  object_unpin(object);
  return (hws_result)count;
}

hws_result hws_plugin_at(hws_handle handle, uint32_t index, struct hws_plugin_info *info) {
  struct object *object = NULL;
  if (!info || info->size < sizeof *info) return HWS_E_INVAL;
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return status;
  const struct plugin *plugin = registry_at(index);
  object_unpin(object);
  if (!plugin) return HWS_E_INVAL;
  *info = (struct hws_plugin_info){.size = info->size,
                                   .capabilities = plugin->manifest->capabilities,
                                   .abi_major = plugin->manifest->major,
                                   .abi_minor_low = plugin->manifest->minor_low,
                                   .abi_minor_high = plugin->manifest->minor_high,
                                   .name = plugin->manifest->name,
                                   .version = plugin->manifest->version,
                                   .schemes = plugin->schemes,
                                   .path = plugin->path};
  return HWS_OK;
}
