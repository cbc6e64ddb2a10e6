/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory that is allocated inside of runs: always at the same addresses, in the same order, and turned back with
 * the rest (tests/sim/fresh.h). Behind the wrappers that count allocations (tests/faults/allocation.h).
 */
#ifndef HAWSER_TESTS_SIM_FRESH_ARENA_H
#define HAWSER_TESTS_SIM_FRESH_ARENA_H

#include <stddef.h>

void *arena_malloc(size_t size);
void *arena_calloc(size_t count, size_t size);
void *arena_realloc(void *memory, size_t size);
char *arena_strdup(const char *text);
char *arena_strndup(const char *text, size_t most);
void arena_free(void *memory);

/* From where to where it was ever used. */
void arena_used(char **from, size_t *bytes);

#endif
