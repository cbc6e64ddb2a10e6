/* SPDX-License-Identifier: Apache-2.0
 *
 * As the heap's own list has it.
 */
#include "tests/mux/memory.h"

#include <malloc.h>
#include <windows.h>

size_t memory_size(void *memory) {
  return _msize(memory);
}

size_t memory_in_use(void) {
  HANDLE heaps[64];
  size_t total = 0;
  DWORD count = GetProcessHeaps(sizeof heaps / sizeof *heaps, heaps);
  for (DWORD i = 0; i < count && i < sizeof heaps / sizeof *heaps; i++) {
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    (void)HeapLock(heaps[i]);
    while (HeapWalk(heaps[i], &entry))
      if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) total += entry.cbData;
    (void)HeapUnlock(heaps[i]);
  }
  return total;
}
