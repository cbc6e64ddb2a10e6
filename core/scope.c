/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree of scopes and what ends with it.
 */
#include "core/scope.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/park.h"
#include "core/refused.h"
#include "core/runtime.h"

static struct lock *lock_of(struct scope *scope) {
  return &scope->object.runtime->scope_lock;
}

static void unlink_child(struct scope *scope) {
  if (!scope->parent) return;
  *(scope->prev ? &scope->prev->next : &scope->parent->children) = scope->next;
  if (scope->next) scope->next->prev = scope->prev;
}

/* Returns its parent, whose pin is the caller's now. */
static struct scope *free_one(struct scope *scope) {
  struct object *object = &scope->object;
  struct scope *parent = scope->parent;
  timer_disarm(&object->runtime->loop.timers, &scope->timer);
  lock_take(lock_of(scope));
  unlink_child(scope);
  lock_drop(lock_of(scope));
  cause_unref(scope->cause);
  object_retire(object);
  free(scope);
  return parent;
}

/* Not by recursion: a caller may nest scopes as deep as it likes. */
static void scope_free(struct object *object) {
  struct scope *parent = free_one((struct scope *)object);
  while (parent && object_drop_pin(&parent->object)) parent = free_one(parent);
}

static const struct object_class scope_class = {.type = OBJECT_SCOPE, .free = scope_free};

static struct cause *deadline_cause(void) {
  return cause_make(HWS_E_DEADLINE, 0, HWS_CODE_DEADLINE, "the scope's deadline passed");
}

static void deadline_passed(struct timer *timer) {
  struct scope *scope = (struct scope *)((char *)timer - offsetof(struct scope, timer));
  scope_end(scope, deadline_cause());
}

/* Once set it stays, as long as the scope. Caller holds the lock. */
static void set_cause(struct scope *scope, struct cause *cause) {
  __atomic_store_n(&scope->cause, cause, __ATOMIC_RELEASE);
}

/* Caller holds the lock. */
static int link_child(struct scope *scope, struct scope *parent) {
  if (parent->status != HWS_OK) return parent->status;
  if (parent->deadline && (!scope->deadline || parent->deadline < scope->deadline)) scope->deadline = parent->deadline;
  scope->next = parent->children;
  if (scope->next) scope->next->prev = scope;
  parent->children = scope;
  scope->parent = parent;
  object_pin(&parent->object);
  return HWS_OK;
}

int scope_open(struct runtime *runtime, struct scope *parent, uint64_t deadline, struct scope **out) {
  struct scope *scope = calloc(1, sizeof *scope);
  if (!scope) return HWS_E_NOMEM;
  int status = object_init(&scope->object, &scope_class, runtime);
  if (status != HWS_OK) {
    free(scope);
    return status;
  }
  scope->deadline = deadline;
  scope->timer.object = &scope->object;
  scope->timer.fire = deadline_passed;
  if (parent) {
    lock_take(lock_of(scope));
    scope->status = link_child(scope, parent);
    if (scope->status != HWS_OK) set_cause(scope, cause_ref(parent->cause));
    lock_drop(lock_of(scope));
  }
  *out = scope;
  /* A parent's end reaches its children: only a deadline of its own needs a timer. */
  bool own = deadline && scope->deadline == deadline && scope->status == HWS_OK;
  if (own) status = loop_timer(&runtime->loop, &scope->timer, deadline);
  if (status != HWS_OK) {
    object_close(&scope->object);
    object_unpin(&scope->object);
  }
  return status;
}

int scope_pin(hws_handle handle, struct runtime *runtime, struct scope **scope) {
  struct object *object = NULL;
  int status = handle_pin(handle, OBJECT_SCOPE, &object);
  if (status != HWS_OK) return refused_say(status, "scope 0x%llx: %s", (unsigned long long)handle, status_text(status));
  if (object->runtime == runtime) {
    *scope = (struct scope *)object;
    return HWS_OK;
  }
  object_unpin(object);
  return refused_say(HWS_E_INVAL, "the scope is another runtime's");
}

/* A deadline that has passed counts even where nobody drives the loop. */
int scope_status(struct scope *scope) {
  int status = __atomic_load_n(&scope->status, __ATOMIC_ACQUIRE);
  if (status == HWS_OK && scope->deadline && clock_now() >= scope->deadline) return HWS_E_DEADLINE;
  return status;
}

struct cause *scope_cause(struct scope *scope) {
  struct cause *cause = __atomic_load_n(&scope->cause, __ATOMIC_ACQUIRE);
  if (cause) return cause_ref(cause);
  return scope_status(scope) == HWS_OK ? NULL : deadline_cause();
}

/* ---- what stands under a scope ---- */

int scope_attach(struct scope *scope, struct op *op) {
  lock_take(lock_of(scope));
  int status = scope->status;
  if (status == HWS_OK) {
    op->scope = scope;
    op->scope_prev = NULL;
    op->scope_next = scope->ops;
    if (op->scope_next) op->scope_next->scope_prev = op;
    scope->ops = op;
    object_pin(&scope->object);
  }
  lock_drop(lock_of(scope));
  return status;
}

/* Caller holds the lock. */
static void unlink_op(struct scope *scope, struct op *op) {
  *(op->scope_prev ? &op->scope_prev->scope_next : &scope->ops) = op->scope_next;
  if (op->scope_next) op->scope_next->scope_prev = op->scope_prev;
  op->scope = NULL;
}

void scope_detach(struct op *op) {
  struct lock *lock = &op->runtime->scope_lock;
  lock_take(lock);
  struct scope *scope = op->scope;
  if (scope) unlink_op(scope, op);
  lock_drop(lock);
  if (scope) object_unpin(&scope->object);
}

int life_attach(struct life *life, struct scope *scope, struct object *object,
                void (*end)(struct object *object, struct cause *cause)) {
  lock_take(lock_of(scope));
  int status = scope->status;
  if (status == HWS_OK) {
    *life = (struct life){.scope = scope, .object = object, .end = end, .next = scope->lives};
    if (life->next) life->next->prev = life;
    scope->lives = life;
    object_pin(&scope->object);
  }
  lock_drop(lock_of(scope));
  return status;
}

static void unlink_life(struct scope *scope, struct life *life) {
  *(life->prev ? &life->prev->next : &scope->lives) = life->next;
  if (life->next) life->next->prev = life->prev;
  life->scope = NULL;
}

void life_detach(struct life *life) {
  if (!life->object) return;
  struct lock *lock = &life->object->runtime->scope_lock;
  lock_take(lock);
  struct scope *scope = life->scope;
  if (scope) unlink_life(scope, life);
  lock_drop(lock);
  if (scope) object_unpin(&scope->object);
}

/* ---- ending ---- */

static bool end_one_op(struct scope *scope, int status) {
  lock_take(lock_of(scope));
  struct op *op = scope->ops;
  if (op) {
    unlink_op(scope, op);
    object_pin(&op->object);
  }
  lock_drop(lock_of(scope));
  if (!op) return false;
  op_revoke(op, status);
  object_unpin(&op->object);
  object_unpin(&scope->object);
  return true;
}

static bool end_one_life(struct scope *scope, struct cause *cause) {
  lock_take(lock_of(scope));
  struct life *life = scope->lives;
  struct object *object = NULL;
  void (*end)(struct object *, struct cause *) = NULL;
  bool alive = false;
  if (life) {
    object = life->object;
    end = life->end;
    alive = object_try_pin(object); /* else it waits in life_detach to be freed */
    unlink_life(scope, life);
  }
  lock_drop(lock_of(scope));
  if (!life) return false;
  /* rare: it is about to be freed, and waits for the lock */
  if (alive) {
    end(object, cause);
    object_unpin(object);
  }
  object_unpin(&scope->object);
  return true;
}

static bool end_one_watch(struct scope *scope, const struct cause *cause) {
  struct op_list ended = {0};
  lock_take(lock_of(scope));
  struct op *op = scope->watches.first;
  if (op) op_list_remove(&scope->watches, op);
  lock_drop(lock_of(scope));
  if (!op) return false;
  op_fail(op, cause, &ended);
  op_deliver(&ended);
  return true;
}

/* Mark a subtree, and return it as a chain of pinned scopes. Caller holds the lock. Without recursion: a caller may
 * nest scopes as deep as it likes. */
static struct scope *mark(struct scope *root, struct cause *cause) {
  struct scope *todo = root;
  struct scope *marked = NULL;
  root->work_next = NULL;
  while (todo) {
    struct scope *scope = todo;
    todo = scope->work_next;
    set_cause(scope, cause_ref(cause));
    __atomic_store_n(&scope->status, cause->status, __ATOMIC_RELEASE);
    scope->work_next = marked;
    marked = scope;
    for (struct scope *child = scope->children; child; child = child->next) {
      /* A child whose last pin is gone waits for this lock to be freed. */
      /* rare: see above */
      if (child->cause || !object_try_pin(&child->object)) continue;
      child->work_next = todo;
      todo = child;
    }
  }
  return marked;
}

void scope_end(struct scope *scope, struct cause *cause) {
  struct scope *marked = NULL;
  lock_take(lock_of(scope));
  if (!scope->cause) {
    object_pin(&scope->object);
    marked = mark(scope, cause);
  }
  lock_drop(lock_of(scope));
  while (marked) {
    struct scope *each = marked;
    marked = each->work_next;
    timer_disarm(&each->object.runtime->loop.timers, &each->timer);
    while (end_one_op(each, cause->status)) continue;
    while (end_one_life(each, cause)) continue;
    while (end_one_watch(each, cause)) continue;
    object_unpin(&each->object);
  }
  cause_unref(cause);
}

void scope_shut(struct scope *scope) {
  lock_take(lock_of(scope));
  if (!scope->cause) set_cause(scope, cause_make(HWS_E_CLOSED, 0, HWS_CODE_SHUTTING_DOWN, "the runtime was closed"));
  const struct cause *cause = scope->cause;
  lock_drop(lock_of(scope));
  while (end_one_watch(scope, cause)) continue;
}

/* op->listed would not do: one that ends this moment is appended to a list of its ender's, without our lock. */
static bool is_watching(const struct scope *scope, const struct op *op) {
  const struct op *each = scope->watches.first;
  while (each && each != op) each = each->next;
  return each != NULL;
}

static void watch_revoke(struct op *op) {
  struct scope *scope = (struct scope *)op->on;
  struct op_list ended = {0};
  lock_take(lock_of(scope));
  bool mine = is_watching(scope, op);
  if (mine) op_list_remove(&scope->watches, op);
  lock_drop(lock_of(scope));
  if (!mine) return;
  op_end_early(op, op_asked(op), &ended);
  op_deliver(&ended);
}

/* Armed before it is listed: once it is, it may end at any moment, and what has ended must not be armed. So what was
 * asked since is looked at once more. */
int scope_watch(struct scope *scope, const struct request *request) {
  int status = HWS_OK;
  struct op_list none = {0};
  if (request_watch_is_over(request, &scope->object, &status)) return status;
  struct op *op = op_new(request, scope->object.runtime, &scope->object, HWS_KIND_WATCH, watch_revoke, &status);
  if (!op) return status;
  status = op_arm(op, request);
  lock_take(lock_of(scope));
  if (status == HWS_OK) status = op_asked(op);
  const struct cause *cause = NULL;
  if (status == HWS_OK && scope->cause)
    cause = scope->cause;
  else if (status == HWS_OK && object_closing(&scope->object))
    cause = cause_plain(HWS_E_CLOSED);
  else if (status == HWS_OK)
    op_list_append(&scope->watches, op);
  lock_drop(lock_of(scope));
  if (cause) op_fail(op, cause, &none);
  if (status != HWS_OK) op_end_early(op, status, &none);
  return op_submitted(op, request);
}

void scope_close(struct scope *scope) {
  /* A watch that saw the scope open has been listed by the time that the lock is free. */
  while (end_one_watch(scope, cause_plain(HWS_E_CLOSED))) continue;
  object_unpin(&scope->object);
}
