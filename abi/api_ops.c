/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI: the ops. Each resolves its handles, reads hws_how, and hands over to the core.
 */
#include <string.h>

#include "abi/api.h"

enum { PIECES_MAX = 1024, CONFIG_SIZE_V1 = 32, OPEN_SIZE_V1 = 48 };
#define BYTES_MAX (UINT64_C(1) << 40)

/* A call in progress: what it is about, how, and under which life scope. */
struct call {
  struct object *object;
  struct scope *life;
  struct request request;
  bool makes; /* an object */
};

/* Pins all or nothing. */
static int call_begin_as(struct call *call, hws_handle handle, enum object_type type, enum object_type other,
                         hws_handle life, const struct hws_how *how, struct hws_event *out, hws_handle *op,
                         bool needs_answer) {
  call->life = NULL;
  call->makes = false;
  int status = api_pin_either(handle, type, other, &call->object);
  if (status != HWS_OK) return status;
  struct runtime *runtime = object_runtime(call->object);
  status = request_begin(&call->request, runtime, how, out, op, needs_answer);
  if (status == HWS_OK && life && (status = scope_pin(life, runtime, &call->life)) != HWS_OK)
    request_end(&call->request);
  if (status != HWS_OK) object_unpin(call->object);
  return status;
}

static int call_begin(struct call *call, hws_handle handle, enum object_type type, hws_handle life,
                      const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  return call_begin_as(call, handle, type, type, life, how, out, op, true);
}

static int call_end(struct call *call, int result) {
  if (call->makes) runtime_make_end(object_runtime(call->object));
  request_end(&call->request);
  if (call->life) object_unpin(&call->life->object);
  object_unpin(call->object);
  return result;
}

/* The same for a call that makes an object. */
static int make_begin(struct call *call, hws_handle handle, enum object_type type, enum object_type other,
                      hws_handle life, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  int status = call_begin_as(call, handle, type, other, life, how, out, op, true);
  if (status != HWS_OK) return status;
  call->makes = true;
  runtime_make_begin(object_runtime(call->object));
  if (!runtime_is_ending(object_runtime(call->object))) return HWS_OK;
  return call_end(call, refused_say(HWS_E_CLOSED, "the runtime is ending"));
}

/* CAN-3 for ops that make an object: nothing is made, so the event has none. True: *result is the answer. */
static bool call_is_over(struct call *call, enum hws_kind kind, int *result) {
  struct hws_event event = {.kind = (uint16_t)kind};
  request_judge(&call->request, &event);
  struct cause *cause = event.status == HWS_OK && call->life ? scope_cause(call->life) : NULL;
  if (cause) event.status = cause->status;
  if (cause) event.code = cause->code;
  cause_unref(cause);
  if (event.status == HWS_OK) return false;
  *result = request_answer(&call->request, call->object, &event);
  return true;
}

static int refuse_piece(uint32_t index, const char *wrong) {
  return refused_say(HWS_E_INVAL, "piece %u of the vector %s", (unsigned)index, wrong);
}

static int check_vec(const struct hws_vec *vec, uint32_t count) {
  uint64_t total = 0;
  if (count > PIECES_MAX) return refused_say(HWS_E_INVAL, "%u pieces, more than %d", (unsigned)count, (int)PIECES_MAX);
  if (count && !vec) return refused_say(HWS_E_INVAL, "the vector is NULL, and its count is not 0");
  for (uint32_t i = 0; i < count; i++) {
    if (vec[i].flags || vec[i].reserved) return refuse_piece(i, "has flags or reserved set, which are zero");
    if (vec[i].len && !vec[i].ptr) return refuse_piece(i, "has a length and no address");
    if (vec[i].len > BYTES_MAX || (total += vec[i].len) > BYTES_MAX)
      return refuse_piece(i, "brings the bytes above 2^40");
  }
  return HWS_OK;
}

/* ---- listeners and connections ---- */

hws_result hws_listen(hws_handle runtime, const char *url, hws_handle life, const struct hws_how *how,
                      struct hws_event *out, hws_handle *op, hws_handle *listener) {
  struct call call;
  if (!url || !listener) return REFUSE(HWS_E_INVAL, "%s is NULL", url ? "listener" : "url");
  *listener = 0;
  int result = make_begin(&call, runtime, OBJECT_RUNTIME, OBJECT_RUNTIME, life, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  if (!call_is_over(&call, HWS_KIND_LISTEN, &result))
    result = listener_listen((struct runtime *)call.object, url, call.life, &call.request, listener);
  return refused_answer(__func__, call_end(&call, result));
}

hws_result hws_dial(hws_handle runtime, const char *url, hws_handle life, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op, hws_handle *stream) {
  struct call call;
  if (!url || !stream) return REFUSE(HWS_E_INVAL, "%s is NULL", url ? "stream" : "url");
  *stream = 0;
  int result = make_begin(&call, runtime, OBJECT_RUNTIME, OBJECT_RUNTIME, life, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  if (!call_is_over(&call, HWS_KIND_DIAL, &result))
    result = conn_dial((struct runtime *)call.object, url, call.life, &call.request, stream);
  return refused_answer(__func__, call_end(&call, result));
}

hws_result hws_accept(hws_handle source, hws_handle life, const struct hws_how *how, struct hws_event *out,
                      hws_handle *op, hws_handle *stream) {
  struct call call;
  if (!stream) return REFUSE(HWS_E_INVAL, "stream is NULL");
  *stream = 0;
  int result = make_begin(&call, source, OBJECT_LISTENER, OBJECT_SESSION, life, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  if (call_is_over(&call, HWS_KIND_ACCEPT, &result))
    ;
  else if (handle_type(source) == OBJECT_SESSION)
    result = session_accept((struct session *)call.object, call.life, &call.request, stream);
  else
    result = listener_accept((struct listener *)call.object, call.life, &call.request, stream);
  return refused_answer(__func__, call_end(&call, result));
}

/* ---- sessions ---- */

/* HWS_OK, or the life scope's end, with its code and words. */
static int refuse_ended(struct scope *life) {
  struct cause *cause = scope_cause(life);
  if (!cause) return HWS_OK;
  bool silent = !cause->refs || !cause->text[0];
  int status = refused_set(cause_make(cause->status, 0, cause->code, "the life scope has ended: %s",
                                      silent ? status_text(cause->status) : cause->text));
  cause_unref(cause);
  return status;
}

hws_result hws_session(hws_handle stream, const struct hws_session_config *config, hws_handle *handle) {
  static const struct hws_session_config defaults = {.size = sizeof defaults};
  struct object *object = NULL;
  struct scope *life = NULL;
  struct session *session = NULL;
  if (!handle) return REFUSE(HWS_E_INVAL, "session is NULL");
  if (config && config->size < CONFIG_SIZE_V1)
    return REFUSE(HWS_E_INVAL, "config->size is %u, less than any version's", (unsigned)config->size);
  *handle = 0;
  if (!config) config = &defaults;
  int status = api_pin(stream, OBJECT_STREAM, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  runtime_make_begin(object->runtime);
  if (runtime_is_ending(object->runtime)) status = refused_say(HWS_E_CLOSED, "the runtime is ending");
  if (status == HWS_OK && config->life) status = scope_pin(config->life, object->runtime, &life);
  if (status == HWS_OK && life) status = refuse_ended(life);
  if (status == HWS_OK) status = session_start((struct stream *)object, config, life, &session);
  if (status == HWS_OK) *handle = session->object.handle;
  if (life) object_unpin(&life->object);
  runtime_make_end(object->runtime);
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_open(hws_handle session, const struct hws_open_config *config, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op, hws_handle *stream) {
  static const struct hws_open_config defaults = {.size = sizeof defaults};
  struct call call;
  if (!stream) return REFUSE(HWS_E_INVAL, "stream is NULL");
  if (config && config->size < OPEN_SIZE_V1)
    return REFUSE(HWS_E_INVAL, "config->size is %u, less than any version's", (unsigned)config->size);
  *stream = 0;
  if (!config) config = &defaults;
  if (config->flags) return REFUSE(HWS_E_INVAL, "config->flags is not zero");
  if (config->metadata_count && !config->metadata)
    return REFUSE(HWS_E_INVAL, "config->metadata is NULL, and its count is not 0");
  if (check_vec(config->payload, config->payload_count) != HWS_OK) return refused_answer(__func__, HWS_E_INVAL);
  int result = make_begin(&call, session, OBJECT_SESSION, OBJECT_SESSION, config->life, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  if (!call_is_over(&call, HWS_KIND_OPEN, &result))
    result = session_open((struct session *)call.object, config, call.life, &call.request, stream);
  return refused_answer(__func__, call_end(&call, result));
}

/* ---- streams ---- */

hws_result hws_send(hws_handle stream, const struct hws_vec *vec, uint32_t count, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op) {
  struct call call;
  int result = check_vec(vec, count);
  if (result != HWS_OK) return refused_answer(__func__, result);
  result = call_begin(&call, stream, OBJECT_STREAM, 0, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  return refused_answer(__func__,
                        call_end(&call, stream_send((struct stream *)call.object, vec, count, &call.request)));
}

hws_result hws_sendfile(hws_handle stream, int64_t file, uint64_t offset, uint64_t length, const struct hws_how *how,
                        struct hws_event *out, hws_handle *op) {
  struct call call;
  if (!length) return REFUSE(HWS_E_INVAL, "length is 0");
  if (length > INT64_MAX || offset > INT64_MAX - length)
    return REFUSE(HWS_E_INVAL, "offset and length lead past the largest offset");
  int result = file_check(file);
  if (result == HWS_E_ACCESS) refused_say(result, "the file is not open for reading");
  if (result == HWS_E_INVAL) refused_say(result, "file is %lld, no descriptor", (long long)file);
  if (result == HWS_OK) result = call_begin(&call, stream, OBJECT_STREAM, 0, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  struct file_part part = {.file = file, .offset = offset, .length = length};
  return refused_answer(__func__, call_end(&call, stream_sendfile((struct stream *)call.object, &part, &call.request)));
}

hws_result hws_recv(hws_handle stream, const struct hws_vec *vec, uint32_t count, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op) {
  struct call call;
  int result = check_vec(vec, count);
  if (result != HWS_OK) return refused_answer(__func__, result);
  result = call_begin(&call, stream, OBJECT_STREAM, 0, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  return refused_answer(__func__,
                        call_end(&call, stream_recv((struct stream *)call.object, vec, count, &call.request)));
}

hws_result hws_acquire(hws_handle stream, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct call call;
  int result = call_begin(&call, stream, OBJECT_STREAM, 0, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  return refused_answer(__func__, call_end(&call, stream_acquire((struct stream *)call.object, &call.request)));
}

hws_result hws_release(hws_handle lease, uint64_t consumed) {
  struct object *object = NULL;
  int status = api_pin(lease, OBJECT_LEASE, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = lease_release(object, consumed);
  object_unpin(object);
  return refused_answer(__func__, status);
}

hws_result hws_flush(hws_handle stream) {
  struct object *object = NULL;
  int status = api_pin(stream, OBJECT_STREAM, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct stream *which = (struct stream *)object;
  which->class->kick(which, KICK_NOW);
  object_unpin(object);
  return HWS_OK;
}

hws_result hws_shutdown(hws_handle handle, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct call call;
  int result = call_begin_as(&call, handle, OBJECT_STREAM, OBJECT_SESSION, 0, how, out, op, false);
  if (result != HWS_OK) return refused_answer(__func__, result);
  if (handle_type(handle) == OBJECT_SESSION)
    result = session_shutdown((struct session *)call.object, &call.request);
  else
    result = stream_shutdown((struct stream *)call.object, &call.request);
  return refused_answer(__func__, call_end(&call, result));
}

static struct cause *reset_cause(uint64_t code, const char *reason) {
  return cause_make(HWS_E_CANCELED, 0, code ? code : HWS_CODE_CANCELED, "%s", reason ? reason : "reset here");
}

hws_result hws_reset(hws_handle handle, uint64_t code, const char *reason) {
  struct object *object = NULL;
  if (api_is_long(reason)) return REFUSE(HWS_E_INVAL, REASON_TOO_LONG);
  int status = api_pin_either(handle, OBJECT_STREAM, OBJECT_SESSION, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct cause *cause = reset_cause(code, reason);
  if (handle_type(handle) == OBJECT_SESSION)
    session_end((struct session *)object, cause);
  else
    stream_reset((struct stream *)object, cause);
  object_unpin(object);
  return HWS_OK;
}

hws_result hws_stop(hws_handle stream, uint32_t directions, uint64_t code, const char *reason) {
  struct object *object = NULL;
  if (!directions || (directions & ~(uint32_t)(HWS_STOP_RECV | HWS_STOP_SEND)))
    return REFUSE(HWS_E_INVAL, "directions is 0x%x, not of hws_stop", (unsigned)directions);
  if (api_is_long(reason)) return REFUSE(HWS_E_INVAL, REASON_TOO_LONG);
  int status = api_pin(stream, OBJECT_STREAM, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = stream_stop((struct stream *)object, directions, reset_cause(code, reason));
  object_unpin(object);
  return refused_answer(__func__, status);
}

/* ---- any object ---- */

hws_result hws_watch(hws_handle handle, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct call call;
  int result = call_begin(&call, handle, OBJECT_ANY, 0, how, out, op);
  if (result != HWS_OK) return refused_answer(__func__, result);
  switch (call.object->class->type) {
  case OBJECT_STREAM:
    result = stream_watch((struct stream *)call.object, &call.request);
    break;
  case OBJECT_SESSION:
    result = session_watch((struct session *)call.object, &call.request);
    break;
  case OBJECT_LISTENER:
    result = listener_watch((struct listener *)call.object, &call.request);
    break;
  case OBJECT_SCOPE:
    result = scope_watch((struct scope *)call.object, &call.request);
    break;
  default:
    result = refused_say(HWS_E_HANDLE, "this type of object does not end by itself");
  }
  return refused_answer(__func__, call_end(&call, result));
}

/* Objects without anything that could take time: the event, if one is wanted, is there at once. */
static int close_simple(struct object *object, const struct request *request) {
  struct hws_event event = {.object = object->handle, .kind = HWS_KIND_CLOSE};
  request_judge(request, &event);
  int result = request_answer(request, object, &event);
  if (object->class->type == OBJECT_QUEUE) queue_close((struct queue *)object);
  object_unpin(object); /* the handle's */
  return result;
}

/* A scope's watches end before its close does. */
static int close_scope(struct scope *scope, const struct request *request) {
  struct hws_event event = {.object = scope->object.handle, .kind = HWS_KIND_CLOSE};
  request_judge(request, &event);
  object_pin(&scope->object);
  scope_close(scope);
  int result = request_answer_close(request, &scope->object, &event);
  object_unpin(&scope->object);
  return result;
}

static int close_any(struct object *object, const struct request *request) {
  switch (object->class->type) {
  case OBJECT_STREAM:
    return stream_close((struct stream *)object, request);
  case OBJECT_SESSION:
    return session_close((struct session *)object, request);
  case OBJECT_LISTENER:
    return listener_close((struct listener *)object, request);
  case OBJECT_SCOPE:
    return close_scope((struct scope *)object, request);
  default:
    return close_simple(object, request);
  }
}

static bool is_over(struct object *object) {
  switch (object->class->type) {
  case OBJECT_STREAM:
    return stream_is_done((struct stream *)object);
  case OBJECT_SESSION:
    return session_is_over((struct session *)object);
  case OBJECT_LISTENER:
    return listener_is_over((struct listener *)object);
  default:
    return true;
  }
}

/* A close cannot be refused once the handle is stale: what its event needs is got hold of before that. */
static int begin_close(struct object *object, struct request *request, struct op **spare) {
  if ((request->flags & HWS_TRY) && !is_over(object)) return HWS_E_AGAIN;
  struct runtime *runtime = object_runtime(object);
  int status = request->queue || request->out ? op_reserve(request, runtime, spare) : HWS_OK;
  if (status != HWS_OK || object_close(object)) return status;
  op_unreserve(request, runtime);
  return refused_say(HWS_E_HANDLE, "the handle is stale: another thread has closed it");
}

hws_result hws_close(hws_handle handle, const struct hws_how *how, struct hws_event *out, hws_handle *op) {
  struct object *object = NULL;
  struct request request;
  struct op *spare = NULL;
  enum object_type type = handle_type(handle);
  if (type == OBJECT_RUNTIME || type == OBJECT_LEASE || type == OBJECT_OP)
    return REFUSE(HWS_E_HANDLE, "runtimes, leases and ops are not closed, but joined, released and cancelled");
  int result = api_pin(handle, OBJECT_ANY, &object);
  if (result != HWS_OK) return refused_answer(__func__, result);
  struct runtime *runtime = object_runtime(object);
  result = request_begin(&request, runtime, how, out, op, false);
  if (result == HWS_OK) {
    result = begin_close(object, &request, &spare);
    if (result == HWS_OK) result = close_any(object, &request);
    op_unreserve(&request, runtime);
    request_end(&request);
  }
  object_unpin(object);
  return refused_answer(__func__, result);
}
