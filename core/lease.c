/* SPDX-License-Identifier: Apache-2.0
 *
 * Leases: a slice of received bytes in the user's hands. It holds its buffer and its stream's memory, nothing else, so
 * it outlives the stream's end, its session and the runtime's join.
 */
#include <stddef.h>
#include <stdlib.h>

#include "core/queue.h"
#include "core/refused.h"
#include "core/runtime.h"
#include "core/stream.h"

enum { LEASES_PER_STREAM = 4096 };

struct lease {
  struct object object;
  struct stream *stream; /* pinned */
  struct slice *slice;
  uint64_t taken; /* stream->taken right after it was handed out */
  bool eom;       /* its last byte ends a message */
};

static void lease_free(struct object *object) {
  struct lease *lease = (struct lease *)object;
  struct stream *stream = lease->stream;
  if (lease->slice) slice_free(lease->slice);
  object_retire(object);
  free(lease);
  object_unpin(&stream->object);
}

static const struct object_class lease_class = {.type = OBJECT_LEASE, .free = lease_free};

/* A message without bytes: there is nothing to lease but its end. */
static bool is_empty_message(struct stream *stream, struct hws_event *event) {
  if (!stream->marks || !stream->marks->count || stream->marks->next) return false;
  stream_read(stream, NULL, 0, event);
  return true;
}

int lease_make(struct stream *stream, struct hws_event *event) {
  if (is_empty_message(stream, event)) return HWS_OK;
  if (stream->leases >= LEASES_PER_STREAM) return HWS_E_LIMIT;
  if (stream->marks && !slices_split(&stream->received, marks_limit(stream->marks, stream->received.bytes)))
    return HWS_E_NOMEM;
  struct lease *lease = calloc(1, sizeof *lease);
  if (!lease) return HWS_E_NOMEM;
  int status = object_init(&lease->object, &lease_class, stream->object.runtime);
  if (status != HWS_OK) {
    free(lease);
    return status;
  }
  stream->leases++;
  lease->stream = stream;
  object_pin(&stream->object);
  lease->slice = slices_take(&stream->received);
  lease->taken = ++stream->taken;
  event->data = (uint64_t)(uintptr_t)lease->slice->data;
  event->bytes = lease->slice->len;
  event->code = lease->object.handle;
  lease->eom = stream->marks && marks_take(stream->marks, lease->slice->len);
  if (lease->eom) event->flags |= HWS_EVENT_EOM;
  return HWS_OK;
}

/* Decide under the lock. Rest bytes can go back only if nobody has read past them; where nothing can be read any more
 * they are dropped. */
static int check(struct lease *lease, uint64_t consumed, bool readable) {
  uint64_t len = lease->slice->len;
  if (consumed > len)
    return refused_say(HWS_E_INVAL, "consumed is more than the lease's %llu bytes", (unsigned long long)len);
  if (consumed < len && readable && lease->stream->taken != lease->taken)
    return refused_say(HWS_E_BUSY, "bytes behind the lease have been taken: it can only be consumed whole");
  (void)object_close(&lease->object); /* only here, and the lock is held */
  return HWS_OK;
}

static void put_back(struct stream *stream, struct lease *lease, uint64_t consumed) {
  lease->slice->data += consumed;
  lease->slice->len -= (uint32_t)consumed;
  if (stream->marks) marks_put_back(stream->marks, lease->slice->len, lease->eom);
  slices_put_back(&stream->received, lease->slice);
  lease->slice = NULL;
  stream->taken++; /* an older lease must not go back behind this one */
}

int lease_release(struct object *object, uint64_t consumed) {
  struct lease *lease = (struct lease *)object;
  struct stream *stream = lease->stream;
  struct op_list ended = {0};
  lock_take(stream->lock);
  bool readable = !stream->closing && !stream->discarded;
  int status = object_closing(object) ? HWS_E_HANDLE : check(lease, consumed, readable);
  if (status == HWS_OK) {
    uint64_t len = lease->slice->len;
    bool back = consumed < len && readable;
    stream->leases--;
    if (back) {
      put_back(stream, lease, consumed);
      if (!stream->class->recall || !stream->class->recall(stream)) stream_serve(stream, &ended);
    }
    stream->class->consumed(stream, back ? consumed : len + lease->eom);
  }
  bool due = status == HWS_OK && stream->class->due(stream, KICK_CONTROL);
  lock_drop(stream->lock);
  op_deliver(&ended);
  if (due) stream->class->kick(stream, KICK_CONTROL);
  if (status == HWS_OK) object_unpin(object);
  return status;
}

static void unheard(struct task *task) {
  struct op *op = (struct op *)((char *)task - offsetof(struct op, task));
  struct object *lease;
  /* rare: nobody heard of it, so its handle was guessed */
  if (handle_pin(op->event.code, OBJECT_LEASE, &lease) == HWS_OK) {
    if (lease_release(lease, 0) == HWS_E_BUSY) (void)lease_release(lease, op->event.bytes); /* read past it already */
    object_unpin(lease);
  }
  op_release(op);
}

void lease_unheard(struct op *op) {
  op->task.run = unheard;
  (void)task_post(&op->runtime->loop, &op->task);
}
