/* SPDX-License-Identifier: Apache-2.0
 *
 * An op: one asynchronous request, which ends exactly once.
 *
 * Life. op_new gives it a handle. Whoever it pends on (a stream's list, a listener's, ...) ends it under its own lock
 * by op_end, which decides the event and takes it off its scope and timer; op_deliver, called after that lock was
 * dropped, brings the event to where it is awaited. An op that ends while it is still being submitted stays with the
 * submitter, who answers at once.
 *
 * Early ends. A cancel, a deadline or a scope may come from the moment on that op_new has returned, long before the op
 * stands where it pends. So op_revoke first writes into the op what it is asked, and then has its kind look for it,
 * under the lock of what it pends on. Whoever makes it stand there calls op_arm under that same lock, which says what
 * was asked before. One of the two sees it: no ask is lost, and none reaches an op whose end is decided.
 *
 * Order (OP-6). Events are brought without a lock, by different threads. So every object counts its ops whose events
 * are still to come, and a close that has ended waits for them: the last of them lets it out.
 */
#ifndef HAWSER_CORE_OP_H
#define HAWSER_CORE_OP_H

#include "core/cause.h"
#include "core/handle.h"
#include "core/loop.h"

struct queue;
struct source;
struct scope;
struct runtime;

enum op_state {
  OP_SUBMITTING, /* with the submitter, though it may already stand in a list */
  OP_PENDING,    /* the submitter has left */
  OP_ENDED       /* the event is decided; never left */
};

/* How op->asked is made up. */
enum op_asked_bits {
  OP_ASKED_STATUS = 0xff, /* the status, its sign turned */
  OP_ASKED_ITSELF = 0x100 /* by a cancel, deadline, scope or signal of the op's own */
};

struct op {
  struct object object;
  atomic_uint state;
  struct op *next; /* in the list of what it pends on, then among the ended */
  struct op *prev;
  bool listed;
  bool timed;
  bool scoped;
  bool eom;          /* a send, or an open's payload, that ends a message */
  bool more;         /* a send: the caller says that more follows */
  bool heard;        /* its event has come to where it is awaited, or is a close's and may */
  bool inside;       /* an op of the core itself, delivered as a task; has no handle */
  int32_t cancel;    /* to end with this status as soon as its memory is free again; 0: no */
  atomic_uint asked; /* the first ask to end it early; 0: none (op_asked) */
  struct runtime *runtime;
  struct object *on;   /* what it pends on; pinned */
  struct object *also; /* what it makes, whose close is told after it too; pinned; NULL: none */
  /* End it with op_asked if it stands where it pends, else do nothing: called with no lock held, the op pinned. */
  void (*revoke)(struct op *op);
  struct queue *queue;   /* pinned; or */
  struct waiter *waiter; /* a blocked submitter; or */
  struct task task;      /* inside ops */
  struct scope *scope;   /* pinned; in its list while pending */
  struct op *scope_next;
  struct op *scope_prev;
  struct timer timer;
  /* what it asks for */
  struct hws_vec *vec; /* own_vec or allocated */
  uint32_t vec_count;
  uint32_t vec_at; /* the cursor of what was handed out of it */
  uint64_t vec_offset;
  uint64_t total;        /* bytes of vec, or of the file */
  uint64_t planned;      /* sends: bytes cut into frames or handed to a transfer */
  struct source *source; /* of a file send; its reference. NULL: the bytes are all in vec */
  uint64_t ready;        /* with a source: bytes that have come from it so far */
  int32_t outcome;       /* how it ends once all its bytes are out: not HWS_OK where its file had fewer */
  void *result;          /* open, accept: the stream that waits to be born */
  /* Last, as op_new zeroes all before these two: it fills the one itself, and leaves the other as it was. */
  struct hws_event event;
  struct hws_vec own_vec[2];
};

struct op_list {
  struct op *first;
  struct op *last;
};

/* A request as it came in, checked. */
struct request {
  uint32_t flags;
  uint64_t tag;
  uint64_t deadline;   /* absolute; 0: none */
  hws_handle queue;    /* looked at when an op is made: one that ends at once needs none */
  struct scope *scope; /* pinned until request_end */
  struct hws_event *out;
  hws_handle *op;
  struct op **spare; /* op_reserve; NULL: nothing was reserved */
};

/* Check and resolve, for an object of that runtime. HWS_OK, or a refusal with nothing pinned. needs_answer: refuse when
 * nobody would see the event. */
int request_begin(struct request *request, struct runtime *runtime, const struct hws_how *how, struct hws_event *out,
                  hws_handle *op, bool needs_answer);
void request_end(struct request *request);

/* HWS_OK, or what the op has to end with before it does anything (CAN-3). */
int request_verdict(const struct request *request);

/* The same, put into the event of an op that ends with it. */
int request_judge(const struct request *request, struct hws_event *event);

/* Answer without ever having pended: 1 with the event in out, or 0 with the event queued, or a refusal. `event` needs
 * all but tag and op; `on` is the object that was asked. */
int request_answer(const struct request *request, struct object *on, const struct hws_event *event);

/* The end of a close that took no time: like request_answer, but told after all else of `on`. */
int request_answer_close(const struct request *request, struct object *on, const struct hws_event *event);

/* The two together, for a watch of an object. True: it is answered, and *result is what the call returns. */
bool request_watch_is_over(const struct request *request, struct object *on, int *result);

/* Get hold of all that op_new will need for the request, which then cannot fail: for what cannot be taken back once it
 * was begun. *spare is the caller's, to lie there until op_unreserve, which gives back what was not used. */
int op_reserve(struct request *request, struct runtime *runtime, struct op **spare);
void op_unreserve(struct request *request, struct runtime *runtime);

/* An op for the request, in OP_SUBMITTING; *status says why not. */
struct op *op_new(const struct request *request, struct runtime *runtime, struct object *on, enum hws_kind kind,
                  void (*revoke)(struct op *op), int *status);

/* Its event speaks of that object too, which it makes and nobody has closed yet. */
void op_makes(struct op *op, struct object *object);

static inline bool op_is_send(const struct op *op) {
  return op->event.kind == HWS_KIND_SEND || op->event.kind == HWS_KIND_SENDFILE;
}

/* How many of its bytes there are to be handed out, or were. */
static inline uint64_t op_ready(const struct op *op) {
  return op->source ? op->ready : op->total;
}

/* Copy the vector in. HWS_OK or HWS_E_NOMEM. */
int op_set_vec(struct op *op, const struct hws_vec *vec, uint32_t count, uint64_t total);

/* Put the op under its scope and deadline, once it stands where it pends and under the same hold of that lock. Not
 * HWS_OK: it is to end early with this, be it that it was asked before, and has to be taken off there. */
int op_arm(struct op *op, const struct request *request);

/* The same for a close, whose op may be NULL. Not HWS_OK: it is not to wait for anything (CAN-3); its op has ended with
 * that, and what it would have waited for is to be discarded. */
int op_begin_close(struct op *op, const struct request *request, struct op_list *ended);

/* An op that was never shown to anybody. */
void op_discard(struct op *op);

/* The submitter leaves: blocks where asked, answers at once where it ended (1), else 0. With HWS_TRY an op that pends
 * is taken back: HWS_E_AGAIN, and the op is gone, unless it had its effect in the end, or a part of it. */
int op_submitted(struct op *op, const struct request *request);

/* The same for an op that makes an object, pinned by the caller: nothing was made where it is HWS_E_AGAIN. */
int op_submitted_maker(struct op *op, const struct request *request, struct object *made, hws_handle *handle);

/* An ended op that is with its submitter: 1 with the event in out, or 0 with the event on its way to the queue. */
int op_answer(struct op *op, const struct request *request);

/* Decide its end, once: the caller holds the lock of what it pends on and has taken it off the list there. Adds it to
 * `ended` unless the submitter still has it. False: it had ended before. */
bool op_end(struct op *op, int status, struct op_list *ended);

/* op_end for one that is to end before its time. If it was asked that itself, not its object, the event says so
 * (HWS_EVENT_OP). */
bool op_end_early(struct op *op, int status, struct op_list *ended);

/* op_end with a cause's status, code and flags; or with op->cancel, which was first. */
bool op_fail(struct op *op, const struct cause *cause, struct op_list *ended);

/* Ask it to end early: by its own cancel, deadline, scope or signal; or because what it makes has ended before it came.
 * The first ask counts. No lock held, the op pinned. */
void op_revoke(struct op *op, int status);
void op_revoke_made(struct op *op, int status);

/* op_end_early for one whose object may be why it was asked: `cause` is then what ended that; NULL: nothing has. */
bool op_end_unmade(struct op *op, int status, const struct cause *cause, struct op_list *ended);

/* The asking alone, for who then has the kind look for the op itself. Answers what was asked first. */
int op_ask(struct op *op, int status);

/* What it was asked; HWS_OK: nothing. */
static inline int op_asked(const struct op *op) {
  return -(int)(atomic_load_explicit(&op->asked, memory_order_acquire) & OP_ASKED_STATUS);
}

/* Bring events to their waiters, queues and tasks. No lock of level 1 or 2 is held. */
void op_deliver_all(struct op_list *ended);

static inline void op_deliver(struct op_list *ended) {
  if (ended->first) op_deliver_all(ended);
}

/* Nothing more is to come before the object's close: it can be told. */
void op_let_out(struct object *on);

/* One event less is to come of it. 5: the close has ended, and its own event is the only one. */
static inline void op_forget(struct object *on) {
  if (atomic_fetch_sub_explicit(&on->unheard, 2, memory_order_acq_rel) == 5) op_let_out(on);
}

/* Its event stands where it is awaited, and can be seen once the caller's lock, if it holds one, is dropped. Once. */
static inline void op_heard(struct op *op) {
  op->heard = true;
  op_forget(op->on);
  if (op->also) op_forget(op->also);
}

/* The event was taken. */
void op_release(struct op *op);

/* Core-inside ops: no handle, no scope; when it ends, task.run is called by the loop (or the caller answers at once).
 */
void op_init_inside(struct op *op, struct runtime *runtime, struct object *on, enum hws_kind kind,
                    void (*revoke)(struct op *), void (*run)(struct task *));

/* Get ready for the next use: OP_SUBMITTING. */
void op_reuse_inside(struct op *op);

/* Leave a submit: true if it ended meanwhile. */
bool op_leave(struct op *op);

/* The list of what an op pends on, under the lock of that: `listed` says whether it stands there. */
void op_list_append(struct op_list *list, struct op *op);
void op_list_remove(struct op_list *list, struct op *op);

/* Any other list of ops, such as of those that have ended: whoever looks at `listed` under the lock of what the op
 * pended on must not see that one. */
void op_chain_append(struct op_list *list, struct op *op);
void op_chain_remove(struct op_list *list, struct op *op);
void op_chain_move(struct op_list *to, struct op_list *from); /* all of them, some at least, behind what is there */

/* Free the pool of a runtime. */
struct op_pool;
void op_pool_drain(struct op_pool *pool);

/* No op of it is anybody's: events that nobody took, or calls that have not returned. */
bool op_pool_is_home(struct op_pool *pool);

struct op_pool {
  struct lock lock;
  struct op *free;
  uint32_t out; /* made, and not given back */
};

#endif
