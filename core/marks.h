/* SPDX-License-Identifier: Apache-2.0
 *
 * Where messages end in a sequence of bytes that is kept elsewhere. Distances, not places: a mark costs a byte for a
 * short message, so that a peer that ends message upon message makes us hold about what it paid for in credit.
 */
#ifndef HAWSER_CORE_MARKS_H
#define HAWSER_CORE_MARKS_H

#include <stdbool.h>
#include <stdint.h>

struct marks {
  uint64_t count;
  uint64_t next;    /* bytes before the first mark */
  uint64_t covered; /* bytes before the last */
  uint8_t *coded;   /* distances of all others, [first, end) of room bytes */
  uint32_t first;
  uint32_t end;
  uint32_t room;
};

/* Memory for one more. False: there is none. */
bool marks_reserve(struct marks *marks);

/* A mark behind `bytes` bytes, counted from the head. False: no memory, and nothing was changed. */
bool marks_add(struct marks *marks, uint64_t bytes);

/* How many of `bytes` may be taken from the head without crossing a mark. */
static inline uint64_t marks_limit(const struct marks *marks, uint64_t bytes) {
  return marks->count && marks->next < bytes ? marks->next : bytes;
}

/* So many bytes, at most marks_limit, were taken from the head. True: they end a message, whose mark is gone now. */
bool marks_take(struct marks *marks, uint64_t bytes);

/* The same with the mark left where it is. */
void marks_skip(struct marks *marks, uint64_t bytes);

/* The bytes that were taken last come back to the head, `mark`: with the mark behind them. Needs no memory. */
void marks_put_back(struct marks *marks, uint64_t bytes, bool mark);

void marks_clear(struct marks *marks);

#endif
