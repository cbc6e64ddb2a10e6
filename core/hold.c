/* SPDX-License-Identifier: Apache-2.0
 *
 * The sum of what is held, kept in grains.
 */
#include "core/hold.h"

/* Whoever changes what was told adds the difference, so the sum is that of all that was told, whoever comes between. */
void hold_tell(struct holder *holder) {
  struct hold *hold = holder->hold;
  uint64_t told = atomic_load_explicit(&holder->told, memory_order_relaxed);
  uint64_t now;
  do now = atomic_load_explicit(&holder->held, memory_order_relaxed) / HOLD_GRAIN * HOLD_GRAIN;
  /* rare: two tell at once */
  while (!atomic_compare_exchange_weak_explicit(&holder->told, &told, now, memory_order_relaxed, memory_order_relaxed));
  atomic_fetch_add_explicit(&hold->held, now - told, memory_order_relaxed);
  if (!told && now) atomic_fetch_add_explicit(&hold->holders, 1, memory_order_relaxed);
  if (told && !now) atomic_fetch_sub_explicit(&hold->holders, 1, memory_order_relaxed);
}
