/* SPDX-License-Identifier: Apache-2.0
 *
 * Who writes, and when.
 *
 * Whoever has something to say and finds nobody writing writes at once, in its own thread; what others append meanwhile
 * goes out with the next batch (MUX-5). That costs a system call a message for a producer that never waits for an
 * answer, so after a few small flushes with nothing read in between the loop's I/O thread takes over, until something
 * is read.
 */
#include <assert.h>
#include <stddef.h>

#include "core/mux/mux.h"

enum {
  LONE_FLUSHES = 4,       /* small inline flushes in a row before the I/O thread takes over */
  SMALL_FLUSH = 16 * 1024 /* a larger one is worth its system call */
};

static void fill_vec(struct mux *mux) {
  uint32_t count = 0;
  uint64_t total = 0;
  for (uint32_t i = mux->batch_first; i < mux->batch_count; i++) {
    struct piece *piece = &mux->pieces[i];
    const uint8_t *data = piece->data ? piece->data : piece->header;
    uint32_t left = piece->len - piece->done;
    total += left;
    /* Small frames lie side by side. */
    struct hws_vec *last = count ? &mux->vec[count - 1] : NULL;
    if (last && (const uint8_t *)last->ptr + last->len == data + piece->done)
      last->len += left;
    else
      mux->vec[count++] = (struct hws_vec){.ptr = (void *)(uintptr_t)(data + piece->done), .len = left};
  }
  op_reuse_inside(&mux->write_op);
  mux->write_op.vec = mux->vec;
  mux->write_op.vec_count = count;
  mux->write_op.total = total;
}

static bool may_write(const struct mux *mux) {
  return mux->state == SESSION_RUNNING || mux->state == SESSION_DRAINING;
}

/* One that was only taken back goes on; a carrier that ended may give the same status. */
static bool has_failed(const struct mux *mux, int32_t status) {
  if (status == HWS_OK) return false;
  return status != HWS_E_CANCELED || !stream_is_sendable(mux->under);
}

/* The write op ended. Lock held; the batch is advanced, and pruned if it was taken back. */
static void apply(struct mux *mux, struct op_list *ended) {
  struct op *op = &mux->write_op;
  atomic_store_explicit(&mux->writer, WRITER_IDLE, memory_order_relaxed);
  mux_count(mux, SESSION_WRITES, 1);
  batch_advance(mux, op->event.bytes, ended);
  if (mux->starved) schedule_fed(mux);
  if (has_failed(mux, op->event.status)) {
    struct cause *cause = mux_carrier_cause(mux, true, op->event.status);
    mux_write_failed(mux, cause, ended);
    cause_unref(cause);
  } else if (mux->revoke && may_write(mux)) {
    batch_prune(mux, ended);
  }
  mux->revoke = mux->revoking = false;
  if (!may_write(mux)) batch_drop_all(mux, ended);
}

/* Lock held, dropped meanwhile. False: it pends. */
static bool write_batch(struct mux *mux, struct op_list *ended) {
  fill_vec(mux);
  atomic_store_explicit(&mux->writer, WRITER_OUT, memory_order_relaxed);
  lock_drop(&mux->lock);
  object_pin(&mux->session.object); /* for the case that it pends */
  bool over = stream_send_inside(mux->under, &mux->write_op);
  lock_take(&mux->lock);
  if (!over) return false;
  object_unpin(&mux->session.object);
  apply(mux, ended);
  return true;
}

void writer_run(struct mux *mux, struct op_list *ended) {
  while (may_write(mux)) {
    /* The go-away is the last frame: what came to be said while it was written is left unsaid. */
    if (!mux->batch_count && !mux->goaway_cut) schedule_fill(mux, ended);
    if (!mux->batch_count && !mux_drain_next(mux, ended)) {
      if (mux->starved) schedule_idle(mux, ended);
      break;
    }
    if (!write_batch(mux, ended)) {
      alive_writing(mux);
      break;
    }
  }
}

bool writer_say_last(struct mux *mux, uint32_t reason, struct op_list *ended) {
  assert(atomic_load(&mux->writer) != WRITER_OUT); /* else there is no last word: mux_end */
  negotiate_cut(mux);
  batch_add_header(mux, NULL, &(struct frame){.type = FRAME_GOAWAY, .length = reason});
  return write_batch(mux, ended) && mux->write_op.event.status == HWS_OK;
}

/* A write that pended has ended; from the loop. */
static void write_done(struct task *task) {
  struct mux *mux = (struct mux *)((char *)task - offsetof(struct mux, write_op.task));
  struct op_list ended = {0};
  struct stream *under = mux->under;
  lock_take(&mux->lock);
  apply(mux, &ended);
  writer_run(mux, &ended);
  mux_leave(mux, &ended);
  object_unpin(&under->object); /* op_deliver's */
  object_unpin(&mux->session.object);
}

static void drain_run(struct task *task) {
  struct mux *mux = (struct mux *)((char *)task - offsetof(struct mux, drain_task));
  struct op_list ended = {0};
  lock_take(&mux->lock);
  if (atomic_load(&mux->writer) == WRITER_DEFERRED) {
    atomic_store_explicit(&mux->writer, WRITER_IDLE, memory_order_relaxed);
    writer_run(mux, &ended);
  }
  mux_leave(mux, &ended);
  object_unpin(&mux->session.object);
}

static void lazy_flush(struct lazy *lazy) {
  struct mux *mux = (struct mux *)((char *)lazy - offsetof(struct mux, lazy));
  lock_take(&mux->lock);
  mux->lazing = false;
  lock_drop(&mux->lock);
  writer_kick(mux, KICK_NOW);
  object_unpin(&mux->session.object);
}

void writer_init(struct mux *mux) {
  op_init_inside(&mux->write_op, mux->session.object.runtime, &mux->under->object, HWS_KIND_SEND, stream_revoke,
                 write_done);
  mux->drain_task.run = drain_run;
  mux->lazy.flush = lazy_flush;
}

static void defer(struct mux *mux) {
  mux_count(mux, SESSION_WRITES_DEFERRED, 1);
  atomic_store_explicit(&mux->writer, WRITER_DEFERRED, memory_order_relaxed);
  object_pin(&mux->session.object);
  (void)task_post(&mux->session.object.runtime->loop, &mux->drain_task); /* not twice: WRITER_DEFERRED */
}

static void stay_lazy(struct mux *mux) {
  if (mux->lazing) return;
  mux->lazing = true;
  object_pin(&mux->session.object);
  runtime_add_lazy(mux->session.object.runtime, &mux->lazy);
}

/* One that only sends: its next messages will find somebody else writing. */
static bool is_streaming(struct mux *mux) {
  if (mux->session.object.runtime->loop.caller_driven || mux->copied >= SMALL_FLUSH) return false;
  return mux->inline_flushes++ >= LONE_FLUSHES;
}

static bool has_work(const struct mux *mux, enum stream_kick kick) {
  if (mux->batch_count || mux->state == SESSION_DRAINING || schedule_has_control(mux)) return true;
  return kick != KICK_CONTROL && mux->data;
}

static bool stays_lazy(const struct mux *mux, enum stream_kick kick) {
  return kick == KICK_LATER && mux->copied < LAZY_BYTES;
}

/* Whoever is writing looks at the schedule again, under the lock, before it stops. */
bool writer_is_due(const struct mux *mux, enum stream_kick kick) {
  if (mux->paused || atomic_load_explicit(&mux->attention, memory_order_relaxed)) return true;
  if (atomic_load_explicit(&mux->writer, memory_order_relaxed) != WRITER_IDLE) return false;
  return may_write(mux) && has_work(mux, kick) && !(mux->lazing && stays_lazy(mux, kick));
}

void writer_kick(struct mux *mux, enum stream_kick kick) {
  struct op_list ended = {0};
  /* Whoever is writing looks at the schedule again, under the lock, before it stops: what was appended under the lock
   * before this is seen. */
  if (atomic_load_explicit(&mux->writer, memory_order_acquire) != WRITER_IDLE &&
      !atomic_load_explicit(&mux->attention, memory_order_acquire))
    return;
  lock_take(&mux->lock);
  bool idle = atomic_load_explicit(&mux->writer, memory_order_relaxed) == WRITER_IDLE;
  if (idle && may_write(mux) && has_work(mux, kick)) {
    if (stays_lazy(mux, kick))
      stay_lazy(mux);
    else if (mux->state == SESSION_RUNNING && is_streaming(mux))
      defer(mux);
    else
      writer_run(mux, &ended);
  }
  mux_leave(mux, &ended);
}
