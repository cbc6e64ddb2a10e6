/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core needs of every operating system: parking on a word, the clock, the texts of errors.
 */
#ifndef HAWSER_CORE_PARK_H
#define HAWSER_CORE_PARK_H

#include <stdatomic.h>
#include <stdint.h>

#define PARK_FOREVER UINT64_MAX

enum park_result { PARK_WOKEN, PARK_TIMEOUT, PARK_INTERRUPTED };

/* Sleep while *word == expected, until woken, until deadline_ns (clock_now) or a signal. May wake for no reason. */
enum park_result park_wait(atomic_uint *word, unsigned expected, uint64_t deadline_ns);

/* Wake up to count sleepers. The word may be gone by now: only its address is used. */
void park_wake(atomic_uint *word, int count);

/* Let another thread run. */
void park_yield(void);

/* Tell the processor that this is a spin loop. */
static inline void park_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* CLOCK_MONOTONIC in nanoseconds; never 0. */
uint64_t clock_now(void);

/* The system's text for an error number; it may stand in `room`. Needs no memory. */
enum { OS_ERROR_TEXT_MAX = 400 };
const char *os_error_text(int os_error, char room[OS_ERROR_TEXT_MAX]);

#endif
