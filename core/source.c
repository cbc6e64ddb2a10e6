/* SPDX-License-Identifier: Apache-2.0
 *
 * Bringing a file's bytes to an op.
 */
#include "core/source.h"

#include <stdlib.h>

#include "core/file.h"
#include "core/park.h"
#include "core/pool.h"
#include "core/runtime.h"
#include "core/stream.h"

enum { PIECES = 2 };

struct source {
  struct job job;
  struct pool *pool;
  atomic_uint refs;      /* the op's, and the job's while it is out */
  struct lock lock;      /* op */
  struct op *op;         /* NULL: it has ended */
  struct file_part part; /* with a descriptor of the source's own */
  uint8_t *pieces[PIECES];
  /* under the stream's lock */
  bool working;   /* the job is out: what is below is the job's */
  bool direct;    /* the transport takes the bytes */
  uint64_t base;  /* how much of the op lies before its first vector */
  uint64_t loads; /* the next goes into piece loads % PIECES */
  /* of the job, while it is out */
  bool checked;
  uint64_t from;  /* in the op */
  uint64_t asked; /* 0: only looks at the file */
  int64_t got;
  int status;
  int os_error;
};

void source_unref(struct source *source) {
  if (!source || atomic_fetch_sub_explicit(&source->refs, 1, memory_order_acq_rel) != 1) return;
  for (int i = 0; i < PIECES; i++) free(source->pieces[i]);
  file_close(source->part.file);
  free(source);
}

struct source *source_ref(struct source *source) {
  atomic_fetch_add_explicit(&source->refs, 1, memory_order_relaxed);
  return source;
}

void source_detach(struct source *source) {
  lock_take(&source->lock);
  source->op = NULL;
  lock_drop(&source->lock);
}

/* The op, pinned, unless it has ended. */
static struct op *pin_op(struct source *source) {
  lock_take(&source->lock);
  struct op *op = source->op;
  if (op) object_pin(&op->object);
  lock_drop(&source->lock);
  return op;
}

/* ---- ends that the file brings about ---- */

static void say(struct op *op, int status, int os_error, const char *what, uint64_t at) {
  char room[OS_ERROR_TEXT_MAX];
  const char *system = os_error ? os_error_text(os_error, room) : "";
  runtime_note(op->runtime, cause_make(status, os_error, 0, "sendfile: %s after %llu of %llu bytes%s%s", what,
                                       (unsigned long long)at, (unsigned long long)op->source->part.length,
                                       os_error ? ": " : "", system));
}

/* There will be no more than was handed out so far: what of that is on its way goes out, then the op ends so. */
static void run_dry(struct op *op, int status) {
  op->outcome = status;
  op->total = op->ready;
  op->eom = false;
}

void source_short(struct op *op) {
  say(op, HWS_E_INVAL, 0, "the file ended", op->event.bytes);
  op->ready = op->event.bytes;
  run_dry(op, HWS_E_INVAL);
}

static void fail(struct source *source, struct op *op) {
  bool other = source->status == HWS_E_INVAL;
  say(op, source->status, source->os_error, other ? "found no regular file" : "reading the file failed", op->ready);
  run_dry(op, source->status);
}

/* ---- the job ---- */

static void load(struct source *source) {
  uint8_t **piece = &source->pieces[source->loads % PIECES];
  if (!*piece) *piece = malloc(SOURCE_PIECE);
  if (!*piece) {
    source->status = HWS_E_NOMEM;
    return;
  }
  source->got =
      file_read(source->part.file, *piece, source->asked, source->part.offset + source->from, &source->os_error);
  if (source->got < 0) source->status = HWS_E_IO;
}

static void work(struct source *source) {
  if (!source->checked) source->status = file_check_kind(source->part.file, &source->os_error);
  source->checked = true;
  if (source->status == HWS_OK && source->asked) load(source);
}

/* Stream locked. What the job brought stands behind what was there. */
static void apply(struct source *source, struct op *op) {
  uint64_t got = source->got > 0 ? (uint64_t)source->got : 0;
  if (got) {
    op->vec[op->vec_count++] = (struct hws_vec){.ptr = source->pieces[source->loads++ % PIECES], .len = got};
    op->ready += got;
  }
  if (source->status != HWS_OK) {
    fail(source, op);
  } else if (got < source->asked) {
    say(op, HWS_E_INVAL, 0, "the file ended", op->ready);
    run_dry(op, HWS_E_INVAL);
  }
}

/* Everything is out already, and nothing more will come. */
static void end_dry(struct stream *stream, struct op *op, struct op_list *ended) {
  if (op->event.bytes != op->total) return;
  op_list_remove(&stream->sends, op);
  op_end(op, op->outcome, ended);
}

static void pull(struct op *op);

static void deliver(struct source *source, struct op *op) {
  struct stream *stream = (struct stream *)op->on;
  struct op_list ended = {0};
  lock_take(stream->lock);
  source->working = false;
  /* rare: its last piece is being taken back */
  if (atomic_load(&op->state) != OP_ENDED && op->listed) {
    apply(source, op);
    if (op->outcome)
      end_dry(stream, op, &ended);
    else
      pull(op);
    stream->class->push(stream);
  }
  lock_drop(stream->lock);
  op_deliver(&ended);
  stream->class->kick(stream, KICK_NOW);
}

static void run(struct job *job) {
  struct source *source = (struct source *)job;
  struct op *op = pin_op(source);
  if (op) object_unpin(&op->object); /* not pinned while the system is asked: that may take long */
  if (op) work(source);
  op = pin_op(source);
  if (op) {
    deliver(source, op);
    object_unpin(&op->object);
  }
  source_unref(source);
}

/* Stream locked: send the job out, if there is something to do for it. */
static void pull(struct op *op) {
  struct source *source = op->source;
  bool over = op->outcome || op->cancel || !op->listed;
  uint64_t left = op->total - op->ready;
  if (source->working || over || (source->direct && source->checked)) return;
  if (!source->direct && (!left || op->vec_count == PIECES)) return;
  source->from = op->ready;
  source->asked = source->direct ? 0 : left < SOURCE_PIECE ? left : SOURCE_PIECE;
  source->got = 0;
  source->working = true;
  atomic_fetch_add_explicit(&source->refs, 1, memory_order_relaxed);
  (void)pool_post(source->pool, &source->job); /* has a thread, and takes whatever waits */
}

/* ---- the op's side ---- */

int source_attach(struct op *op, const struct file_part *part, bool direct) {
  struct pool *pool = op->runtime->files;
  int status = pool_ready(pool);
  if (status != HWS_OK) return status;
  struct source *source = calloc(1, sizeof *source);
  if (!source) return HWS_E_NOMEM;
  *source = (struct source){.job.run = run, .pool = pool, .refs = 1, .op = op, .part = *part, .direct = direct};
  status = file_duplicate(part->file, &source->part.file);
  if (status != HWS_OK) {
    free(source);
    return status;
  }
  op->source = source;
  op->total = part->length;
  return HWS_OK;
}

void source_start(struct op *op) {
  pull(op);
}

bool source_is_direct(const struct op *op) {
  return op->source->direct;
}

bool source_is_ready(const struct op *op) {
  return op->source->direct ? !op->source->working : op->ready > op->event.bytes;
}

struct file_part source_rest(const struct op *op) {
  const struct file_part *part = &op->source->part;
  uint64_t done = op->event.bytes;
  return (struct file_part){.file = part->file, .offset = part->offset + done, .length = part->length - done};
}

void source_indirect(struct op *op) {
  struct source *source = op->source;
  source->direct = false;
  source->base = op->ready = op->event.bytes;
  pull(op);
}

void source_written(struct op *op) {
  struct source *source = op->source;
  if (source->direct) return;
  while (op->vec_count && op->event.bytes - source->base >= op->vec[0].len) {
    source->base += op->vec[0].len;
    op->vec[0] = op->vec[1];
    op->vec_count--;
    op->vec_at--;
  }
  pull(op);
}
