/* SPDX-License-Identifier: Apache-2.0
 *
 * Harvesting.
 */
#include "core/queue.h"

#include <stdlib.h>

#include "core/park.h"
#include "core/runtime.h"

/* A thread in queue_wait, on its stack; listed under the queue's lock. */
struct queue_waiter {
  struct waiter waiter;
  struct queue_waiter *next;
  bool listed;
};

static void queue_free(struct object *object) {
  struct queue *queue = (struct queue *)object;
  waitable_free(queue->waitable);
  object_retire(object);
  free(queue);
}

static const struct object_class queue_class = {.type = OBJECT_QUEUE, .free = queue_free};

int queue_open(struct runtime *runtime, struct queue **out) {
  struct queue *queue = calloc(1, sizeof *queue);
  if (!queue) return HWS_E_NOMEM;
  int status = object_init(&queue->object, &queue_class, runtime);
  if (status != HWS_OK) {
    free(queue);
    return status;
  }
  *out = queue;
  return HWS_OK;
}

static bool is_empty(const struct queue *queue) {
  return !queue->ended.first && !queue->wakes;
}

/* Take the next waiter off. Caller holds the lock, and wakes the word that is returned, if any, once it was dropped:
 * who wakes takes the lock first, and would sleep again at once. */
static atomic_uint *next_waiter(struct queue *queue) {
  struct queue_waiter *waiter = queue->waiters;
  if (!waiter) return NULL;
  queue->waiters = waiter->next;
  waiter->listed = false;
  return waiter_ready(&waiter->waiter);
}

static atomic_uint *filled(struct queue *queue, bool was_empty) {
  if (was_empty && queue->waitable) waitable_set(queue->waitable);
  return next_waiter(queue);
}

static void drop_and_wake(struct queue *queue, atomic_uint *word) {
  lock_drop(&queue->lock);
  if (word) park_wake(word, 1);
}

static void release_all(struct op_list *ops) {
  for (struct op *op = ops->first; op;) {
    struct op *next = op->next;
    op_release(op);
    op = next;
  }
}

/* Events that nobody takes. One that hands over a lease is kept until the loop has given that back. */
static void drop_all(struct op_list *ops) {
  for (struct op *op = ops->first, *next; op; op = next) {
    next = op->next;
    if (op->event.kind == HWS_KIND_ACQUIRE && op->event.status == HWS_OK && op->event.code)
      lease_unheard(op);
    else
      op_release(op);
  }
}

void queue_post(struct queue *queue, struct op_list *ended) {
  struct op_list dropped = {0};
  atomic_uint *word = NULL;
  lock_take(&queue->lock);
  if (!queue->closed) {
    bool was_empty = is_empty(queue);
    for (struct op *op = ended->first; op; op = op->next) op_heard(op);
    op_chain_move(&queue->ended, ended);
    word = filled(queue, was_empty);
  } else {
    op_chain_move(&dropped, ended);
  }
  drop_and_wake(queue, word);
  drop_all(&dropped);
}

int queue_wake(struct queue *queue, uint64_t tag) {
  lock_take(&queue->lock);
  bool was_empty = is_empty(queue);
  queue->wakes++;
  queue->wake_tag = tag;
  drop_and_wake(queue, filled(queue, was_empty));
  return HWS_OK;
}

/* Move up to max events out. Caller holds the lock. */
static uint32_t take(struct queue *queue, struct hws_event *events, uint32_t max, struct op_list *taken) {
  uint32_t count = 0;
  if (queue->wakes) {
    events[count++] = (struct hws_event){
        .tag = queue->wake_tag, .object = queue->object.handle, .kind = HWS_KIND_WAKE, .data = queue->wakes};
    queue->wakes = 0;
  }
  for (struct op *op; count < max && (op = queue->ended.first);) {
    op_chain_remove(&queue->ended, op);
    events[count++] = op->event;
    op_chain_append(taken, op);
  }
  queue->taken += count;
  if (count && queue->waitable && is_empty(queue)) waitable_clear(queue->waitable);
  return count;
}

/* Harvest, or with a waiter register it instead; HWS_E_CLOSED when there will be nothing any more. */
static int try_take(struct queue *queue, struct hws_event *events, uint32_t max, struct queue_waiter *waiter) {
  struct op_list taken = {0};
  atomic_uint *word = NULL;
  lock_take(&queue->lock);
  int result = (int)take(queue, events, max, &taken);
  if (!result && queue->closed) {
    result = HWS_E_CLOSED;
  } else if (!result && waiter) {
    waiter->next = queue->waiters;
    queue->waiters = waiter;
    waiter->listed = true;
  }
  if (result && !is_empty(queue)) word = next_waiter(queue); /* more than one thread's worth */
  drop_and_wake(queue, word);
  release_all(&taken);
  return result;
}

static void leave(struct queue *queue, struct queue_waiter *waiter) {
  lock_take(&queue->lock);
  if (waiter->listed) {
    struct queue_waiter **at = &queue->waiters;
    while (*at != waiter) at = &(*at)->next;
    *at = waiter->next;
  }
  waiter->listed = false;
  lock_drop(&queue->lock);
}

enum { UNTENDED_MAX = 16 };

/* Events that are there need no turn of the loop; but who always finds some would never see any others, nor time. */
static void tend(struct queue *queue) {
  struct loop *loop = &queue->object.runtime->loop;
  if (!loop->caller_driven) return;
  if (atomic_fetch_add_explicit(&queue->untended, 1, memory_order_relaxed) < UNTENDED_MAX) return;
  atomic_store_explicit(&queue->untended, 0, memory_order_relaxed);
  loop_nudge(loop);
}

static void drop_rest(struct queue *queue) {
  lock_take(&queue->lock);
  struct op_list dropped = queue->ended;
  queue->ended = (struct op_list){0};
  lock_drop(&queue->lock);
  drop_all(&dropped);
}

/* Nothing was there. */
static int wait_inside(struct queue *queue, struct hws_event *events, uint32_t max, int64_t timeout_ns) {
  struct loop *loop = &queue->object.runtime->loop;
  uint64_t until = PARK_FOREVER;
  int result;
  if (timeout_ns == 0) {
    if (loop->caller_driven) loop_nudge(loop);
    return try_take(queue, events, max, NULL);
  }
  if (timeout_ns > 0) until = clock_now() + (uint64_t)timeout_ns;
  for (;;) {
    struct queue_waiter waiter = {.listed = false};
    waiter_init(&waiter.waiter, loop);
    waiter.waiter.looks_up = true;
    result = try_take(queue, events, max, &waiter);
    if (result) return result;
    enum wait_result waited = waiter_wait_inside(&waiter.waiter, until);
    leave(queue, &waiter);
    if (waited == WAIT_READY) continue; /* maybe another thread took them */
    result = try_take(queue, events, max, NULL);
    return result ? result : waited == WAIT_INTERRUPTED ? HWS_E_INTERRUPTED : 0;
  }
}

/* Dekker: who leaves says so and then asks whether the queue is closed; the close says that it is and then asks whether
 * somebody is inside. So one of them drops what nobody takes, and while the loop can still be told of it. */
int queue_wait(struct queue *queue, struct hws_event *events, uint32_t max, int64_t timeout_ns) {
  struct loop *loop = &queue->object.runtime->loop;
  runtime_flush_lazy(queue->object.runtime);
  int result = try_take(queue, events, max, NULL);
  if (result > 0) tend(queue);
  if (result) return result;
  atomic_store_explicit(&queue->untended, 0, memory_order_relaxed);
  loop_enter(loop);
  atomic_fetch_add(&queue->inside, 1);
  result = wait_inside(queue, events, max, timeout_ns);
  if (atomic_fetch_sub(&queue->inside, 1) == 1 && atomic_load(&queue->closed)) drop_rest(queue);
  loop_leave(loop);
  return result;
}

bool queue_attended(struct queue *queue) {
  return atomic_load(&queue->inside) != 0;
}

void queue_look(struct queue *queue, struct queue_look *look) {
  lock_take(&queue->lock);
  look->held = queue->ended.first != NULL;
  look->taken = queue->taken;
  look->attended = queue_attended(queue);
  lock_drop(&queue->lock);
}

int queue_waitable(struct queue *queue, int64_t *descriptor) {
  int status = HWS_OK;
  if (queue->object.runtime->loop.caller_driven) return HWS_E_UNSUPPORTED;
  lock_take(&queue->lock);
  if (!queue->waitable) {
    queue->waitable = waitable_new();
    if (!queue->waitable)
      status = HWS_E_LIMIT;
    else if (!is_empty(queue))
      waitable_set(queue->waitable);
  }
  if (status == HWS_OK) *descriptor = waitable_descriptor(queue->waitable);
  lock_drop(&queue->lock);
  return status;
}

void queue_close(struct queue *queue) {
  lock_take(&queue->lock);
  atomic_store(&queue->closed, true);
  queue->wakes = 0;
  for (atomic_uint *word; queue->waiters;)
    if ((word = next_waiter(queue))) park_wake(word, 1);
  lock_drop(&queue->lock);
  if (!atomic_load(&queue->inside)) drop_rest(queue);
}
