/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory this process has.
 */
#ifndef HAWSER_BENCH_MEMORY_H
#define HAWSER_BENCH_MEMORY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that are resident and its own. */
uint64_t memory_used(void);

#ifdef __cplusplus
}
#endif

#endif
