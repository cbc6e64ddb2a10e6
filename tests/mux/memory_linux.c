/* SPDX-License-Identifier: Apache-2.0
 *
 * As the C library counts it.
 */
#include "tests/mux/memory.h"

#include <malloc.h>

size_t memory_size(void *memory) {
  return malloc_usable_size(memory);
}

size_t memory_in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
