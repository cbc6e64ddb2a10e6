/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory that the kit's host gives. Each piece has a mark in front and a fence behind, both looked at on release.
 */
#include "plugins/check/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/check/fault.h"

#define MARK_LIVE UINT64_C(0x6c69766570696563)
#define MARK_FREE UINT64_C(0x6465616470696563)

enum { FENCE_BYTES = 16, FENCE = 0xFE, RELEASED = 0xDD, KEPT = 256 };

struct piece {
  uint64_t mark;
  uint64_t bytes;
};

static _Atomic int64_t live;

/* What was released lately, not freed yet, so that a second release finds its mark. */
static void *_Atomic kept[KEPT];
static atomic_uint kept_next;
static _Atomic int64_t refuse_after = -1;

void *check_memory_alloc(uint64_t bytes) {
  if (atomic_load(&refuse_after) >= 0 && atomic_fetch_sub(&refuse_after, 1) == 0) return NULL;
  struct piece *piece = bytes < SIZE_MAX / 2 ? calloc(1, sizeof *piece + (size_t)bytes + FENCE_BYTES) : NULL;
  if (!piece) return NULL;
  *piece = (struct piece){.mark = MARK_LIVE, .bytes = bytes};
  memset((char *)(piece + 1) + bytes, FENCE, FENCE_BYTES);
  atomic_fetch_add(&live, 1);
  return piece + 1;
}

void check_memory_release(void *memory) {
  if (!memory) return;
  struct piece *piece = (struct piece *)memory - 1;
  CHECK(piece->mark != MARK_FREE, "released memory twice");
  CHECK(piece->mark == MARK_LIVE, "released memory that the host did not give");
  const unsigned char *fence = (const unsigned char *)memory + piece->bytes;
  for (int i = 0; i < FENCE_BYTES; i++) CHECK(fence[i] == FENCE, "wrote past the end of memory of the host");
  memset(memory, RELEASED, (size_t)piece->bytes);
  piece->mark = MARK_FREE;
  atomic_fetch_sub(&live, 1);
  free(atomic_exchange(&kept[atomic_fetch_add(&kept_next, 1) % KEPT], piece));
}

int64_t check_memory_live(void) {
  return atomic_load(&live);
}

int check_memory_refuse_after(int64_t count) {
  return atomic_exchange(&refuse_after, count) < 0;
}
