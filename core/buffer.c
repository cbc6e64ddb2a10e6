/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool of buffers, and lists of slices.
 */
#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "core/runtime.h"

enum {
  POOLED_BLOCKS = 1024, /* 4 MiB */
  POOLED_CHUNKS = 64,   /* 8 MiB */
  SMALL = 4096          /* slices below this are copied, so that a byte does not hold a chunk */
};

static struct buffer *pool_take(struct runtime *runtime, struct buffer **list, uint32_t *count, uint32_t size) {
  struct buffer_pool *pool = &runtime->buffers;
  lock_take(&pool->lock);
  struct buffer *buffer = *list;
  if (buffer) {
    *list = buffer->next;
    (*count)--;
  }
  lock_drop(&pool->lock);
  if (!buffer) return buffer_sized(runtime, size);
  atomic_store_explicit(&buffer->refs, 1, memory_order_relaxed);
  return buffer; /* its holder was forgotten when it came back */
}

static bool pool_give(struct buffer *buffer, struct buffer **list, uint32_t *count, uint32_t max) {
  struct buffer_pool *pool = &buffer->runtime->buffers;
  lock_take(&pool->lock);
  bool kept = *count < max;
  if (kept) {
    buffer->next = *list;
    *list = buffer;
    (*count)++;
  }
  lock_drop(&pool->lock);
  return kept;
}

struct buffer *buffer_block(struct runtime *runtime) {
  return pool_take(runtime, &runtime->buffers.blocks, &runtime->buffers.block_count, BLOCK_SIZE);
}

struct buffer *buffer_chunk(struct runtime *runtime) {
  return pool_take(runtime, &runtime->buffers.chunks, &runtime->buffers.chunk_count, CHUNK_SIZE);
}

struct buffer *buffer_sized(struct runtime *runtime, uint32_t size) {
  struct buffer *buffer = malloc(sizeof *buffer + size);
  if (!buffer) return NULL;
  atomic_init(&buffer->refs, 1);
  buffer->size = size;
  buffer->runtime = runtime;
  buffer->next = NULL;
  buffer->holder = NULL;
  return buffer;
}

void buffer_ref(struct buffer *buffer) {
  atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
}

void buffer_unref(struct buffer *buffer) {
  if (atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) != 1) return;
  if (buffer->holder) buffer_uncount(buffer);
  struct runtime *runtime = buffer->runtime;
  struct buffer_pool *pool = &runtime->buffers;
  bool kept = false;
  if (buffer->size == BLOCK_SIZE)
    kept = pool_give(buffer, &pool->blocks, &pool->block_count, POOLED_BLOCKS);
  else if (buffer->size == CHUNK_SIZE)
    kept = pool_give(buffer, &pool->chunks, &pool->chunk_count, POOLED_CHUNKS);
  if (!kept) free(buffer);
}

void buffer_uncount(struct buffer *buffer) {
  hold_sub(buffer->holder, buffer->size);
  buffer->holder = NULL;
}

bool buffer_sole(const struct buffer *buffer) {
  return atomic_load_explicit(&buffer->refs, memory_order_acquire) == 1;
}

static void drain(struct buffer **list) {
  for (struct buffer *buffer; (buffer = *list);) {
    *list = buffer->next;
    free(buffer);
  }
}

void buffer_pool_drain(struct buffer_pool *pool) {
  drain(&pool->blocks);
  drain(&pool->chunks);
}

/* ---- slices ---- */

static bool is_last_buffer(const struct slices *slices, const struct buffer *buffer) {
  return slices->last && slices->last->buffer == buffer;
}

static bool append_slice(struct slices *slices, struct buffer *buffer, uint8_t *data, uint32_t len) {
  struct slice *slice = malloc(sizeof *slice);
  if (!slice) return false;
  *slice = (struct slice){.buffer = buffer, .data = data, .len = len, .pins = !is_last_buffer(slices, buffer)};
  if (slice->pins) slices->pinned += buffer->size;
  if (slices->holder && !buffer->holder) {
    buffer->holder = slices->holder;
    hold_add(buffer->holder, buffer->size);
  }
  *(slices->last ? &slices->last->next : &slices->first) = slice;
  slices->last = slice;
  return true;
}

/* Room behind the last slice, if it lies in a block of this stream's own. */
static uint32_t tail_room(const struct slices *slices) {
  const struct slice *last = slices->last;
  if (!last || last->buffer->size != BLOCK_SIZE) return 0;
  return (uint32_t)(last->buffer->data + BLOCK_SIZE - (last->data + last->len));
}

static bool append_copy(struct slices *slices, struct runtime *runtime, const uint8_t *data, uint32_t len) {
  uint32_t room = tail_room(slices);
  uint32_t part = len < room ? len : room;
  if (part) {
    memcpy(slices->last->data + slices->last->len, data, part);
    slices->last->len += part;
    slices->bytes += part;
  }
  for (uint32_t next; part < len; part += next) {
    struct buffer *block = buffer_block(runtime);
    if (!block) return false;
    next = len - part < BLOCK_SIZE ? len - part : BLOCK_SIZE;
    if (!append_slice(slices, block, block->data, next)) {
      buffer_unref(block);
      return false;
    }
    memcpy(block->data, data + part, next);
    slices->bytes += next;
  }
  return true;
}

/* May these bytes hold their buffer? A peer that spreads what is kept over many buffers would make us hold all of them
 * for little. */
static bool is_worth_it(const struct slices *slices, const struct buffer *buffer, uint32_t len) {
  if (len < SMALL) return false;
  return is_last_buffer(slices, buffer) || slices->pinned <= 2 * (slices->bytes + len) + buffer->size;
}

bool slices_append(struct slices *slices, struct runtime *runtime, struct buffer *buffer, const uint8_t *data,
                   uint32_t len) {
  if (!is_worth_it(slices, buffer, len)) return append_copy(slices, runtime, data, len);
  if (!append_slice(slices, buffer, (uint8_t *)(uintptr_t)data, len)) return false;
  buffer_ref(buffer);
  slices->bytes += len;
  return true;
}

void slice_free(struct slice *slice) {
  buffer_unref(slice->buffer);
  free(slice);
}

struct slice *slices_take(struct slices *slices) {
  struct slice *slice = slices->first;
  if (!slice) return NULL;
  slices->first = slice->next;
  if (!slices->first) slices->last = NULL;
  slices->bytes -= slice->len;
  if (slice->pins) slices->pinned -= slice->buffer->size;
  slice->next = NULL;
  return slice;
}

bool slices_split(struct slices *slices, uint64_t bytes) {
  struct slice *first = slices->first;
  if (first->len <= bytes) return true;
  struct slice *rest = malloc(sizeof *rest);
  if (!rest) return false;
  *rest = *first;
  rest->data += bytes;
  rest->len -= (uint32_t)bytes;
  buffer_ref(rest->buffer);
  first->len = (uint32_t)bytes;
  first->pins = false; /* the rest stays longer */
  first->next = rest;
  if (slices->last == first) slices->last = rest;
  return true;
}

void slices_put_back(struct slices *slices, struct slice *slice) {
  slice->next = slices->first;
  slices->first = slice;
  if (!slices->last) slices->last = slice;
  slices->bytes += slice->len;
  if (slice->pins) slices->pinned += slice->buffer->size;
}

size_t slices_read(struct slices *slices, void *to, size_t len) {
  size_t done = 0;
  while (done < len) {
    struct slice *slice = slices->first;
    size_t part = len - done < slice->len ? len - done : slice->len;
    memcpy((uint8_t *)to + done, slice->data, part);
    done += part;
    slice->data += part;
    slice->len -= (uint32_t)part;
    slices->bytes -= part;
    if (slice->len == 0) slice_free(slices_take(slices));
  }
  return done;
}

void slices_clear(struct slices *slices) {
  for (struct slice *slice; (slice = slices_take(slices));) slice_free(slice);
}
