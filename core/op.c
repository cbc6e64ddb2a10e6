/* SPDX-License-Identifier: Apache-2.0
 *
 * The exactly-once lifecycle of ops.
 */
#include "core/op.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/park.h"
#include "core/queue.h"
#include "core/refused.h"
#include "core/runtime.h"
#include "core/scope.h"
#include "core/source.h"

static void op_free(struct object *object);

static const struct object_class op_class = {.type = OBJECT_OP, .free = op_free};

void op_chain_append(struct op_list *list, struct op *op) {
  op->prev = list->last;
  op->next = NULL;
  *(list->last ? &list->last->next : &list->first) = op;
  list->last = op;
}

void op_chain_remove(struct op_list *list, struct op *op) {
  *(op->prev ? &op->prev->next : &list->first) = op->next;
  *(op->next ? &op->next->prev : &list->last) = op->prev;
}

void op_chain_move(struct op_list *to, struct op_list *from) {
  from->first->prev = to->last;
  *(to->last ? &to->last->next : &to->first) = from->first;
  to->last = from->last;
  *from = (struct op_list){0};
}

void op_list_append(struct op_list *list, struct op *op) {
  op_chain_append(list, op);
  op->listed = true;
}

void op_list_remove(struct op_list *list, struct op *op) {
  if (!op->listed) return;
  op_chain_remove(list, op);
  op->listed = false;
}

/* ---- the pool ---- */

static struct op *pool_take(struct runtime *runtime, int *status) {
  struct op_pool *pool = &runtime->ops;
  struct op *op;
  bool first = true;
  do {
    lock_take(&pool->lock);
    op = pool->free;
    if (op) pool->free = op->next;
    pool->out += first;
    first = false;
    lock_drop(&pool->lock);
    /* rare: its generations are used up */
  } while (op && !object_renew(&op->object) && (free(op), true));
  if (op) return op;
  op = calloc(1, sizeof *op);
  *status = op ? object_init_hidden(&op->object, &op_class, NULL) : HWS_E_NOMEM;
  if (*status == HWS_OK) return op;
  free(op);
  lock_take(&pool->lock);
  pool->out--;
  lock_drop(&pool->lock);
  return NULL;
}

static void pool_give(struct runtime *runtime, struct op *op) {
  struct op_pool *pool = &runtime->ops;
  lock_take(&pool->lock);
  op->next = pool->free;
  pool->free = op;
  pool->out--;
  lock_drop(&pool->lock);
}

bool op_pool_is_home(struct op_pool *pool) {
  lock_take(&pool->lock);
  bool home = !pool->out;
  lock_drop(&pool->lock);
  return home;
}

static void op_free(struct object *object) {
  struct op *op = (struct op *)object;
  struct object *on = op->on;
  struct object *also = op->also;
  struct queue *queue = op->queue;
  if (op->vec != op->own_vec) free(op->vec);
  source_unref(op->source);
  pool_give(op->runtime, op);
  /* Last, as what it pended on may be the last to hold the runtime, and so the pool. */
  if (queue) object_unpin(&queue->object);
  if (also) object_unpin(also);
  object_unpin(on);
}

void op_pool_drain(struct op_pool *pool) {
  for (struct op *op; (op = pool->free);) {
    pool->free = op->next;
    object_retire(&op->object);
    free(op);
  }
}

/* ---- the order of events ---- */

static void run_told(struct task *task) {
  struct op *op = (struct op *)((char *)task - offsetof(struct op, task));
  struct op_list one = {0};
  op->heard = true;
  op_chain_append(&one, op);
  op_deliver(&one);
}

/* The caller may hold locks, so the close is let out by the loop. */
void op_let_out(struct object *on) {
  struct op *closer = (struct op *)atomic_exchange(&on->closer, NULL);
  if (!closer) return; /* it was told already, and this is a call that came too late */
  closer->task.run = run_told;
  (void)task_post(&closer->runtime->loop, &closer->task);
}

/* False: its close was decided, and may have been told. */
static bool expect(struct object *on) {
  if (!(atomic_fetch_add_explicit(&on->unheard, 2, memory_order_acq_rel) & 1)) return true;
  op_forget(on);
  return false;
}

void op_makes(struct op *op, struct object *object) {
  /* rare: its handle was guessed, and it was closed */
  if (!expect(object)) return;
  object_pin(object);
  op->also = object;
}

__attribute__((noinline)) static bool may_tell_close(struct op *op) {
  if (op->heard) return true;
  atomic_store(&op->on->closer, &op->object);
  if (atomic_fetch_or_explicit(&op->on->unheard, 1, memory_order_acq_rel) > 2) return false;
  op->heard = atomic_exchange(&op->on->closer, NULL) != NULL;
  return op->heard;
}

/* May its event be told now? Else the last of those that come before it sees to that. */
static bool may_tell(struct op *op) {
  return op->event.kind != HWS_KIND_CLOSE || may_tell_close(op);
}

/* ---- beginning ---- */

/* Its memory and its queue, and nothing else. */
static struct op *op_make(const struct request *request, struct runtime *runtime, int *status) {
  struct object *queue = NULL;
  if (request->queue && !(request->flags & HWS_BLOCK)) {
    *status = handle_pin(request->queue, OBJECT_QUEUE, &queue);
    if (*status != HWS_OK) {
      refused_say(*status, "queue 0x%llx: %s", (unsigned long long)request->queue, status_text(*status));
      return NULL;
    }
  }
  struct op *op = pool_take(runtime, status);
  if (op)
    op->queue = (struct queue *)queue;
  else if (queue)
    object_unpin(queue);
  return op;
}

int op_reserve(struct request *request, struct runtime *runtime, struct op **spare) {
  int status = HWS_OK;
  *spare = op_make(request, runtime, &status);
  if (*spare) request->spare = spare;
  return status;
}

void op_unreserve(struct request *request, struct runtime *runtime) {
  struct op *op = request->spare ? *request->spare : NULL;
  request->spare = NULL;
  if (!op) return;
  struct queue *queue = op->queue;
  pool_give(runtime, op);
  if (queue) object_unpin(&queue->object);
}

struct op *op_new(const struct request *request, struct runtime *runtime, struct object *on, enum hws_kind kind,
                  void (*revoke)(struct op *op), int *status) {
  struct op *op = request->spare ? *request->spare : NULL;
  if (!expect(on)) {
    *status = refused_say(HWS_E_HANDLE, "the object was closed meanwhile");
    return NULL;
  }
  if (op)
    *request->spare = NULL;
  else
    op = op_make(request, runtime, status);
  if (!op) op_forget(on);
  if (!op) return NULL;
  struct queue *queue = op->queue;
  memset((char *)op + sizeof op->object, 0, offsetof(struct op, event) - sizeof op->object);
  op->runtime = runtime;
  op->on = on;
  object_pin(on);
  op->revoke = revoke;
  op->vec = op->own_vec;
  op->queue = queue;
  op->event =
      (struct hws_event){.tag = request->tag, .op = op->object.handle, .object = on->handle, .kind = (uint16_t)kind};
  /* Last, and in this order: whoever has the handle, be it that it was guessed, can cancel the op. */
  object_show(&op->object);
  if (request->op) __atomic_store_n(request->op, op->object.handle, __ATOMIC_RELEASE);
  return op;
}

int op_set_vec(struct op *op, const struct hws_vec *vec, uint32_t count, uint64_t total) {
  size_t room = sizeof op->own_vec / sizeof op->own_vec[0];
  if (count > room) {
    op->vec = malloc(count * sizeof *vec);
    if (!op->vec) {
      op->vec = op->own_vec;
      return HWS_E_NOMEM;
    }
  }
  if (count) memcpy(op->vec, vec, count * sizeof *vec);
  op->vec_count = count;
  op->total = total;
  return HWS_OK;
}

static void deadline_passed(struct timer *timer) {
  struct op *op = (struct op *)((char *)timer - offsetof(struct op, timer));
  op_revoke(op, HWS_E_DEADLINE);
}

/* Answers what was asked first. */
static int ask(struct op *op, int status, unsigned by) {
  unsigned before = 0;
  unsigned what = (unsigned)-status | by;
  if (atomic_compare_exchange_strong_explicit(&op->asked, &before, what, memory_order_acq_rel, memory_order_acquire))
    return status;
  return op_asked(op);
}

int op_ask(struct op *op, int status) {
  return ask(op, status, OP_ASKED_ITSELF);
}

void op_revoke(struct op *op, int status) {
  op_ask(op, status);
  op->revoke(op);
}

void op_revoke_made(struct op *op, int status) {
  ask(op, status, 0);
  op->revoke(op);
}

int op_arm(struct op *op, const struct request *request) {
  int status = op_asked(op);
  if (status != HWS_OK) return status;
  if (request->scope) {
    status = scope_attach(request->scope, op);
    if (status != HWS_OK) return op_ask(op, status);
    op->scoped = true; /* scope itself is the scope's to change */
  }
  if (!request->deadline) return HWS_OK;
  op->timer.object = &op->object;
  op->timer.fire = deadline_passed;
  op->timed = true;
  return loop_timer(&op->runtime->loop, &op->timer, request->deadline);
}

/* Off its scope, its timer and its file. Most have none of them, and do not come here. */
__attribute__((noinline)) static void detach(struct op *op) {
  if (op->scoped) scope_detach(op);
  if (op->timed) timer_disarm(&op->runtime->loop.timers, &op->timer);
  op->scoped = op->timed = false;
  if (op->source) source_detach(op->source);
}

static bool is_attached(const struct op *op) {
  return op->scoped || op->timed || op->source;
}

void op_discard(struct op *op) {
  assert(!is_attached(op));
  op_release(op);
}

/* ---- ending ---- */

bool op_end(struct op *op, int status, struct op_list *ended) {
  /* never: who ends an op has found it where it pends, under the lock of that */
  if (atomic_load_explicit(&op->state, memory_order_relaxed) == OP_ENDED) return false;
  if (is_attached(op)) detach(op);
  op->event.status = status;
  unsigned before = atomic_exchange_explicit(&op->state, OP_ENDED, memory_order_acq_rel);
  if (before == OP_PENDING) op_chain_append(ended, op);
  return true;
}

bool op_end_early(struct op *op, int status, struct op_list *ended) {
  /* never: who ends an op has found it where it pends, under the lock of that */
  if (atomic_load_explicit(&op->state, memory_order_relaxed) == OP_ENDED) return false;
  unsigned asked = atomic_load_explicit(&op->asked, memory_order_acquire);
  if (asked == ((unsigned)-status | OP_ASKED_ITSELF)) op->event.flags |= HWS_EVENT_OP;
  return op_end(op, status, ended);
}

bool op_end_unmade(struct op *op, int status, const struct cause *cause, struct op_list *ended) {
  bool itself = atomic_load_explicit(&op->asked, memory_order_acquire) & OP_ASKED_ITSELF;
  /* never: whose own word it is not was asked by what it makes, whose cause that is */
  if (itself || !cause || cause->status != status) return op_end_early(op, status, ended);
  return op_fail(op, cause, ended);
}

bool op_fail(struct op *op, const struct cause *cause, struct op_list *ended) {
  /* never: who ends an op has found it where it pends, under the lock of that */
  if (atomic_load_explicit(&op->state, memory_order_relaxed) == OP_ENDED) return false;
  if (op->cancel) return op_end_early(op, op->cancel, ended); /* it was to end before that came about */
  op->event.code = cause->code;
  op->event.flags = cause->flags;
  return op_end(op, cause->status, ended);
}

int op_begin_close(struct op *op, const struct request *request, struct op_list *ended) {
  int status = request_verdict(request);
  if (op && status != HWS_OK) status = op_ask(op, status);
  if (op && status == HWS_OK) status = op_arm(op, request);
  if (op && status != HWS_OK) op_end_early(op, status, ended);
  return status;
}

bool op_leave(struct op *op) {
  unsigned state = OP_SUBMITTING;
  return !atomic_compare_exchange_strong_explicit(&op->state, &state, OP_PENDING, memory_order_acq_rel,
                                                  memory_order_acquire);
}

static void deliver_inside(struct op *op) {
  struct object *on = op->on;
  object_pin(on);
  (void)task_post(&op->runtime->loop, &op->task); /* it ends once, so it stands there once */
}

/* Those at the front that are one queue's, at once: its thread wakes once. Returns what is behind them. */
static struct op *deliver_to_queue(struct op *op) {
  struct queue *queue = op->queue;
  struct op_list posted = {0};
  for (struct op *next; op && op->queue == queue; op = next) {
    next = op->next;
    if (may_tell(op)) op_chain_append(&posted, op);
  }
  if (posted.first) queue_post(queue, &posted);
  return op;
}

static void deliver_at_once(struct op *op) {
  if (op->waiter)
    waiter_signal(op->waiter);
  else
    op_release(op);
}

void op_deliver_all(struct op_list *ended) {
  struct op *op = ended->first;
  ended->first = ended->last = NULL;
  while (op) {
    struct op *next = op->next;
    if (op->inside)
      deliver_inside(op);
    else if (op->queue)
      next = deliver_to_queue(op);
    else if (may_tell(op))
      deliver_at_once(op);
    op = next;
  }
}

void op_release(struct op *op) {
  if (!op->heard) op_heard(op);
  object_close(&op->object);
  object_unpin(&op->object);
}

/* ---- submitters ---- */

int op_answer(struct op *op, const struct request *request) {
  if (request->out) {
    *request->out = op->event;
    op_release(op);
    return 1;
  }
  struct op_list one = {0};
  op_chain_append(&one, op);
  op_deliver(&one);
  return 0;
}

static void block(struct op *op, struct waiter *waiter, bool interruptible) {
  runtime_flush_lazy(op->runtime);
  while (waiter_wait(waiter, PARK_FOREVER) != WAIT_READY)
    if (interruptible) op_revoke(op, HWS_E_CANCELED);
}

/* Only its kind can judge whether it could end at once: take it back, and see how far it came. A close is not taken
 * back: it has begun only because its object is over. */
static void take_back(struct op *op, struct waiter *waiter) {
  if (op->event.kind != HWS_KIND_CLOSE) op_revoke(op, HWS_E_AGAIN);
  while (waiter_wait(waiter, PARK_FOREVER) != WAIT_READY) continue;
}

static int submitted_try(struct op *op, const struct request *request) {
  struct waiter waiter;
  struct queue *queue = op->queue;
  waiter_init(&waiter, &op->runtime->loop);
  op->waiter = &waiter;
  op->queue = NULL; /* it comes to us first, also behind others that go there */
  if (!op_leave(op) || !may_tell(op)) take_back(op, &waiter);
  op->waiter = NULL;
  op->queue = queue;
  if (op->event.status == HWS_E_AGAIN && !op->event.bytes) {
    op_release(op);
    return HWS_E_AGAIN;
  }
  if (op->event.status == HWS_E_AGAIN) { /* a part of it could */
    op->event.status = HWS_OK;
    op->event.flags &= (uint16_t)~HWS_EVENT_OP;
  }
  return op_answer(op, request);
}

static int submitted_block(struct op *op, const struct request *request) {
  struct waiter waiter;
  waiter_init(&waiter, &op->runtime->loop);
  op->waiter = &waiter;
  if (!op_leave(op) || !may_tell(op)) block(op, &waiter, request->flags & HWS_INTERRUPTIBLE);
  return op_answer(op, request);
}

int op_submitted(struct op *op, const struct request *request) {
  if (request->flags & HWS_BLOCK) return submitted_block(op, request);
  if (request->flags & HWS_TRY) return submitted_try(op, request);
  return op_leave(op) && may_tell(op) ? op_answer(op, request) : 0;
}

int op_submitted_maker(struct op *op, const struct request *request, struct object *made, hws_handle *handle) {
  int result = op_submitted(op, request);
  if (result != HWS_E_AGAIN) return result;
  *handle = 0;
  /* rare: its handle was guessed, and it was closed */
  if (object_close(made)) object_unpin(made);
  return result;
}

/* ---- ops of the core itself ---- */

void op_init_inside(struct op *op, struct runtime *runtime, struct object *on, enum hws_kind kind,
                    void (*revoke)(struct op *), void (*run)(struct task *)) {
  *op = (struct op){.inside = true, .runtime = runtime, .on = on, .revoke = revoke, .task.run = run};
  op->event.kind = (uint16_t)kind;
  op->vec = op->own_vec;
}

void op_reuse_inside(struct op *op) {
  op->event.status = 0;
  op->event.bytes = 0;
  op->cancel = 0;
  atomic_store_explicit(&op->asked, 0, memory_order_relaxed);
  op->planned = 0;
  op->vec_at = 0;
  op->vec_offset = 0;
  atomic_store_explicit(&op->state, OP_SUBMITTING, memory_order_release); /* it can be revoked from here on */
}
