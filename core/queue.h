/* SPDX-License-Identifier: Apache-2.0
 *
 * Completion queues: lists of ended ops, each of which brings its event with it.
 */
#ifndef HAWSER_CORE_QUEUE_H
#define HAWSER_CORE_QUEUE_H

#include "core/handle.h"
#include "core/loop.h"
#include "core/op.h"

struct queue {
  struct object object;
  struct lock lock; /* all below */
  struct op_list ended;
  struct queue_waiter *waiters;
  struct waitable *waitable;
  uint64_t wakes;
  uint64_t wake_tag;
  uint64_t taken;       /* events, ever */
  atomic_bool closed;   /* set under the lock */
  atomic_uint inside;   /* threads that found nothing and have not left yet */
  atomic_uint untended; /* harvests in a row for which a caller-driven loop had no turn */
};

int queue_open(struct runtime *runtime, struct queue **queue);

/* Take over ended ops, one at least; wakes whoever waits. Cannot fail. The list is empty then. */
void queue_post(struct queue *queue, struct op_list *ended);

int queue_wait(struct queue *queue, struct hws_event *events, uint32_t max, int64_t timeout_ns);
int queue_wake(struct queue *queue, uint64_t tag);
int queue_waitable(struct queue *queue, int64_t *descriptor);

/* What the end of a runtime learns of its queues (join_harvest.c). */
struct queue_look {
  bool held;      /* there are events */
  bool attended;  /* a thread stands in queue_wait and is about to take of them */
  uint64_t taken; /* events, ever */
};
bool queue_attended(struct queue *queue); /* a thread stands in queue_wait */
void queue_look(struct queue *queue, struct queue_look *look);

/* No more waiting: who stands in queue_wait takes what is there, or leaves with HWS_E_CLOSED. Events that nobody takes
 * then, or that still come, are dropped. */
void queue_close(struct queue *queue);

/* The event of this acquire was dropped: by a task of the loop its lease goes back to the stream, then the op goes too
 * (lease.c). */
void lease_unheard(struct op *op);

/* ---- the descriptor behind a waitable (waitable_linux.c) ---- */

struct waitable *waitable_new(void);
void waitable_free(struct waitable *waitable);
int64_t waitable_descriptor(const struct waitable *waitable);
void waitable_set(struct waitable *waitable);
void waitable_clear(struct waitable *waitable);

#endif
