/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory that the kit's host gives: counted, guarded, and refused on demand.
 */
#ifndef HAWSER_CHECK_MEMORY_H
#define HAWSER_CHECK_MEMORY_H

#include <stdint.h>

/* As the slots of hws_host. */
void *check_memory_alloc(uint64_t bytes);
void check_memory_release(void *memory);

/* Pieces that were given and not released. */
int64_t check_memory_live(void);

/* Refuse the allocation that comes after `count` more, and only that one; negative: none. Returns whether the last such
 * request was met by then. */
int check_memory_refuse_after(int64_t count);

#endif
