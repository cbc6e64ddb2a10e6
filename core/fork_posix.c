/* SPDX-License-Identifier: Apache-2.0
 *
 * The word of fork.h, in a page of its own under MADV_WIPEONFORK.
 */
#include "core/fork.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/handle.h"
#include "core/park.h"
#include "plugins/registry.h"

atomic_uint *fork_word;

static void page_fill(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, size, MADV_WIPEONFORK) != 0) {
    munmap(page, size);
    return;
  }
  atomic_uint *word = page;
  atomic_store(word, FORK_CURRENT);
  fork_word = word;
}

/* A constructor, because two first runtimes may be opened at once. */
__attribute__((constructor)) static void fork_begin(void) {
  if (!fork_word) page_fill();
}

int fork_watch(void) {
  return fork_word ? 0 : -1;
}

void fork_reset(void) {
  unsigned seen = FORK_CHILD;
  if (atomic_compare_exchange_strong(fork_word, &seen, FORK_RESETTING)) {
    handle_after_fork();
    registry_after_fork();
    atomic_store_explicit(fork_word, FORK_CURRENT, memory_order_release);
    return;
  }
  while (atomic_load_explicit(fork_word, memory_order_acquire) != FORK_CURRENT) park_yield();
}
