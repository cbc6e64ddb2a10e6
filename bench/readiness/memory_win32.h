/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory the library and a plugin hold: what they allocate of the C runtime's is counted from here on, by
 * functions put into their tables of imports. (The heap itself could be walked, but Wine 8 goes in circles where two
 * pieces of it are neighbours.)
 */
#ifndef HAWSER_BENCH_READINESS_MEMORY_H
#define HAWSER_BENCH_READINESS_MEMORY_H

#include <stdint.h>

/* Count what this module, which is loaded, allocates and frees. Not while others of its threads do. */
void memory_count(const char *module);

/* Bytes that were allocated and not freed since; less than nothing where more that is older was freed. */
int64_t memory_held(void);

#endif
