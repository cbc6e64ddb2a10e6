/* SPDX-License-Identifier: Apache-2.0
 *
 * The stream class of a session: how the ops of a stream become frames, and when a stream is over on the wire.
 *
 * Life. A stream is known to its session from open or SYN until it is over on the wire: both ends were sent and
 * received, or a reset was sent or received. The session pins it meanwhile; its handle is a pin of its own, so either
 * may go first.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mux/mux.h"

static struct mux_stream *self(struct stream *stream) {
  return (struct mux_stream *)stream;
}

/* ---- life ---- */

void mux_native_free(struct mux_native *native) {
  if (!native) return;
  if (native->head) buffer_unref(native->head);
  marks_clear(&native->ends);
  cause_unref(native->stop);
  cause_unref(native->abort);
  free(native);
}

struct mux_native *mux_stream_native(struct mux_stream *stream) {
  if (!stream->native) stream->native = calloc(1, sizeof *stream->native);
  return stream->native;
}

static void mux_stream_free(struct object *object) {
  struct mux_stream *stream = (struct mux_stream *)object;
  struct mux *mux = stream->mux;
  stream_fini(&stream->stream);
  if (stream->cost) hold_sub(&mux->holder, stream->cost);
  mux_native_free(stream->native);
  if (stream->stranded) atomic_fetch_sub_explicit(&mux->stranded, 1, memory_order_relaxed);
  free(stream);
  object_unpin(&mux->session.object);
}

struct mux_stream *mux_stream_new(struct mux *mux, bool opener, int *status) {
  struct mux_stream *stream = calloc(1, sizeof *stream);
  *status =
      stream ? stream_init(&stream->stream, &mux_stream_class, mux->session.object.runtime, &mux->lock) : HWS_E_NOMEM;
  if (*status != HWS_OK) {
    free(stream);
    return NULL;
  }
  stream->mux = mux;
  object_pin(&mux->session.object);
  stream->opener = stream->stream.dialled = opener;
  stream->stream.depth = mux->depth;
  stream->stream.received.holder = &mux->holder;
  return stream;
}

void mux_stream_know(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  stream->known = true;
  stream->stream.ready = stream->stream.usable = true;
  flow_begin(stream);
  stream->next = mux->all;
  if (stream->next) stream->next->prev = stream;
  mux->all = stream;
  mux_hold(stream);
  mux->streams++;
  atomic_store_explicit(&mux->counters[SESSION_STREAMS], mux->streams, memory_order_relaxed);
  if (mux->streams > atomic_load_explicit(&mux->counters[SESSION_STREAMS_PEAK], memory_order_relaxed))
    atomic_store_explicit(&mux->counters[SESSION_STREAMS_PEAK], mux->streams, memory_order_relaxed);
  if (stream->opener) mux->unacked++;
  if (stream->opener) mux->opened++;
}

void mux_stream_drop_blocks(struct mux_stream *stream) {
  stream->mux->copied -= stream->copied;
  stream->stream.lost += stream->copied;
  stream->copied = 0;
  if (stream->native) marks_clear(&stream->native->ends);
  stream->head_cut = 0;
  stream->last_block = NULL;
  for (struct buffer *block; (block = stream->first_block);) {
    stream->first_block = block->next;
    buffer_unref(block);
  }
}

void mux_forget_inbound(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  *(stream->prev_inbound ? &stream->prev_inbound->next_inbound : &mux->inbound) = stream->next_inbound;
  *(stream->next_inbound ? &stream->next_inbound->prev_inbound : &mux->inbound_last) = stream->prev_inbound;
  stream->next_inbound = NULL;
  mux->inbound_count--;
}

/* Nobody accepted it: its handle is the session's to close. */
void mux_discard_one(struct mux_stream *stream) {
  if (stream->opener || stream->accepted) return;
  stream->accepted = true;
  mux_forget_inbound(stream);
  /* rare: its handle was guessed */
  if (object_close(&stream->stream.object)) object_unpin(&stream->stream.object);
}

void mux_discard_inbound(struct mux *mux) {
  while (mux->inbound) mux_discard_one(mux->inbound);
}

/* What the peer may still say of it, not knowing that it is over. */
static void expect_late(const struct mux_stream *stream) {
  bool sends_no_more = stream->heard & (HEARD_FIN | HEARD_ABORT);
  if (!stream->id || (sends_no_more && (stream->heard & HEARD_STOP))) return;
  guard_forgotten(stream->mux, sends_no_more ? 0 : stream->window);
}

/* Ended by the last of what it waits for: its end on the wire, and a recv whose memory is in use (OP-6). One that is
 * hurried waits for the latter alone: what was taken still goes out, and this session's own close waits for that. */
void mux_stream_closed(struct mux_stream *stream, struct op_list *ended) {
  bool is_told = stream->mux->state != SESSION_ENDED || !stream->in_batch; /* what becomes of its bytes there */
  bool over = stream->gone ? is_told : stream->stream.out >= OUT_SHUT || stream->stream.hurried;
  if (stream->stream.closing && !stream->stream.closed && over && !direct_is_of(stream))
    stream_closed(&stream->stream, ended);
}

void mux_stream_drop(struct mux_stream *stream, struct op_list *ended) {
  struct mux *mux = stream->mux;
  assert(!stream->gone && stream->known);
  stream->gone = true;
  stream->on_wire = false;
  mux_hold(stream);
  schedule_forget(stream);
  mux_stream_drop_blocks(stream);
  alive_unlinger(stream);
  flow_release(stream);
  expect_late(stream);
  if (stream->id) table_remove(mux, stream);
  if (stream->opener && !stream->acked) mux->unacked--;
  mux_stream_closed(stream, ended);
  *(stream->prev ? &stream->prev->next : &mux->all) = stream->next;
  if (stream->next) stream->next->prev = stream->prev;
  if (mux->debtors == stream) mux->debtors = stream->next;
  mux->streams--;
  if (stream->opener) mux->opened--;
  atomic_store_explicit(&mux->counters[SESSION_STREAMS], mux->streams, memory_order_relaxed);
  mux_let_go(stream);
  /* What had arrived before the session's end can still be accepted (MUX-10). */
  if (mux->state != SESSION_ENDED) mux_discard_one(stream);
  if (mux->state == SESSION_RUNNING) mux_admit(mux, ended);
  if (mux->drains.first) drain_check(mux, ended);
  mux_let_go(stream);
}

/* Has the peer's direction ended, for both sides? One that the close of the session ended goes on for the peer: what
 * comes is dropped, and earns credit. */
static bool is_in_over(const struct mux_stream *stream) {
  if (stream->stream.in == IN_OPEN) return false;
  bool stopped = stream->native && stream->native->stop;
  return stream->mux->state != SESSION_DRAINING || stopped || (stream->heard & (HEARD_FIN | HEARD_ABORT));
}

void mux_stream_settle(struct mux_stream *stream, struct op_list *ended) {
  if (stream->gone || stream->in_batch || (stream->stream.in == IN_OPEN && !stream->dead)) return;
  bool reset_out = stream->dead && !(stream->wants & WANT_RST);
  bool unsaid = stream->out_void || (stream->stream.closing && stream->mux->state == SESSION_DEAF);
  bool both_ends = is_in_over(stream) && (stream->stream.out == OUT_SHUT || unsaid);
  if (stream->dead || (stream->wants & (WANT_STOP | WANT_ABORT))) both_ends = false; /* the peer is told first */
  if (reset_out || both_ends) mux_stream_drop(stream, ended);
}

/* ---- the class ---- */

static uint64_t stream_take(struct stream *stream, const struct hws_vec *vec, uint32_t count, uint64_t total,
                            bool partial) {
  uint64_t taken = flow_take(self(stream), vec, count, total, partial);
  if (taken) schedule_data(self(stream));
  return taken;
}

/* What it is given is filled by frames that are whole in the library's memory already, or by a read of the carrier. */
static bool stream_revocable(const struct stream *stream) {
  (void)stream;
  return false;
}

static bool stream_messages(const struct stream *stream) {
  return ((const struct mux_stream *)stream)->mux->native;
}

static bool stream_may_end(struct stream *stream) {
  return flow_may_end(self(stream));
}

static bool stream_take_end(struct stream *stream) {
  return flow_take_end(self(stream));
}

static bool stream_writable(struct stream *stream) {
  return flow_is_writable(self(stream));
}

static void stream_push(struct stream *stream) {
  self(stream)->mux->inline_flushes = 0; /* large ones are worth a flush of their own */
  schedule_data(self(stream));
}

static void take_back(struct mux *mux) {
  mux->revoke = true;
  atomic_store_explicit(&mux->attention, true, memory_order_release);
}

/* Bytes of it are in the batch: the carrier has to give that back first. */
static bool is_in_batch(const struct op *op) {
  return op->planned != op->event.bytes;
}

static bool stream_unsend(struct stream *stream, struct op *op, int status) {
  bool in_batch = op->event.kind == HWS_KIND_SHUTDOWN ? self(stream)->fin_cut : is_in_batch(op);
  if (!in_batch) return true;
  op->cancel = status;
  take_back(self(stream)->mux);
  return false;
}

static void stream_want(struct stream *stream) {
  (void)stream; /* the session always reads */
}

static bool stream_unwant(struct stream *stream, struct op *op, int status) {
  if (!direct_holds(self(stream), op)) return true;
  op->cancel = status;
  direct_take_back(self(stream)->mux);
  return false;
}

static void stream_consumed(struct stream *stream, uint64_t bytes) {
  flow_consumed(self(stream), bytes);
}

static void stream_hold_in(struct stream *stream) {
  struct op *op = stream->recvs.first;
  if (!op || !direct_holds(self(stream), op)) return;
  op_list_remove(&stream->recvs, op);
  direct_take_back(self(stream)->mux);
}

static void stream_hold_out(struct stream *stream) {
  for (struct op *op = stream->sends.first, *next; op; op = next) {
    next = op->next;
    if (!op_is_send(op) || !is_in_batch(op)) continue;
    op_list_remove(&stream->sends, op);
    take_back(self(stream)->mux);
  }
}

static void tell_reset(struct mux_stream *stream) {
  struct mux *mux = stream->mux;
  if (stream->gone || stream->dead || !stream->known || !stream_last_cause(&stream->stream)) return;
  stream->dead = true;
  mux_stream_drop_blocks(stream);
  schedule_control(stream, WANT_RST);
  take_back(mux);
}

static void stream_abort(struct stream *stream) {
  tell_reset(self(stream));
}

/* False: the wire cannot say it. */
static bool stream_stop_class(struct stream *stream, bool sending, struct cause *cause) {
  struct mux_stream *mine = self(stream);
  struct mux_native *native = mine->mux->native ? mux_stream_native(mine) : NULL;
  struct cause **why = native ? sending ? &native->abort : &native->stop : NULL;
  if (!why) return false;
  if (*why) return true;
  *why = cause_ref(cause);
  if (sending) {
    mine->out_void = true;
    mux_stream_drop_blocks(mine);
  }
  schedule_control(mine, sending ? WANT_ABORT : WANT_STOP);
  return true;
}

void mux_stream_give_up(struct mux_stream *stream, struct cause *cause, struct op_list *ended) {
  stream_void(&stream->stream, cause, ended);
  stream_end(&stream->stream, cause, true, ended);
  tell_reset(stream);
}

/* What was taken is still sent: in native the peer is told to stop. In plain yamux only a reset could say so, which
 * waits until our end is out; and where anything stands before that, until the peer was silent for long enough, as some
 * drop with a reset what they have not read. */
void mux_stream_refuse_data(struct mux_stream *stream, struct op_list *ended) {
  if (!stream->mux->native && (stream->stream.out < OUT_SHUT || flow_has_sent(stream))) return;
  if (stream->mux->state == SESSION_DEAF) return; /* nothing can be said */
  struct cause *cause =
      cause_make(HWS_E_CANCELED, 0, HWS_CODE_CANCELED, "the stream was closed, and nobody reads what comes");
  if (stream->mux->native && stream_stop_class(&stream->stream, false, cause))
    stream_end_in(&stream->stream, cause, ended);
  else
    mux_stream_give_up(stream, cause, ended);
  cause_unref(cause);
}

static bool stream_over(const struct stream *stream) {
  const struct mux_stream *mine = (const struct mux_stream *)stream;
  return (mine->gone || stream_is_over(stream)) && !direct_is_of(mine);
}

static void stream_close_class(struct stream *stream, struct op_list *ended) {
  struct mux_stream *mine = self(stream);
  if (mine->gone || !mine->known) {
    mine->gone = true;
    mux_stream_closed(mine, ended);
  } else {
    /* Without a window nothing can come that would be refused, and nobody would grant one any more. */
    bool refused = stream->unread || (mine->mux->native && !mine->window);
    if (refused && stream->in == IN_OPEN && mine->on_wire) mux_stream_refuse_data(mine, ended);
    mux_stream_closed(mine, ended);
    alive_linger(mine);
    mux_stream_settle(mine, ended);
  }
}

static bool stream_due(const struct stream *stream, enum stream_kick kick) {
  return writer_is_due(((const struct mux_stream *)stream)->mux, kick);
}

static void stream_kick(struct stream *stream, enum stream_kick kick) {
  writer_kick(self(stream)->mux, kick);
}

static int stream_name(struct mux_stream *stream, char *text, uint32_t size) {
  lock_take(stream->stream.lock);
  const struct mux_native *native = stream->native;
  bool named = native && native->head;
  int length = snprintf(text, size, "%.*s", named ? (int)native->name_len : 0, named ? (char *)native->head->data : "");
  lock_drop(stream->stream.lock);
  return length;
}

static int stream_metadata(struct stream *stream, uint32_t index, struct hws_pair *pair) {
  const struct mux_native *native = self(stream)->native;
  if (!native || !native->head) return HWS_E_INVAL;
  bool there = open_pair_at(native->head->data, native->head_len, native->name_len, index, pair);
  return there ? HWS_OK : HWS_E_INVAL;
}

static int stream_text(struct stream *stream, uint32_t which, char *text, uint32_t size) {
  if (which == HWS_TEXT_NAME) return stream_name(self(stream), text, size);
  return session_text(&self(stream)->mux->session, which, text, size);
}

static int stream_peer(struct stream *stream, struct hws_peer *peer) {
  return session_peer(&self(stream)->mux->session, peer);
}

const struct stream_class mux_stream_class = {
    .object = {.type = OBJECT_STREAM, .free = mux_stream_free},
    .buffered = true,
    .revocable = stream_revocable,
    .messages = stream_messages,
    .take = stream_take,
    .may_end = stream_may_end,
    .take_end = stream_take_end,
    .writable = stream_writable,
    .push = stream_push,
    .unsend = stream_unsend,
    .want = stream_want,
    .unwant = stream_unwant,
    .consumed = stream_consumed,
    .hold_in = stream_hold_in,
    .hold_out = stream_hold_out,
    .abort = stream_abort,
    .stop = stream_stop_class,
    .over = stream_over,
    .close = stream_close_class,
    .due = stream_due,
    .kick = stream_kick,
    .text = stream_text,
    .way = mux_stream_way,
    .metadata = stream_metadata,
    .peer = stream_peer,
};
