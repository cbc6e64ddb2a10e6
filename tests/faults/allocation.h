/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocations that fail on demand. The linker sends those of the library and of this program through wrappers, and
 * transports get their memory from the library.
 */
#ifndef HAWSER_TESTS_FAULTS_ALLOCATION_H
#define HAWSER_TESTS_FAULTS_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum allocation_mode {
  ALLOCATION_ONE, /* one fails, all others succeed */
  ALLOCATION_REST /* one fails, and so do all that follow */
};

/* The first `skipped` allocations from now succeed, then the mode holds. */
void allocation_fail_after(uint32_t skipped, enum allocation_mode mode);

/* How many there were since then, and whether one was made to fail. */
uint32_t allocation_count(void);
bool allocation_failed(void);

/* Nothing fails any more. True: something did. */
bool allocation_restore(void);

/* What a test needs for itself: never made to fail, and no allocation of the story's. To be freed as all others. */
void *allocation_own(size_t size);

/* How many allocations are out. */
int64_t allocation_live(void);

/* For wrappers: is this one to fail? And count one that did not; returns it. */
bool allocation_fails(void);
void *allocation_counted(void *memory);

#endif
