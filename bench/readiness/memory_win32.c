/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory as its heap counts it; see memory_win32.h.
 */
#include "bench/readiness/memory_win32.h"

#include <malloc.h>
#include <windows.h>

#include "bench/readiness/must.h"

uint64_t memory_held(void) {
  HANDLE heap = (HANDLE)_get_heap_handle();
  PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
  uint64_t bytes = 0;
  if (!HeapLock(heap)) fail("the heap", "it cannot be locked");
  while (HeapWalk(heap, &entry))
    if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) bytes += entry.cbData;
  if (GetLastError() != ERROR_NO_MORE_ITEMS) fail("the heap", "it cannot be walked");
  (void)HeapUnlock(heap);
  return bytes;
}
