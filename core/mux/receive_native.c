/* SPDX-License-Identifier: Apache-2.0
 *
 * What received native frames do. Their bodies come in parts: what belongs to the frame itself is gathered, within its
 * bounds, and acted upon once it is whole; the first payload of an open is its stream's.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mux/mux.h"

/* ---- gathering ---- */

/* More of the first `size` bytes of the body; true: they are whole. */
static bool gather(struct mux *mux, uint8_t *to, uint32_t size, uint32_t from, const uint8_t **data, uint32_t *len) {
  uint32_t have = mux->body_have - from;
  uint32_t part = size - have < *len ? size - have : *len;
  if (part) memcpy(to + have, *data, part);
  mux->body_have += part;
  *data += part;
  *len -= part;
  return have + part == size;
}

/* ---- OPEN ---- */

static void drop_head(struct mux *mux) {
  if (mux->head) buffer_unref(mux->head);
  mux->head = NULL;
}

/* The fixed part is whole: what it announces is held against the limits before a byte is held for it. */
static const char *check_fixed(struct mux *mux, const struct frame *frame) {
  const char *error = open_decode_fixed(mux->body_part, &mux->open);
  if (error) return error;
  uint64_t own = (uint64_t)OPEN_FIXED_SIZE + mux->open.head_len;
  if (own > frame->length) return "open that is shorter than its head";
  if (frame->length - own + (frame->flags & FRAME_EOM ? 1 : 0) > mux->first_window)
    return "open with a body beyond the window";
  if (mux->open.credit > UINT32_MAX - mux->first_window) return "credit above 2^32-1";
  if (!mux->open.head_len) return NULL;
  mux->head = buffer_sized(mux->session.object.runtime, mux->open.head_len);
  return mux->head ? NULL : receive_no_memory;
}

/* The native part of the new stream, which takes the head; NULL with no error: it needs none. */
static struct mux_native *make_native(struct mux *mux, const char **error) {
  if (!mux->head) return NULL;
  struct mux_native *native = calloc(1, sizeof *native);
  if (!native) {
    *error = receive_no_memory;
    return NULL;
  }
  native->head = mux->head;
  native->head_len = mux->open.head_len;
  native->name_len = mux->open.name_len;
  mux->head = NULL;
  return native;
}

static void open_stream(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  if (mux->head) *error = open_check_head(mux->head->data, &mux->open);
  if (!*error) *error = receive_check_open(mux, frame->stream);
  struct mux_native *native = *error ? NULL : make_native(mux, error);
  if (*error) return;
  struct mux_stream *stream = receive_open(mux, frame->stream, native, ended);
  if (!stream) return;
  uint64_t payload =
      (uint64_t)frame->length - OPEN_FIXED_SIZE - mux->open.head_len + (frame->flags & FRAME_EOM ? 1 : 0);
  /* Both fit: check_fixed. */
  (void)flow_receive(stream, payload);
  (void)flow_credit(stream, mux->open.credit);
  if (payload) receive_begin_body(mux, stream, frame->flags & FRAME_EOM);
}

static void on_open_part(struct mux *mux, const struct frame *frame, const uint8_t **data, uint32_t *len,
                         const char **error, struct op_list *ended) {
  bool was_fixed = mux->body_have >= OPEN_FIXED_SIZE;
  if (!was_fixed && !gather(mux, mux->body_part, OPEN_FIXED_SIZE, 0, data, len)) return;
  if (!was_fixed) *error = check_fixed(mux, frame);
  uint32_t head = mux->open.head_len;
  bool was_whole = was_fixed && mux->body_have >= OPEN_FIXED_SIZE + head;
  if (*error || was_whole) return;
  if (mux->head && !gather(mux, mux->head->data, head, OPEN_FIXED_SIZE, data, len)) return;
  open_stream(mux, frame, error, ended);
  drop_head(mux);
  mux->body_have = OPEN_FIXED_SIZE + OPEN_HEAD_MAX; /* once */
}

/* ---- RESET, SETTINGS, DRAIN ---- */

/* The peer will not read any more: what is still to be sent is of no use. Also what a closed session still sends. */
static void stop_sending(struct mux_stream *stream, struct cause *cause, struct op_list *ended) {
  if (stream->stream.out == OUT_SHUT) return;
  if (stream->stream.out != OUT_ENDED) stream_end_out(&stream->stream, cause, ended);
  mux_stream_drop_blocks(stream);
  stream->out_void = true;
  mux_stream_closed(stream, ended); /* it may have waited for what was to be sent */
}

/* The peer will not send any more, and what it sent is void. */
static void stop_receiving(struct mux_stream *stream, struct cause *cause, struct op_list *ended) {
  if (stream->stream.in == IN_OPEN) stream_end_in(&stream->stream, cause, ended);
}

/* One direction; saying it again does nothing. */
static void on_stop(struct mux *mux, struct mux_stream *stream, const struct reset *reset, struct cause *cause,
                    const char **error, struct op_list *ended) {
  bool again = stream->heard & reset->direction;
  stream->heard |= reset->direction & (HEARD_STOP | HEARD_ABORT);
  if (reset->direction == RESET_STOP)
    stop_sending(stream, cause, ended);
  else
    stop_receiving(stream, cause, ended);
  if (again)
    *error = guard_useless(mux);
  else
    receive_check_cut_off(mux, stream);
  mux_stream_settle(stream, ended);
}

static void on_reset(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  struct reset reset;
  *error = reset_decode(mux->body_part, frame->length, &reset);
  struct mux_stream *stream = *error ? NULL : table_find(mux, frame->stream);
  if (*error) return;
  if (!stream) {
    receive_unknown(mux, frame, error);
    return;
  }
  struct cause *cause = cause_by_peer(
      cause_make(HWS_E_RESET, 0, reset.code, "%.*s", (int)reset.reason_len, reset.reason_len ? reset.reason : ""));
  if (reset.direction == RESET_BOTH) {
    receive_reset(mux, stream, cause, ended);
    return;
  }
  on_stop(mux, stream, &reset, cause, error, ended);
  cause_unref(cause);
}

static void act(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  if (frame->type == FRAME_RESET)
    on_reset(mux, frame, error, ended);
  else if (frame->type == FRAME_SETTINGS)
    *error = negotiate_settings(mux, mux->body_part, frame->length, ended);
  else
    *error = drain_heard(mux, drain_decode(mux->body_part), ended);
}

/* ---- all of them ---- */

static bool is_gathered(uint8_t type) {
  return type == FRAME_RESET || type == FRAME_SETTINGS || type == FRAME_DRAIN;
}

void receive_native_frame(struct mux *mux, const char **error, struct op_list *ended) {
  const struct frame *frame = &mux->parser.frame;
  mux->body_have = 0;
  if (frame->type != FRAME_OPEN && !is_gathered(frame->type)) {
    *error = guard_useless(mux); /* of a later version; its body is dropped */
    return;
  }
  if (is_gathered(frame->type) && !frame->length) act(mux, frame, error, ended);
}

void receive_native_body(struct mux *mux, const uint8_t **data, uint32_t *len, const char **error,
                         struct op_list *ended) {
  const struct frame *frame = &mux->parser.frame;
  if (frame->type == FRAME_OPEN)
    on_open_part(mux, frame, data, len, error, ended);
  else if (is_gathered(frame->type) && gather(mux, mux->body_part, frame->length, 0, data, len))
    act(mux, frame, error, ended);
}
