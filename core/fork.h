/* SPDX-License-Identifier: Apache-2.0
 *
 * Noticing a fork (OP-7): a word in a page that the system zeroes in a child, so that a check is one load.
 */
#ifndef HAWSER_CORE_FORK_H
#define HAWSER_CORE_FORK_H

#include <stdatomic.h>

enum { FORK_CHILD = 0, FORK_RESETTING = 1, FORK_CURRENT = 2 };

extern atomic_uint *fork_word; /* NULL until fork_watch succeeded */

/* Begin to watch. 0, or -1 without memory. */
int fork_watch(void);

/* In a child: forget the parent's handles, plugins and locks, once. */
void fork_reset(void);

/* To be called at every entry, before any lock. */
static inline void fork_check(void) {
  if (fork_word && atomic_load_explicit(fork_word, memory_order_acquire) != FORK_CURRENT) fork_reset();
}

#endif
