/* SPDX-License-Identifier: Apache-2.0
 *
 * Cancellation scopes: all rules of what a cancel or a deadline reaches.
 *
 * A scope has children, pending ops, and objects whose life it is. Ending it marks the whole subtree under one hold of
 * the runtime's scope lock, so that nothing can be attached any more; what was attached is then ended one by one with
 * the lock dropped, because that takes the locks of what the ops pend on.
 */
#ifndef HAWSER_CORE_SCOPE_H
#define HAWSER_CORE_SCOPE_H

#include "core/cause.h"
#include "core/handle.h"
#include "core/op.h"
#include "core/timer.h"

/* Ties an object to its life scope; embedded in the object. */
struct life {
  struct scope *scope; /* pinned while attached */
  struct object *object;
  void (*end)(struct object *object, struct cause *cause); /* no lock held; the object is pinned */
  struct life *next;
  struct life *prev;
};

struct scope {
  struct object object;
  struct scope *parent; /* pinned */
  struct scope *children;
  struct scope *next; /* among its parent's children */
  struct scope *prev;
  struct scope *work_next; /* while a tree ends */
  struct op *ops;
  struct life *lives;
  uint64_t deadline; /* 0: none */
  struct timer timer;
  int status;          /* HWS_OK while it runs */
  struct cause *cause; /* once it ended or was shut */
  struct op_list watches;
};

/* parent may be NULL. */
int scope_open(struct runtime *runtime, struct scope *parent, uint64_t deadline, struct scope **scope);

/* Find and pin one of that runtime: one of another is HWS_E_INVAL, as its lock is not this runtime's. */
int scope_pin(hws_handle handle, struct runtime *runtime, struct scope **scope);

/* The handle is stale already: whoever watches it learns that it was closed. Consumes its pin. */
void scope_close(struct scope *scope);

int scope_status(struct scope *scope);

/* Why it ended, the caller's reference; NULL: it runs. */
struct cause *scope_cause(struct scope *scope);

/* End it with HWS_E_CANCELED or HWS_E_DEADLINE; consumes the cause. Idempotent. */
void scope_end(struct scope *scope, struct cause *cause);

/* The runtime ends, and with it all that stood under a scope has: only those who watch this one are left, and are told.
 * It revokes nothing any more; what is asked of an object that has ended is answered with the cause of that. */
void scope_shut(struct scope *scope);

/* Put an op under the scope: HWS_OK, or the scope's end. */
int scope_attach(struct scope *scope, struct op *op);
void scope_detach(struct op *op);

/* Submit an op that ends when the scope does. */
int scope_watch(struct scope *scope, const struct request *request);

/* Give an object a life scope: HWS_OK or the scope's end. */
int life_attach(struct life *life, struct scope *scope, struct object *object,
                void (*end)(struct object *object, struct cause *cause));

/* Harmless when not attached. After it, `end` will not be called any more, though one call may be under way. */
void life_detach(struct life *life);

#endif
