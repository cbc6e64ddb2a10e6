/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks of sizes that are powers of two in quarters, each size with a list of what is free. The last that was freed is
 * the first to be used again, and what was freed does not look as it did: who reads it still shall notice.
 */
#define _GNU_SOURCE /* MAP_FIXED_NOREPLACE */
#include "tests/sim/fresh/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/scheduler_sim.h"

enum { SMALLEST = 32, CLASSES = 4 * 26, SPOILED = 192 };

struct block {
  struct block *next; /* while it is free */
  size_t class;
};

/* The C library's, behind the wrappers. */
void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);

static char *const region = (char *)(uintptr_t)0x610000000000;
static const size_t region_bytes = (size_t)1 << 30;
static size_t used;
static struct block *free_blocks[CLASSES];

/* The sizes of classes: 32, 40, 48, 56, 64, 80, 96, 112, 128 ... */
static size_t class_size(size_t class) {
  return ((size_t)SMALLEST + SMALLEST / 4 * (class % 4)) << class / 4;
}

static size_t class_of(size_t size) {
  size_t class = 0;
  if (size > SMALLEST) class = 4 * (size_t)(63 - __builtin_clzl(size) - 5);
  while (class_size(class) < size) class ++;
  return class;
}

static bool is_ours(const void *memory) {
  return (const char *)memory >= region && (const char *)memory < region + region_bytes;
}

static void spoil(void *memory, size_t size, int with) {
  memset(memory, with, size < SPOILED ? size : SPOILED);
}

static struct block *carve(size_t class) {
  size_t bytes = (sizeof(struct block) + class_size(class) + 15) & ~(size_t)15;
  if (!used) {
    void *all = mmap(region, region_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (all != region) abort();
  }
  if (bytes > region_bytes - used) return NULL;
  struct block *block = (struct block *)(void *)(region + used);
  used += bytes;
  block->class = class;
  return block;
}

void *arena_malloc(size_t size) {
  if (!sim_self()) return __real_malloc(size);
  if (size > region_bytes / 4) return NULL;
  size_t class = class_of(size);
  struct block *block = free_blocks[class];
  if (block)
    free_blocks[class] = block->next;
  else
    block = carve(class);
  if (!block) return NULL;
  spoil(block + 1, size, 0xa5);
  return block + 1;
}

void arena_free(void *memory) {
  if (!is_ours(memory)) {
    __real_free(memory);
    return;
  }
  struct block *block = (struct block *)memory - 1;
  spoil(memory, class_size(block->class), 0x5a);
  block->next = free_blocks[block->class];
  free_blocks[block->class] = block;
}

void *arena_calloc(size_t count, size_t size) {
  if (size && count > SIZE_MAX / size) return NULL;
  void *memory = arena_malloc(count * size);
  return memory ? memset(memory, 0, count * size) : NULL;
}

void *arena_realloc(void *memory, size_t size) {
  if (memory && !is_ours(memory)) return __real_realloc(memory, size);
  void *grown = arena_malloc(size);
  if (!grown || !memory) return grown;
  size_t old = class_size(((struct block *)memory - 1)->class);
  memcpy(grown, memory, old < size ? old : size);
  arena_free(memory);
  return grown;
}

char *arena_strndup(const char *text, size_t most) {
  size_t length = strnlen(text, most);
  char *copy = arena_malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = 0;
  return copy;
}

char *arena_strdup(const char *text) {
  return arena_strndup(text, strlen(text));
}

void arena_used(char **from, size_t *bytes) {
  *from = region;
  *bytes = used;
}
