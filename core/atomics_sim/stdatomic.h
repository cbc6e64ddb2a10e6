/* SPDX-License-Identifier: Apache-2.0
 *
 * The standard's atomics, each behind a point of the simulated system (core/scheduler_sim.h). Found instead of the
 * compiler's own in that build, and in no other.
 */
#ifndef HAWSER_CORE_ATOMICS_SIM_STDATOMIC_H
#define HAWSER_CORE_ATOMICS_SIM_STDATOMIC_H

#include_next <stdatomic.h>

__attribute__((visibility("default"))) void sim_point(const char *where);

#define SIM_TEXT_OF(line) #line
#define SIM_TEXT(line) SIM_TEXT_OF(line)
#define SIM_POINT sim_point(__FILE__ ":" SIM_TEXT(__LINE__))

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and
#undef atomic_fetch_and_explicit

#define atomic_load_explicit(at, order) (SIM_POINT, __atomic_load_n((at), (order)))
#define atomic_load(at) atomic_load_explicit((at), __ATOMIC_SEQ_CST)
#define atomic_store_explicit(at, value, order) (SIM_POINT, __atomic_store_n((at), (value), (order)))
#define atomic_store(at, value) atomic_store_explicit((at), (value), __ATOMIC_SEQ_CST)
#define atomic_exchange_explicit(at, value, order) (SIM_POINT, __atomic_exchange_n((at), (value), (order)))
#define atomic_exchange(at, value) atomic_exchange_explicit((at), (value), __ATOMIC_SEQ_CST)
#define atomic_compare_exchange_strong_explicit(at, seen, value, done, failed)                                         \
  (SIM_POINT, __atomic_compare_exchange_n((at), (seen), (value), 0, (done), (failed)))
#define atomic_compare_exchange_strong(at, seen, value)                                                                \
  atomic_compare_exchange_strong_explicit((at), (seen), (value), __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define atomic_compare_exchange_weak_explicit atomic_compare_exchange_strong_explicit
#define atomic_compare_exchange_weak atomic_compare_exchange_strong
#define atomic_fetch_add_explicit(at, value, order) (SIM_POINT, __atomic_fetch_add((at), (value), (order)))
#define atomic_fetch_add(at, value) atomic_fetch_add_explicit((at), (value), __ATOMIC_SEQ_CST)
#define atomic_fetch_sub_explicit(at, value, order) (SIM_POINT, __atomic_fetch_sub((at), (value), (order)))
#define atomic_fetch_sub(at, value) atomic_fetch_sub_explicit((at), (value), __ATOMIC_SEQ_CST)
#define atomic_fetch_or_explicit(at, value, order) (SIM_POINT, __atomic_fetch_or((at), (value), (order)))
#define atomic_fetch_or(at, value) atomic_fetch_or_explicit((at), (value), __ATOMIC_SEQ_CST)
#define atomic_fetch_and_explicit(at, value, order) (SIM_POINT, __atomic_fetch_and((at), (value), (order)))
#define atomic_fetch_and(at, value) atomic_fetch_and_explicit((at), (value), __ATOMIC_SEQ_CST)

#endif
