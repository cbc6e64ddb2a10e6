/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams by id: chains in a table that doubles. The peer chooses its ids, and must not be able to choose some that
 * fall into one chain (MUX-18): where an id stands depends on a number that it does not know.
 */
#include <stdlib.h>

#include "core/mux/mux.h"

enum { TABLE_MIN = 16 };

/* The low half of the product is good for ids that differ in their low bits, the high half for the others. */
static uint32_t place_of(const struct mux *mux, uint32_t id) {
  uint64_t product = (uint64_t)(id ^ (uint32_t)mux->seed) * (mux->seed | 1);
  return (uint32_t)(product ^ product >> 32) & (mux->table_size - 1);
}

struct mux_stream *table_find(const struct mux *mux, uint32_t id) {
  if (!mux->table_size) return NULL;
  struct mux_stream *stream = mux->table[place_of(mux, id)];
  while (stream && stream->id != id) stream = stream->next_in_table;
  return stream;
}

static void insert(struct mux *mux, struct mux_stream *stream) {
  struct mux_stream **place = &mux->table[place_of(mux, stream->id)];
  stream->next_in_table = *place;
  *place = stream;
}

static bool grow(struct mux *mux) {
  uint32_t old_size = mux->table_size;
  uint32_t size = old_size ? old_size * 2 : TABLE_MIN;
  struct mux_stream **old = mux->table;
  struct mux_stream **table = calloc(size, sizeof(struct mux_stream *));
  if (!table) return false;
  mux->table = table;
  mux->table_size = size;
  for (uint32_t i = 0; i < old_size; i++)
    for (struct mux_stream *stream = old[i], *next; stream; stream = next) {
      next = stream->next_in_table;
      insert(mux, stream);
    }
  free(old);
  return true;
}

int table_add(struct mux *mux, struct mux_stream *stream) {
  if (mux->table_count >= mux->table_size && !grow(mux)) return HWS_E_NOMEM;
  insert(mux, stream);
  mux->table_count++;
  mux_hold(stream);
  return HWS_OK;
}

void table_remove(struct mux *mux, struct mux_stream *stream) {
  struct mux_stream **at = &mux->table[place_of(mux, stream->id)];
  while (*at != stream) at = &(*at)->next_in_table;
  *at = stream->next_in_table;
  mux->table_count--;
  mux_let_go(stream);
}
