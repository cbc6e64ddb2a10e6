/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI: questions about objects.
 */
#include <string.h>

#include "abi/api.h"

enum { PEER_SIZE_V1 = 32 };

static void runtime_detail(struct runtime *runtime, struct hws_detail *detail) {
  lock_take(&runtime->lock);
  cause_tell(runtime->noted, detail);
  lock_drop(&runtime->lock);
}

static void stream_detail(struct stream *stream, struct hws_detail *detail) {
  lock_take(stream->lock);
  cause_tell(stream->cause, detail);
  lock_drop(stream->lock);
}

static void scope_detail(struct scope *scope, struct hws_detail *detail) {
  lock_take(&scope->object.runtime->scope_lock);
  cause_tell(scope->cause, detail);
  lock_drop(&scope->object.runtime->scope_lock);
}

hws_result hws_detail(hws_handle handle, struct hws_detail *detail) {
  struct object *object = NULL;
  if (!detail) return REFUSE(HWS_E_INVAL, "detail is NULL");
  if (detail->size < sizeof *detail)
    return REFUSE(HWS_E_INVAL, "detail->size is %u, less than any version's", (unsigned)detail->size);
  int status = api_pin(handle, OBJECT_ANY, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  switch (object->class->type) {
  case OBJECT_RUNTIME:
    runtime_detail((struct runtime *)object, detail);
    break;
  case OBJECT_STREAM:
    stream_detail((struct stream *)object, detail);
    break;
  case OBJECT_SESSION:
    session_detail((struct session *)object, detail);
    break;
  case OBJECT_LISTENER:
    listener_detail((struct listener *)object, detail);
    break;
  case OBJECT_SCOPE:
    scope_detail((struct scope *)object, detail);
    break;
  default:
    cause_tell(NULL, detail);
  }
  object_unpin(object);
  return HWS_OK;
}

/* One that ended properly has a status too, but nobody to blame. */
hws_result hws_detail_of(hws_handle handle, uint32_t direction, struct hws_detail *detail) {
  struct object *object = NULL;
  if (direction != HWS_STOP_RECV && direction != HWS_STOP_SEND)
    return REFUSE(HWS_E_INVAL, "direction is %u, not one of hws_stop", (unsigned)direction);
  if (!detail) return REFUSE(HWS_E_INVAL, "detail is NULL");
  if (detail->size < sizeof *detail)
    return REFUSE(HWS_E_INVAL, "detail->size is %u, less than any version's", (unsigned)detail->size);
  int status = api_pin(handle, OBJECT_STREAM, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct stream *stream = (struct stream *)object;
  lock_take(stream->lock);
  cause_tell(direction == HWS_STOP_RECV ? stream_in_cause(stream) : stream_out_cause(stream), detail);
  lock_drop(stream->lock);
  object_unpin(object);
  return HWS_OK;
}

hws_result hws_text(hws_handle handle, uint32_t which, char *text, uint32_t size) {
  struct object *object = NULL;
  if (which < HWS_TEXT_LOCAL || which > HWS_TEXT_MODE)
    return REFUSE(HWS_E_INVAL, "which is %u, no hws_text", (unsigned)which);
  if (size && !text) return REFUSE(HWS_E_INVAL, "text is NULL, and size is not 0");
  int result = api_pin(handle, OBJECT_ANY, &object);
  if (result != HWS_OK) return refused_answer(__func__, result);
  struct stream *stream = (struct stream *)object;
  switch (object->class->type) {
  case OBJECT_STREAM:
    result = stream->class->text(stream, which, text, size);
    break;
  case OBJECT_SESSION:
    result = session_text((struct session *)object, which, text, size);
    break;
  case OBJECT_LISTENER:
    result = listener_text((struct listener *)object, which, text, size);
    break;
  default:
    result = HWS_E_UNSUPPORTED;
  }
  object_unpin(object);
  if (result == HWS_E_UNSUPPORTED) refused_say(result, "the object has no text of that kind, %u", (unsigned)which);
  return refused_answer(__func__, result);
}

static hws_result copy_pair(const struct hws_pair *found, char *buffer, uint32_t size, struct hws_pair *pair) {
  uint32_t total = found->key_len + found->value_len; /* both are parts of a head, which is small */
  if (total > size) return (hws_result)total;
  if (found->key_len) memcpy(buffer, found->key, found->key_len);
  if (found->value_len) memcpy(buffer + found->key_len, found->value, found->value_len);
  *pair = (struct hws_pair){
      .key = buffer, .value = buffer + found->key_len, .key_len = found->key_len, .value_len = found->value_len};
  return (hws_result)total;
}

hws_result hws_metadata(hws_handle handle, uint32_t index, void *buffer, uint32_t size, struct hws_pair *pair) {
  struct object *object = NULL;
  struct hws_pair found = {0};
  if (!pair) return REFUSE(HWS_E_INVAL, "pair is NULL");
  if (size && !buffer) return REFUSE(HWS_E_INVAL, "buffer is NULL, and size is not 0");
  int result = api_pin(handle, OBJECT_STREAM, &object);
  if (result != HWS_OK) return refused_answer(__func__, result);
  struct stream *stream = (struct stream *)object;
  lock_take(stream->lock); /* what the pair points to goes with the stream's last pin, which is ours too */
  result = stream->class->metadata(stream, index, &found);
  lock_drop(stream->lock);
  if (result == HWS_E_INVAL) refused_say(result, "index %u is past the last pair", (unsigned)index);
  if (result == HWS_OK) result = copy_pair(&found, buffer, size, pair);
  object_unpin(object);
  return refused_answer(__func__, result);
}

/* As much as the caller's header knows of it. */
static void tell_peer(struct hws_peer *found, struct hws_peer *peer) {
  bool short_one = peer->size < sizeof *found;
  found->size = peer->size;
  if (short_one) found->flags &= ~(uint32_t)HWS_PEER_SESSION;
  memcpy(peer, found, short_one ? PEER_SIZE_V1 : sizeof *found);
}

static bool is_connected(struct stream *stream) {
  lock_take(stream->lock);
  bool ready = stream->ready;
  lock_drop(stream->lock);
  return ready;
}

hws_result hws_peer(hws_handle handle, struct hws_peer *peer) {
  struct object *object = NULL;
  if (!peer) return REFUSE(HWS_E_INVAL, "peer is NULL");
  if (peer->size < PEER_SIZE_V1)
    return REFUSE(HWS_E_INVAL, "peer->size is %u, less than any version's", (unsigned)peer->size);
  int status = api_pin_either(handle, OBJECT_STREAM, OBJECT_SESSION, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  struct hws_peer found = {.flags = 0};
  bool is_session = handle_type(handle) == OBJECT_SESSION;
  if (is_session)
    status = session_peer((struct session *)object, &found);
  else
    status = ((struct stream *)object)->class->peer((struct stream *)object, &found);
  if (status == HWS_E_UNSUPPORTED && (is_session || is_connected((struct stream *)object)))
    refused_say(status, "the transport does not tell who is at the other end");
  else if (status == HWS_E_UNSUPPORTED)
    refused_say(status, "the stream is not connected");
  object_unpin(object);
  if (status == HWS_OK) tell_peer(&found, peer);
  return refused_answer(__func__, status);
}

hws_result hws_stat(hws_handle handle, const char *name, uint64_t *value) {
  struct object *object = NULL;
  if (!name || !value) return REFUSE(HWS_E_INVAL, "%s is NULL", name ? "value" : "name");
  int status = api_pin(handle, OBJECT_ANY, &object);
  if (status != HWS_OK) return refused_answer(__func__, status);
  status = stats_get(object, name, value);
  if (status == HWS_E_UNSUPPORTED) refused_say(status, "this type of object has no counter '%.64s'", name);
  object_unpin(object);
  return refused_answer(__func__, status);
}

const char *hws_stat_name(hws_handle handle, uint32_t index) {
  struct object *object = NULL;
  if (api_pin(handle, OBJECT_ANY, &object) != HWS_OK) return NULL;
  const char *name = stats_name(object->class->type, index);
  object_unpin(object);
  return name;
}
