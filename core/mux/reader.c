/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the carrier: bytes become frames, frames reach their streams. Everything about a frame is validated before
 * anything is held for it.
 */
#include <stddef.h>

#include "core/mux/mux.h"

enum {
  TURN_BYTES = 256 * 1024, /* then others get their turn */
  CHUNK_TAIL_MIN = 16 * 1024
};

/* ---- frames ---- */

static bool is_ours(const struct mux *mux, uint32_t id) {
  return (id & 1) == (mux->client ? 1U : 0U);
}

/* Streams open at once that the peer may have. */
static bool is_crowded(const struct mux *mux) {
  uint64_t streams = (uint64_t)mux->streams + atomic_load_explicit(&mux->stranded, memory_order_relaxed);
  return streams >= mux->settings[SET_STREAMS] || mux->inbound_count >= mux->settings[SET_BACKLOG] ||
         mux->state != SESSION_RUNNING;
}

/* A new stream of the peer's: NULL with no error when it was refused. */
static struct mux_stream *admit(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  /* In any order: a peer that opens from many threads gives out ids before it sends them. */
  if (is_ours(mux, frame->stream)) *error = "open with an id of the wrong side";
  if (table_find(mux, frame->stream)) *error = "open of a stream that exists";
  if (frame->type == FRAME_DATA && frame->length > CREDIT_INITIAL) *error = "open with a body beyond the window";
  if (*error) return NULL;
  if (frame->stream > mux->last_peer_id) mux->last_peer_id = frame->stream;
  struct mux_stream *stream = is_crowded(mux) ? NULL : mux_admit_peer(mux, frame->stream, ended);
  if (stream) return stream;
  mux_count(mux, SESSION_STREAMS_REFUSED, 1);
  guard_reply(mux, frame->stream, HWS_CODE_REFUSED);
  return NULL;
}

static void peer_reset(struct mux *mux, struct mux_stream *stream, uint32_t code, const char **error,
                       struct op_list *ended) {
  mux_count(mux, SESSION_RESETS_IN, 1);
  if (!stream->opener) *error = guard_reset(mux);
  struct cause *cause = cause_remote(HWS_E_RESET, code, "reset by the peer");
  if (stream->accepted) {
    stream->stranded = true;
    atomic_fetch_add_explicit(&mux->stranded, 1, memory_order_relaxed);
  }
  stream->dead = true; /* nothing of it needs to be sent any more, and no reset either */
  stream->on_wire = false;
  stream_end(&stream->stream, cause, true, ended);
  mux_stream_drop_blocks(stream);
  cause_unref(cause);
  mux_stream_drop(stream, ended);
}

/* Flags other than SYN, once the frame's own effect is done. */
static void apply_flags(struct mux *mux, struct mux_stream *stream, const struct frame *frame, const char **error,
                        struct op_list *ended) {
  if (frame->flags & FRAME_RST) {
    peer_reset(mux, stream, frame->type == FRAME_WINDOW ? frame->length : 0, error, ended);
  } else if (frame->flags & FRAME_FIN) {
    if (stream->stream.in != IN_OPEN && !stream->stream.closing) *error = guard_useless(mux);
    stream_eof(&stream->stream, ended);
    mux_stream_settle(stream, ended);
  }
}

/* MUX-12: what an honest peer had under way when a stream ended is only counted; the budget is for ids that never were.
 */
static void on_unknown(struct mux *mux, const struct frame *frame, const char **error) {
  bool was_open = is_ours(mux, frame->stream) ? frame->stream < mux->next_id : frame->stream <= mux->last_peer_id;
  if (was_open)
    mux_count(mux, SESSION_USELESS_FRAMES, 1);
  else
    *error = guard_useless(mux);
}

static void on_stream_frame(struct mux *mux, const struct frame *frame, const char **error, struct op_list *ended) {
  struct mux_stream *stream = table_find(mux, frame->stream);
  if (frame->flags & FRAME_SYN) {
    stream = admit(mux, frame, error, ended);
    if (!stream) return;
  }
  if (!stream) {
    on_unknown(mux, frame, error);
    return;
  }
  if (stream->opener && !stream->acked) {
    stream->acked = true;
    mux->unacked--;
    mux_admit(mux, ended);
  }
  if (frame->type == FRAME_DATA) {
    *error = flow_receive(stream, frame->length);
    if (!*error && !frame->length && !frame->flags) *error = guard_useless(mux);
    if (*error) return;
    if (frame->length) {
      /* Its end, if it has one, comes after its body. */
      mux->body = stream;
      mux->body_flags = frame->flags;
      mux_hold(stream);
      return;
    }
  } else if (!(frame->flags & FRAME_RST)) {
    *error = flow_credit(stream, frame->length);
    if (!*error && !frame->length && !frame->flags) *error = guard_useless(mux);
  }
  if (!*error) apply_flags(mux, stream, frame, error, ended);
}

static void on_ping(struct mux *mux, const struct frame *frame, const char **error) {
  mux_count(mux, SESSION_PINGS_IN, 1);
  if (frame->flags & FRAME_ACK) {
    if (!alive_pong(mux, frame->length)) *error = guard_useless(mux);
    return;
  }
  *error = guard_useless(mux);
  if (!*error) guard_pong(mux, frame->length);
}

static void on_goaway(struct mux *mux, const struct frame *frame, struct op_list *ended) {
  mux->peer_away = true;
  if (!frame->length) {
    mux_admit(mux, ended); /* those that wait learn that there will be no room */
    return;
  }
  struct cause *cause = cause_make(HWS_E_PROTOCOL, 0, frame->length, "the peer ended the session with go-away code %u",
                                   (unsigned)frame->length);
  mux_end(mux, cause, END_REMOTE, ended);
  cause_unref(cause);
}

static void on_frame(struct mux *mux, const char **error, struct op_list *ended) {
  const struct frame *frame = &mux->parser.frame;
  mux_count(mux, SESSION_FRAMES_IN, 1);
  if (frame->type == FRAME_PING)
    on_ping(mux, frame, error);
  else if (frame->type == FRAME_GOAWAY)
    on_goaway(mux, frame, ended);
  else
    on_stream_frame(mux, frame, error, ended);
}

void reader_drop_body(struct mux *mux) {
  if (mux->body) mux_let_go(mux->body);
  mux->body = NULL;
}

static void on_body(struct mux *mux, const char **error, struct op_list *ended) {
  struct mux_stream *stream = mux->body;
  const struct parser *parser = &mux->parser;
  if (!stream) {
    mux_count(mux, SESSION_DROPPED_BYTES, parser->body_len);
    return;
  }
  bool unread = stream->stream.closing && !stream->dead;
  if (!stream_feed(&stream->stream, mux->chunk, parser->body, (uint32_t)parser->body_len, ended)) {
    mux_end(mux, cause_plain(HWS_E_NOMEM), END_REMOTE, ended); /* drops the body, and its stream with it */
    return;
  }
  /* Nobody will read it: the peer should know. */
  if (unread && stream->on_wire) mux_stream_refuse_data(stream, ended);
  if (parser->body_left) return;
  struct frame frame = {.type = FRAME_DATA, .flags = mux->body_flags};
  if (stream->on_wire) apply_flags(mux, stream, &frame, error, ended);
  reader_drop_body(mux);
}

/* Lock held: go through what was read and is not parsed yet; stops early when replies are full. */
static void parse(struct mux *mux, struct op_list *ended) {
  const char *error = NULL;
  const uint8_t *data = mux->unparsed;
  size_t len = mux->unparsed_len;
  mux->unparsed_len = 0;
  while (!error && mux->state != SESSION_ENDED) {
    if (guard_is_full(mux)) {
      mux->unparsed = data;
      mux->unparsed_len = len;
      return;
    }
    enum parse_event event = parser_next(&mux->parser, &data, &len);
    if (event == PARSE_MORE) return;
    if (event == PARSE_FRAME)
      on_frame(mux, &error, ended);
    else if (event == PARSE_BODY)
      on_body(mux, &error, ended);
    else
      error = mux->parser.error;
  }
  if (!error) return;
  const struct frame *frame = &mux->parser.frame;
  struct cause *cause =
      cause_make(HWS_E_PROTOCOL, 0, HWS_CODE_PROTOCOL, "%s (frame type %u, flags 0x%x, stream %u, length %u)", error,
                 frame->type, frame->flags, (unsigned)frame->stream, (unsigned)frame->length);
  mux->last_word = 1; /* docs/wire.md: a protocol error */
  mux_end(mux, cause, END_REMOTE, ended);
  cause_unref(cause);
}

/* ---- the carrier ---- */

/* Where the next bytes go. A chunk that nobody else holds begins anew; one that somebody holds is filled further. */
static bool next_room(struct mux *mux) {
  struct runtime *runtime = mux->session.object.runtime;
  if (mux->chunk && buffer_sole(mux->chunk)) mux->chunk_used = 0;
  if (mux->chunk && mux->chunk->size - mux->chunk_used < CHUNK_TAIL_MIN) {
    buffer_unref(mux->chunk);
    mux->chunk = NULL;
  }
  if (!mux->chunk) {
    mux->chunk = buffer_chunk(runtime);
    mux->chunk_used = 0;
  }
  if (!mux->chunk) return false;
  op_reuse_inside(&mux->read_op);
  mux->read_op.own_vec[0] =
      (struct hws_vec){.ptr = mux->chunk->data + mux->chunk_used, .len = mux->chunk->size - mux->chunk_used};
  mux->read_op.vec_count = 1;
  mux->read_op.total = mux->read_op.own_vec[0].len;
  return true;
}

/* Lock held: what the carrier gave, or its end. */
static uint64_t apply_read(struct mux *mux, struct op_list *ended) {
  const struct hws_event *event = &mux->read_op.event;
  mux_count(mux, SESSION_READS, 1);
  mux->inline_flushes = 0;
  if (event->status != HWS_OK) {
    struct cause *cause = mux_carrier_cause(mux, event->status);
    mux_end(mux, cause, END_REMOTE, ended);
    cause_unref(cause);
    return 0;
  }
  mux->unparsed = mux->chunk->data + mux->chunk_used;
  mux->unparsed_len = event->bytes;
  mux->chunk_used += (uint32_t)event->bytes;
  mux_count(mux, SESSION_BYTES_IN, event->bytes);
  return event->bytes;
}

/* May another read be made? Lock held. */
static bool may_read(struct mux *mux, struct op_list *ended) {
  if (mux->state == SESSION_ENDED) return false;
  if (guard_is_full(mux)) {
    mux->paused = true;
    mux_count(mux, SESSION_READ_PAUSES, 1);
    return false;
  }
  if (next_room(mux)) return true;
  mux_end(mux, cause_plain(HWS_E_NOMEM), END_REMOTE, ended);
  return false;
}

/* Lock held; drops it while it asks the carrier. True: the read is out, and who takes its end goes on, with the pin
 * that stands for reading. False: reading has stopped; that pin is the caller's to give back. */
static bool read_on(struct mux *mux, bool have_result, struct op_list *ended) {
  uint64_t bytes = 0;
  for (;;) {
    if (have_result) bytes += apply_read(mux, ended);
    if (mux->unparsed_len) parse(mux, ended);
    if (!may_read(mux, ended)) break;
    bool kick = !schedule_is_empty(mux) || mux->state == SESSION_DRAINING; /* a drain may have nothing left to owe */
    lock_drop(&mux->lock);
    op_deliver(ended);
    if (kick) writer_kick(mux, KICK_NOW);
    bool over = false;
    if (bytes >= TURN_BYTES) {
      /* The next turn of the loop asks again. */
      object_pin(&mux->session.object);
      if (!task_post(&mux->session.object.runtime->loop, &mux->read_task)) object_unpin(&mux->session.object);
    } else {
      over = stream_recv_inside(mux->under, &mux->read_op);
    }
    lock_take(&mux->lock);
    if (!over) return true;
    have_result = true;
  }
  mux->reading = false;
  return false;
}

static void read_and_leave(struct mux *mux, bool have_result) {
  struct op_list ended = {0};
  lock_take(&mux->lock);
  bool goes_on = read_on(mux, have_result, &ended);
  mux_leave(mux, &ended);
  if (!goes_on) {
    writer_kick(mux, KICK_NOW);
    object_unpin(&mux->session.object);
  }
}

/* The read that pended has ended; from the loop. */
static void read_done(struct task *task) {
  struct mux *mux = (struct mux *)((char *)task - offsetof(struct mux, read_op.task));
  struct stream *under = mux->under;
  read_and_leave(mux, true);
  object_unpin(&under->object); /* op_deliver's */
}

static void read_again(struct task *task) {
  struct mux *mux = (struct mux *)((char *)task - offsetof(struct mux, read_task));
  object_pin(&mux->session.object);
  read_and_leave(mux, false);
  object_unpin(&mux->session.object);
  object_unpin(&mux->session.object); /* task_post's */
}

void reader_init(struct mux *mux) {
  op_init_inside(&mux->read_op, mux->session.object.runtime, &mux->under->object, HWS_KIND_RECV, stream_revoke,
                 read_done);
  mux->read_task.run = read_again;
  parser_init(&mux->parser);
}

/* One pin stands for reading being under way. */
void reader_start(struct mux *mux) {
  lock_take(&mux->lock);
  bool start = !mux->reading && mux->state != SESSION_ENDED;
  if (start) mux->reading = true;
  lock_drop(&mux->lock);
  if (!start) return;
  object_pin(&mux->session.object);
  read_and_leave(mux, false);
}

void reader_free(struct mux *mux) {
  if (mux->chunk) buffer_unref(mux->chunk);
}
