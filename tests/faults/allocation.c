/* SPDX-License-Identifier: Apache-2.0
 *
 * The wrappers. What the C library allocates for itself does not come through them; what it hands over to be freed
 * is wrapped too.
 */
#include "tests/faults/allocation.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_bool armed;
static atomic_bool failed;
static _Atomic(uint32_t) asked;
static _Atomic(uint32_t) skip;
static atomic_uint mode;
static _Atomic(int64_t) live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
void *allocation_own(size_t size) {
  return allocation_counted(__real_malloc(size));
}

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

void allocation_fail_after(uint32_t skipped, enum allocation_mode how) {
  atomic_store(&failed, false);
  atomic_store(&asked, 0);
  atomic_store(&skip, skipped);
  atomic_store(&mode, how);
  atomic_store(&armed, true);
}

uint32_t allocation_count(void) {
  return atomic_load(&asked);
}

bool allocation_failed(void) {
  return atomic_load(&failed);
}

bool allocation_restore(void) {
  atomic_store(&armed, false);
  return atomic_load(&failed);
}

int64_t allocation_live(void) {
  return atomic_load(&live);
}

bool allocation_fails(void) {
  if (!atomic_load(&armed)) return false;
  if (atomic_fetch_add(&asked, 1) < atomic_load(&skip)) return false;
  bool again = atomic_exchange(&failed, true);
  if (again && atomic_load(&mode) == ALLOCATION_ONE) return false;
  errno = ENOMEM;
  return true;
}

void *allocation_counted(void *memory) {
  if (memory) atomic_fetch_add(&live, 1);
  return memory;
}

void *__wrap_malloc(size_t size) {
  return allocation_fails() ? NULL : allocation_counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
  return allocation_fails() ? NULL : allocation_counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size) {
  if (allocation_fails()) return NULL;
  void *grown = __real_realloc(memory, size);
  return memory ? grown : allocation_counted(grown);
}

char *__wrap_strdup(const char *text) {
  return allocation_fails() ? NULL : allocation_counted(__real_strdup(text));
}

void __wrap_free(void *memory) {
  if (memory) atomic_fetch_sub(&live, 1);
  __real_free(memory);
}
