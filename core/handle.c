/* SPDX-License-Identifier: Apache-2.0
 *
 * The process-wide table of handles.
 */
#include "core/handle.h"

#include <assert.h>
#include <stdlib.h>

#include "core/lock.h"

enum {
  SEGMENT_BITS = 12,
  SEGMENT_SLOTS = 1 << SEGMENT_BITS,
  SEGMENTS = 1 << 12, /* 2^24 slots in all, the width of the slot field */
};

#define PIN_ONE UINT64_C(1)
#define PIN_MASK UINT64_C(0x7fffffff)
#define CLOSING (UINT64_C(1) << 31)
#define GENERATION_ONE (UINT64_C(1) << 32)

struct slot {
  _Atomic(uint64_t) word; /* first: object_show */
  union {
    struct object *object;  /* while it is in use */
    struct slot *next_free; /* while it is not */
  };
  uint32_t index;
};

static struct {
  struct lock lock;
  struct slot *free;
  uint32_t used;      /* slots handed out so far */
  atomic_uint parent; /* slots below this one were made before a fork */
  _Atomic(struct slot *) segments[SEGMENTS];
} table;

static struct slot *slot_at(uint32_t index) {
  struct slot *segment = atomic_load_explicit(&table.segments[index >> SEGMENT_BITS], memory_order_acquire);
  return segment ? &segment[index & (SEGMENT_SLOTS - 1)] : NULL;
}

/* Caller holds table.lock. */
static int slot_grow(struct slot **slot) {
  /* rare: 16 million objects at once */
  if (table.used >= (uint32_t)SEGMENTS << SEGMENT_BITS) return HWS_E_LIMIT;
  _Atomic(struct slot *) *place = &table.segments[table.used >> SEGMENT_BITS];
  struct slot *segment = atomic_load_explicit(place, memory_order_relaxed);
  if (!segment) {
    segment = calloc(SEGMENT_SLOTS, sizeof *segment);
    if (!segment) return HWS_E_NOMEM;
    atomic_store_explicit(place, segment, memory_order_release);
  }
  *slot = &segment[table.used & (SEGMENT_SLOTS - 1)];
  (*slot)->index = table.used++;
  atomic_store_explicit(&(*slot)->word, GENERATION_ONE | CLOSING, memory_order_relaxed);
  return HWS_OK;
}

static int slot_take(struct slot **slot) {
  int status = HWS_OK;
  lock_take(&table.lock);
  *slot = table.free;
  if (*slot)
    table.free = (*slot)->next_free;
  else
    status = slot_grow(slot);
  lock_drop(&table.lock);
  return status;
}

static void slot_give(struct slot *slot) {
  lock_take(&table.lock);
  /* After a fork in the middle of all this, the parent's slots must not come back to life in the child. */
  if (slot->index >= atomic_load_explicit(&table.parent, memory_order_relaxed)) {
    slot->next_free = table.free;
    table.free = slot;
  }
  lock_drop(&table.lock);
}

/* The slot's present generation. */
static void slot_name(struct slot *slot, struct object *object) {
  uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
  object->handle = (uint64_t)object->class->type << 56 | (uint64_t)slot->index << 32 | word >> 32;
  slot->object = object;
}

/* Move on to the next generation; false when there is none. */
static bool slot_advance(struct slot *slot) {
  uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
  uint64_t next = ((word & ~(PIN_MASK | CLOSING)) + GENERATION_ONE) | CLOSING;
  /* rare: it was used four thousand million times */
  if (next >> 32 == 0) return false;
  atomic_store_explicit(&slot->word, next, memory_order_relaxed);
  return true;
}

int object_init_hidden(struct object *object, const struct object_class *class, struct runtime *runtime) {
  struct slot *slot = NULL;
  int status = slot_take(&slot);
  if (status != HWS_OK) return status;
  object->class = class;
  object->slot = slot;
  object->runtime = runtime;
  if (runtime) object_pin((struct object *)runtime);
  slot_name(slot, object);
  return HWS_OK;
}

int object_init(struct object *object, const struct object_class *class, struct runtime *runtime) {
  int status = object_init_hidden(object, class, runtime);
  if (status == HWS_OK) object_show(object);
  return status;
}

int handle_pin(hws_handle handle, enum object_type type, struct object **object) {
  uint32_t index = (uint32_t)(handle >> 32) & 0xffffff;
  enum object_type is = handle_type(handle);
  if (is == OBJECT_ANY || is >= OBJECT_TYPES || (type != OBJECT_ANY && is != type)) return HWS_E_HANDLE;
  if (index < atomic_load_explicit(&table.parent, memory_order_relaxed)) return HWS_E_FORKED;
  struct slot *slot = slot_at(index);
  if (!slot) return HWS_E_HANDLE;
  uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
  do {
    if (word >> 32 != (handle & 0xffffffff) || (word & CLOSING)) return HWS_E_HANDLE;
    /* rare: a thousand million calls at once */
    if ((word & PIN_MASK) == PIN_MASK) return HWS_E_LIMIT;
  } while (!atomic_compare_exchange_weak_explicit(&slot->word, &word, word + PIN_ONE, memory_order_acquire,
                                                  memory_order_relaxed));
  /* A slot serves one type in one generation, but a forged handle may name another type. */
  if (slot->object->class->type != is) {
    object_unpin(slot->object);
    return HWS_E_HANDLE;
  }
  *object = slot->object;
  return HWS_OK;
}

bool object_close(struct object *object) {
  return !(atomic_fetch_or_explicit(&object->slot->word, CLOSING, memory_order_acq_rel) & CLOSING);
}

bool object_closing(const struct object *object) {
  return atomic_load_explicit(&object->slot->word, memory_order_acquire) & CLOSING;
}

void object_pin(struct object *object) {
  atomic_fetch_add_explicit(&object->slot->word, PIN_ONE, memory_order_relaxed);
}

bool object_try_pin(struct object *object) {
  uint64_t word = atomic_load_explicit(&object->slot->word, memory_order_relaxed);
  do
    if ((word & PIN_MASK) == 0) return false;
  while (!atomic_compare_exchange_weak_explicit(&object->slot->word, &word, word + PIN_ONE, memory_order_acquire,
                                                memory_order_relaxed));
  return true;
}

bool object_drop_pin(struct object *object) {
  uint64_t before = atomic_fetch_sub_explicit(&object->slot->word, PIN_ONE, memory_order_acq_rel);
  if ((before & PIN_MASK) != 1) return false;
  assert(before & CLOSING);
  return true;
}

void object_unpin(struct object *object) {
  if (object_drop_pin(object)) object->class->free(object);
}

void object_retire(struct object *object) {
  struct slot *slot = object->slot;
  struct runtime *runtime = object->runtime;
  /* rare: see there */
  if (slot_advance(slot)) slot_give(slot);
  if (runtime) object_unpin((struct object *)runtime);
}

bool object_renew(struct object *object) {
  /* rare: see there */
  if (!slot_advance(object->slot)) return false;
  slot_name(object->slot, object);
  return true;
}

static bool pin_open(struct slot *slot) {
  uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);
  do /* rare: made, and not shown yet */
    if ((word & CLOSING) || (word & PIN_MASK) == 0) return false;
  while (!atomic_compare_exchange_weak_explicit(&slot->word, &word, word + PIN_ONE, memory_order_acquire,
                                                memory_order_relaxed));
  return true;
}

void handle_each(struct runtime *runtime, void (*each)(struct object *object)) {
  lock_take(&table.lock);
  uint32_t used = table.used;
  lock_drop(&table.lock);
  for (uint32_t i = atomic_load(&table.parent); i < used; i++) {
    struct slot *slot = slot_at(i);
    if (!pin_open(slot)) continue;
    struct object *object = slot->object;
    if (object->runtime == runtime) each(object);
    object_unpin(object);
  }
}

void handle_after_fork(void) {
  atomic_store(&table.lock.word, 0);
  table.free = NULL;
  atomic_store(&table.parent, table.used);
}
