/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory of the C runtime this process has: the library and its plugins share it with the program.
 */
#ifndef HAWSER_BENCH_READINESS_MEMORY_H
#define HAWSER_BENCH_READINESS_MEMORY_H

#include <stdint.h>

/* Bytes that are allocated and not freed. */
uint64_t memory_held(void);

#endif
