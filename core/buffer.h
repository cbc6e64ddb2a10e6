/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers: counted pieces of memory in two sizes, and slices of them.
 */
#ifndef HAWSER_CORE_BUFFER_H
#define HAWSER_CORE_BUFFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/lock.h"

enum {
  BLOCK_SIZE = 4096,      /* small sends and small received slices are gathered in these */
  CHUNK_SIZE = 128 * 1024 /* one read of a connection */
};

struct runtime;
struct holder;

struct buffer {
  atomic_uint refs;
  uint32_t size;           /* of data */
  struct runtime *runtime; /* not pinned: whoever holds a buffer holds its runtime by something else */
  struct buffer *next;     /* in the pool, or for its owner's use */
  struct holder *holder;   /* for whom it is counted; NULL: for nobody. Lives as long as the references do */
  uint8_t data[];
};

struct buffer_pool {
  struct lock lock;
  struct buffer *blocks;
  struct buffer *chunks;
  uint32_t block_count;
  uint32_t chunk_count;
};

/* One reference; NULL without memory. */
struct buffer *buffer_block(struct runtime *runtime);
struct buffer *buffer_chunk(struct runtime *runtime);
struct buffer *buffer_sized(struct runtime *runtime, uint32_t size); /* not pooled */

void buffer_ref(struct buffer *buffer);
void buffer_unref(struct buffer *buffer);

/* One that has a holder: nothing of it is kept any more, and it counts for nobody. */
void buffer_uncount(struct buffer *buffer);

/* Is the caller's the only reference? */
bool buffer_sole(const struct buffer *buffer);

void buffer_pool_drain(struct buffer_pool *pool);

/* Received bytes in a buffer: `buffer` is referenced. */
struct slice {
  struct slice *next;
  struct buffer *buffer;
  uint8_t *data;
  uint32_t len;
  bool pins; /* the one of its buffer here that is counted in `pinned` */
};

struct slices {
  struct slice *first;
  struct slice *last;
  uint64_t bytes;
  uint64_t pinned;       /* sizes of the buffers that are held for them */
  struct holder *holder; /* for whom they count; NULL: for nobody */
};

/* Append bytes that lie in `buffer`: by reference when they are many, and what is held stays near what is there; else
 * by copying them into blocks. False: no memory. */
bool slices_append(struct slices *slices, struct runtime *runtime, struct buffer *buffer, const uint8_t *data,
                   uint32_t len);

/* Copy out up to `len` bytes and drop them. */
size_t slices_read(struct slices *slices, void *to, size_t len);

/* Take the first slice off, with its reference; NULL when empty. */
struct slice *slices_take(struct slices *slices);

/* Make the first slice no longer than that many bytes. False: no memory. */
bool slices_split(struct slices *slices, uint64_t bytes);
void slices_put_back(struct slices *slices, struct slice *slice);

void slices_clear(struct slices *slices);
void slice_free(struct slice *slice);

#endif
