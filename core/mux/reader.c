/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the carrier, and making frames of its bytes.
 */
#include <stddef.h>

#include "core/mux/mux.h"

enum { TURN_BYTES = 256 * 1024, TURN_FRAMES = 1024, CHUNK_TAIL_MIN = 16 * 1024 };

/* What was read since others had their turn. Frames count too: a turn of bytes is twenty thousand of the smallest. */
struct turn {
  uint64_t bytes;
  uint32_t frames;
};

static bool turn_is_over(const struct turn *turn) {
  return turn->bytes >= TURN_BYTES || turn->frames >= TURN_FRAMES;
}

/* ---- parsing ---- */

static void broken(struct mux *mux, const char *error, struct op_list *ended) {
  if (error == receive_no_memory) {
    mux_end(mux, cause_plain(HWS_E_NOMEM), END_REMOTE, ended); /* no fault of the peer's */
    return;
  }
  const struct frame *frame = &mux->parser.frame;
  struct cause *cause =
      negotiate_is_decided(mux) || mux->parser.error
          ? cause_make(HWS_E_PROTOCOL, 0, HWS_CODE_PROTOCOL, "%s (frame type %u, flags 0x%x, stream %u, length %u)",
                       error, frame->type, frame->flags, (unsigned)frame->stream, (unsigned)frame->length)
          : cause_make(HWS_E_PROTOCOL, 0, HWS_CODE_PROTOCOL, "%s", error);
  cause = cause_by_peer(cause);
  mux->last_word = 1; /* docs/wire.md: a protocol error */
  mux_end(mux, cause, END_REMOTE, ended);
  cause_unref(cause);
}

/* Lock held: go through what was read and is not parsed yet; stops early when replies are full or the turn is over. */
static void parse(struct mux *mux, struct turn *turn, struct op_list *ended) {
  const char *error = NULL;
  const uint8_t *data = mux->unparsed;
  size_t len = mux->unparsed_len;
  mux->unparsed_len = 0;
  while (!error && mux->state != SESSION_ENDED) {
    if (guard_is_full(mux) || turn->frames >= TURN_FRAMES) {
      mux->unparsed = data;
      mux->unparsed_len = len;
      return;
    }
    if (mux->negotiation != NEGOTIATE_DONE && (error = negotiate_bytes(mux, &data, &len, ended))) break;
    enum parse_event event = parser_next(&mux->parser, &data, &len);
    if (event == PARSE_MORE) return;
    if (event == PARSE_FRAME) {
      turn->frames++;
      receive_frame(mux, &error, ended);
    } else if (event == PARSE_BODY) {
      receive_body(mux, &error, ended);
    } else {
      error = mux->parser.error;
    }
  }
  if (error) broken(mux, error, ended);
}

/* ---- the carrier ---- */

/* Where the next bytes go. A chunk that nobody else holds begins anew; one that somebody holds is filled further. */
static bool next_room(struct mux *mux) {
  struct runtime *runtime = mux->session.object.runtime;
  if (mux->chunk && buffer_sole(mux->chunk)) {
    mux->chunk_used = 0;
    if (mux->chunk->holder) buffer_uncount(mux->chunk);
  }
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
  const char *error = NULL;
  mux_count(mux, SESSION_READS, 1);
  mux->inline_flushes = 0;
  mux->unread = false;
  uint64_t direct = direct_apply(mux, event->bytes, &error, ended);
  if (error) broken(mux, error, ended);
  if (event->status != HWS_OK && event->status != DIRECT_TAKEN_BACK) {
    part_end(mux);
    struct cause *cause = mux_carrier_cause(mux, false, event->status);
    mux_end(mux, cause, END_REMOTE, ended);
    cause_unref(cause);
    return 0;
  }
  mux->unparsed = mux->chunk->data + mux->chunk_used;
  mux->unparsed_len = event->bytes - direct;
  mux->chunk_used += (uint32_t)mux->unparsed_len;
  mux_count(mux, SESSION_BYTES_IN, event->bytes);
  return event->bytes;
}

/* May another read be made, now or in the next turn? Lock held. */
static bool may_read(struct mux *mux, const struct turn *turn, struct op_list *ended) {
  if (mux->state == SESSION_ENDED && !part_is_under_way(mux)) return false;
  if (guard_is_full(mux)) {
    mux->paused = true;
    mux_count(mux, SESSION_READ_PAUSES, 1);
    return false;
  }
  /* The room of a turn that is over may still hold what is not parsed. */
  if (turn_is_over(turn) || next_room(mux)) return true;
  mux_end(mux, cause_plain(HWS_E_NOMEM), END_REMOTE, ended);
  part_cut(mux, cause_plain(HWS_E_NOMEM));
  return false;
}

/* Lock held; drops it while it asks the carrier. True: the read is out, and who takes its end goes on, with the pin
 * that stands for reading. False: reading has stopped; that pin is the caller's to give back. */
static bool read_on(struct mux *mux, bool have_result, struct op_list *ended) {
  struct turn turn = {0};
  for (;;) {
    if (have_result) turn.bytes += apply_read(mux, ended);
    if (mux->unparsed_len) parse(mux, &turn, ended);
    if (hold_is_over(mux->holder.hold)) hold_relieve(mux, ended);
    if (!may_read(mux, &turn, ended)) break;
    bool others = turn_is_over(&turn);
    if (!others) direct_begin(mux);
    bool kick = !schedule_is_empty(mux) || mux->state == SESSION_DRAINING; /* a drain may have nothing left to owe */
    lock_drop(&mux->lock);
    op_deliver(ended);
    if (kick) writer_kick(mux, KICK_NOW);
    bool over = false;
    if (others) {
      /* The next turn of the loop asks again. */
      object_pin(&mux->session.object);
      (void)task_post(&mux->session.object.runtime->loop, &mux->read_task); /* one reads, so it stands there once */
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
static bool begin(struct mux *mux) {
  lock_take(&mux->lock);
  bool begins = !mux->reading && (mux->state != SESSION_ENDED || part_is_under_way(mux));
  if (begins) mux->reading = true;
  lock_drop(&mux->lock);
  if (begins) object_pin(&mux->session.object);
  return begins;
}

void reader_start(struct mux *mux) {
  if (begin(mux)) read_and_leave(mux, false);
}

/* Never at once: reading kicks the writer, whose end resumes reading, and a peer that makes both go on for ever would
 * have us call ourselves as often. */
void reader_resume(struct mux *mux) {
  if (!begin(mux)) return;
  object_pin(&mux->session.object);
  (void)task_post(&mux->session.object.runtime->loop, &mux->read_task);
}

void reader_free(struct mux *mux) {
  if (mux->chunk) buffer_unref(mux->chunk);
  if (mux->head) buffer_unref(mux->head);
}
