/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory the process holds.
 */
#ifndef HAWSER_TESTS_MUX_MEMORY_H
#define HAWSER_TESTS_MUX_MEMORY_H

#include <stddef.h>

/* Bytes that were allocated and not freed. */
size_t memory_in_use(void);

/* Bytes of one allocation, as the C library rounds them. */
size_t memory_size(void *memory);

#endif
