/* SPDX-License-Identifier: Apache-2.0
 *
 * Handles: type, slot and generation in 64 bits, looked up without a lock.
 *
 * A slot's word is generation (32 bits), closing (1), pins (31). A look-up pins the object by one compare-and-swap, if
 * the generation matches and it is not closing. Pins are the object's only reference count: the core holds some too.
 * The last unpin of a closing object frees it and moves the slot to its next generation; slots themselves are never
 * freed, and a slot whose generation would wrap is retired.
 */
#ifndef HAWSER_CORE_HANDLE_H
#define HAWSER_CORE_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/hawser.h"

enum object_type {
  OBJECT_ANY = 0, /* for look-ups */
  OBJECT_RUNTIME,
  OBJECT_QUEUE,
  OBJECT_SCOPE,
  OBJECT_LISTENER,
  OBJECT_STREAM,
  OBJECT_SESSION,
  OBJECT_OP,
  OBJECT_LEASE,
  OBJECT_TYPES
};

struct slot;
struct object;
struct runtime;

struct object_class {
  enum object_type type;
  void (*free)(struct object *object); /* the last pin is gone: free it, object_retire first; locks: leaves only */
};

/* Stands first in every object that has a handle. */
struct object {
  const struct object_class *class;
  struct slot *slot;
  struct runtime *runtime; /* pinned, save in the runtime itself */
  hws_handle handle;
  /* Twice the number of ops on it whose events are still to come; odd once its close has ended (op.c). */
  atomic_uint unheard;
  _Atomic(struct object *) closer; /* the op of that close, until it can be told */
};

/* Give an object a handle, with one pin that belongs to whoever made it. HWS_OK, HWS_E_NOMEM or HWS_E_LIMIT. */
int object_init(struct object *object, const struct object_class *class, struct runtime *runtime);

/* The same, but nobody finds it before object_show, and it has no pin until then. */
int object_init_hidden(struct object *object, const struct object_class *class, struct runtime *runtime);

/* With one pin. Whoever finds it sees all that was written before. */
static inline void object_show(struct object *object) {
  _Atomic(uint64_t) *word = (_Atomic(uint64_t) *)object->slot;
  atomic_store_explicit(word, object->handle << 32 | 1, memory_order_release);
}

/* Find and pin. type OBJECT_ANY takes any. HWS_OK, HWS_E_HANDLE or HWS_E_FORKED. */
int handle_pin(hws_handle handle, enum object_type type, struct object **object);

/* The handle becomes stale; true for the one call that did it. Pins stay. */
bool object_close(struct object *object);

/* Has object_close been called? */
bool object_closing(const struct object *object);

void object_pin(struct object *object);

/* False: the last pin is gone, and the object is about to be freed. For lists that do not pin what stands in them. */
bool object_try_pin(struct object *object);
void object_unpin(struct object *object);

/* object_unpin without the freeing: true, and then that is the caller's to do. */
bool object_drop_pin(struct object *object);

/* The end of object->class->free: give the slot back and unpin the runtime. */
void object_retire(struct object *object);

/* Give an unpinned object its next handle, hidden, in the same slot: ops are recycled together with their slots. False
 * when the generations are used up. */
bool object_renew(struct object *object);

/* Call `each` for every open handle of the runtime, pinned. For the runtime's end only: it looks at the whole table. */
void handle_each(struct runtime *runtime, void (*each)(struct object *object));

/* In a forked child: all handles so far are the parent's. */
void handle_after_fork(void);

/* The runtime that it belongs to, or is. */
static inline struct runtime *object_runtime(struct object *object) {
  return object->class->type == OBJECT_RUNTIME ? (struct runtime *)object : object->runtime;
}

static inline enum object_type handle_type(hws_handle handle) {
  return (enum object_type)(handle >> 56);
}

#endif
