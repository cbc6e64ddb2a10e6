/* SPDX-License-Identifier: Apache-2.0
 *
 * What a stream has received: how it reaches the ops that wait for it, or is kept for those to come. A recv never
 * crosses the end of a message, and says when it reached one.
 */
#include <stdlib.h>
#include <string.h>

#include "core/runtime.h"
#include "core/stream.h"

void stream_drop_marks(struct stream *stream) {
  if (stream->received.holder) hold_sub(stream->received.holder, stream->marks->room);
  marks_clear(stream->marks);
}

uint64_t stream_drop_input(struct stream *stream) {
  uint64_t credit = stream->received.bytes;
  slices_clear(&stream->received);
  if (!stream->marks) return credit;
  credit += stream->marks->count;
  stream_drop_marks(stream);
  return credit;
}

/* The end of a message behind all that is there. */
static bool add_mark(struct stream *stream) {
  if (!stream->marks) stream->marks = calloc(1, sizeof *stream->marks);
  if (!stream->marks) return false;
  uint32_t room = stream->marks->room;
  bool added = marks_add(stream->marks, stream->received.bytes);
  if (stream->received.holder) hold_add(stream->received.holder, stream->marks->room - room);
  return added;
}

static uint64_t copy_out(struct op *op, const uint8_t *data, uint32_t len) {
  uint64_t done = 0;
  for (uint32_t i = 0; i < op->vec_count && done < len; i++) {
    uint64_t part = op->vec[i].len < len - done ? op->vec[i].len : len - done;
    if (part) memcpy(op->vec[i].ptr, data + done, part);
    done += part;
  }
  return done;
}

void stream_read(struct stream *stream, const struct hws_vec *vec, uint32_t count, struct hws_event *event) {
  struct slices *slices = &stream->received;
  uint64_t limit = stream->marks ? marks_limit(stream->marks, slices->bytes) : slices->bytes;
  uint64_t done = 0;
  for (uint32_t i = 0; i < count && done < limit; i++) {
    uint64_t part = vec[i].len < limit - done ? vec[i].len : limit - done;
    done += slices_read(slices, vec[i].ptr, part);
  }
  bool eom = stream->marks && marks_take(stream->marks, done);
  event->bytes = done;
  if (eom) event->flags |= HWS_EVENT_EOM;
  stream->taken++;
  stream->class->consumed(stream, done + eom);
}

/* End the first recv with what is there. */
static void serve_one(struct stream *stream, struct op_list *ended) {
  struct op *op = stream->recvs.first;
  int status = HWS_OK;
  op_list_remove(&stream->recvs, op);
  if (op->event.kind == HWS_KIND_ACQUIRE)
    status = lease_make(stream, &op->event);
  else if (op->total)
    stream_read(stream, op->vec, op->vec_count, &op->event);
  op_end(op, status, ended);
}

void stream_serve(struct stream *stream, struct op_list *ended) {
  while (stream->recvs.first && stream_has_input(stream)) serve_one(stream, ended);
}

/* Straight to a waiting recv, without a stop in a slice. Returns how much it took; *eom is gone if it took that too. */
static uint32_t feed_recv(struct stream *stream, struct op *op, const uint8_t *data, uint32_t len, bool *eom,
                          struct op_list *ended) {
  uint64_t part = copy_out(op, data, len);
  bool whole = *eom && part == len;
  op_list_remove(&stream->recvs, op);
  op->event.bytes = part;
  if (whole) op->event.flags |= HWS_EVENT_EOM;
  if (whole) *eom = false;
  stream->taken++;
  stream->class->consumed(stream, part + whole);
  op_end(op, HWS_OK, ended);
  return (uint32_t)part;
}

bool stream_feed(struct stream *stream, struct buffer *buffer, const uint8_t *data, uint32_t len, bool eom,
                 struct op_list *ended) {
  if (stream->closing || stream->in != IN_OPEN) {
    stream->class->consumed(stream, (uint64_t)len + eom);
    return true;
  }
  for (struct op *op; (len || eom) && !stream_has_input(stream) && (op = stream->recvs.first) && op->total;) {
    uint32_t part = feed_recv(stream, op, data, len, &eom, ended);
    if (part) data += part; /* a message without a byte may have no place */
    len -= part;
  }
  if (len && !slices_append(&stream->received, stream->object.runtime, buffer, data, len)) return false;
  if (eom && !add_mark(stream)) return false;
  stream_serve(stream, ended);
  return true;
}
