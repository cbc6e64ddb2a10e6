/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI: the library, runtimes, queues, scopes and plugins. Checks arguments, resolves handles, dispatches.
 */
#include <string.h>

#include "abi/api.h"

enum { EVENTS_MAX = 65536, ABI_MAJOR = 0, ABI_MINOR = 1 };

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
  if (!handle) return REFUSE(HWS_E_INVAL, "runtime is NULL");
  int status = runtime_open(config, &runtime);
  *handle = status == HWS_OK ? runtime->object.handle : 0;
  return refused_answer(__func__, status);
}

static uint64_t until_of(int64_t timeout_ns) {
  return timeout_ns < 0 ? PARK_FOREVER : clock_now() + (uint64_t)timeout_ns;
}

hws_result hws_runtime_join(hws_handle handle, int64_t timeout_ns) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = runtime_join((struct runtime *)object, until_of(timeout_ns));
  object_unpin(object);
  return refused_answer(__func__, status);
}

static const char *type_name(enum object_type type) {
  static const char *const names[OBJECT_TYPES] = {"an object", "a runtime", "a queue", "a scope", "a listener",
                                                  "a stream",  "a session", "an op",   "a lease"};
  return type < OBJECT_TYPES ? names[type] : "nothing";
}

int api_refuse_handle(hws_handle handle, enum object_type type, enum object_type other, int status) {
  unsigned long long value = handle;
  enum object_type is = handle_type(handle);
  if (status != HWS_E_HANDLE) return refused_say(status, "handle 0x%llx: %s", value, status_text(status));
  const char * or = type == other ? "" : " or ";
  const char *what = type == other ? "" : type_name(other);
  if (!handle) return refused_say(status, "the handle is 0, not that of %s%s%s", type_name(type), or, what);
  if (is == OBJECT_ANY || is >= OBJECT_TYPES) return refused_say(status, "0x%llx is no handle", value);
  if (type != OBJECT_ANY && is != type && is != other)
    return refused_say(status, "handle 0x%llx is that of %s, not of %s%s%s", value, type_name(is), type_name(type), or,
                       what);
  return refused_say(status, "handle 0x%llx is stale: it was that of %s", value, type_name(is));
}

hws_result hws_refusal(struct hws_detail *detail) {
  if (!detail) return REFUSE(HWS_E_INVAL, "detail is NULL");
  if (detail->size < sizeof *detail)
    return REFUSE(HWS_E_INVAL, "detail->size is %u, less than any version's", (unsigned)detail->size);
  refused_tell(detail);
  return HWS_OK;
}

/* ---- queues ---- */

hws_result hws_queue_open(hws_handle runtime, hws_handle *handle) {
  struct object *object = NULL;
  struct queue *queue = NULL;
  if (!handle) return REFUSE(HWS_E_INVAL, "queue is NULL");
  *handle = 0;
  int status = api_pin(runtime, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  runtime_make_begin((struct runtime *)object);
  status = runtime_is_ending((struct runtime *)object) ? HWS_E_CLOSED : queue_open((struct runtime *)object, &queue);
  if (status == HWS_OK) *handle = queue->object.handle;
  runtime_make_end((struct runtime *)object);
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_queue_wait(hws_handle handle, struct hws_event *events, uint32_t max, int64_t timeout_ns) {
  struct object *object = NULL;
  if (!events) return REFUSE(HWS_E_INVAL, "events is NULL");
  if (max == 0 || max > EVENTS_MAX)
    return REFUSE(HWS_E_INVAL, "max is %u, not 1 to %d", (unsigned)max, (int)EVENTS_MAX);
  int status = api_pin(handle, OBJECT_QUEUE, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = queue_wait((struct queue *)object, events, max, timeout_ns);
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_queue_wake(hws_handle handle, uint64_t tag) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_QUEUE, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = queue_wake((struct queue *)object, tag);
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_queue_waitable(hws_handle handle, int64_t *descriptor) {
  struct object *object = NULL;
  if (!descriptor) return REFUSE(HWS_E_INVAL, "descriptor is NULL");
  *descriptor = -1;
  int status = api_pin(handle, OBJECT_QUEUE, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = queue_waitable((struct queue *)object, descriptor);
  if (status == HWS_E_UNSUPPORTED) refused_say(status, "a caller-driven runtime moves only while somebody waits in it");
  object_unpin(object);
  return refused_answer(__func__, status);
}

/* ---- scopes ---- */

hws_result hws_scope_open(hws_handle runtime, hws_handle parent, uint64_t deadline_ns, hws_handle *handle) {
  struct object *object = NULL;
  struct scope *above = NULL;
  struct scope *scope = NULL;
  if (!handle) return REFUSE(HWS_E_INVAL, "scope is NULL");
  *handle = 0;
  int status = api_pin(runtime, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  runtime_make_begin((struct runtime *)object);
  if (runtime_is_ending((struct runtime *)object)) status = HWS_E_CLOSED;
  if (status == HWS_OK && parent) status = scope_pin(parent, (struct runtime *)object, &above);
  if (status == HWS_OK) status = scope_open((struct runtime *)object, above, deadline_ns, &scope);
  if (status == HWS_OK) *handle = scope->object.handle;
  if (above) object_unpin(&above->object);
  runtime_make_end((struct runtime *)object);
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_scope_cancel(hws_handle handle, uint64_t code, const char *reason) {
  struct object *object = NULL;
  if (api_is_long(reason)) return REFUSE(HWS_E_INVAL, REASON_TOO_LONG);
  int status = api_pin(handle, OBJECT_SCOPE, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  scope_end((struct scope *)object,
            cause_make(HWS_E_CANCELED, 0, code ? code : HWS_CODE_CANCELED, "%s", reason ? reason : "canceled"));
  object_unpin(object);
  return HWS_OK;
}

hws_result hws_scope_status(hws_handle handle) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_SCOPE, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = scope_status((struct scope *)object); /* an answer, and no refusal */
  object_unpin(object);
  return status;
}

hws_result hws_cancel(hws_handle handle) {
  struct object *object = NULL;
  int status = api_pin(handle, OBJECT_OP, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct op *op = (struct op *)object;
  if (atomic_load(&op->state) != OP_ENDED) op_revoke(op, HWS_E_CANCELED);
  object_unpin(object);
  return HWS_OK;
}

/* ---- plugins ---- */

hws_result hws_plugin_load(hws_handle handle, const char *path_or_name) {
  struct object *object = NULL;
  struct plugin_error error = {.text = ""};
  if (!path_or_name) return REFUSE(HWS_E_INVAL, "path_or_name is NULL");
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct runtime *runtime = (struct runtime *)object;
  if (!registry_load(host_services(), runtime->dirs, path_or_name, &error)) {
    runtime_count(runtime, COUNT_PLUGINS_REFUSED, 1);
    status = refused_set(cause_make(HWS_E_PLUGIN, 0, 0, "%s", error.text));
  }
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_plugin_scan(hws_handle handle) {
  struct object *object = NULL;
  struct plugin_error error = {.text = ""};
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct runtime *runtime = (struct runtime *)object;
  unsigned refused = registry_scan(host_services(), runtime->dirs, &error);
  runtime_count(runtime, COUNT_PLUGINS_REFUSED, refused);
  if (refused) runtime_note(runtime, cause_make(HWS_E_PLUGIN, 0, 0, "%s", error.text));
  unsigned count = 0;
  while (registry_at(count)) count++;
  object_unpin(object);
  return refused_answer(__func__, (hws_result)count);
}

hws_result hws_plugin_at(hws_handle handle, uint32_t index, struct hws_plugin_info *info) {
  struct object *object = NULL;
  if (!info) return REFUSE(HWS_E_INVAL, "info is NULL");
  if (info->size < sizeof *info)
    return REFUSE(HWS_E_INVAL, "info->size is %u, less than any version's", (unsigned)info->size);
  int status = api_pin(handle, OBJECT_RUNTIME, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  const struct plugin *plugin = registry_at(index);
  object_unpin(object);
  if (!plugin) return REFUSE(HWS_E_INVAL, "index %u is past the last plugin", (unsigned)index);
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
