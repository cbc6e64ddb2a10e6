/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls that make a descriptor, map a library or start a thread, which fail on demand: for the library, linked in, and
 * for the transports that it loads.
 */
#ifndef HAWSER_TESTS_FAULTS_DESCRIPTORS_H
#define HAWSER_TESTS_FAULTS_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

enum descriptors_mode {
  DESCRIPTORS_ONE, /* one call fails, all others succeed */
  DESCRIPTORS_REST /* one fails, and so do all that follow; but accepts only so often, as they are waited for */
};

enum { DESCRIPTORS_ACCEPTS = 3 };

/* The first `skipped` calls from now succeed, then the mode holds. os_error: what a call for a descriptor says. */
void descriptors_fail_after(uint32_t skipped, enum descriptors_mode mode, int os_error);

/* Nothing fails any more. The name of the call that failed first; NULL: none did. */
const char *descriptors_restore(void);

/* How often accept4 was called since descriptors_fail_after. */
uint32_t descriptors_accepts(void);

#endif
