/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of the library: the I/O thread, and those of pools. They block all signals, which so go to the program's own.
 */
#ifndef HAWSER_CORE_THREAD_H
#define HAWSER_CORE_THREAD_H

#include <stdbool.h>

struct os_thread;

/* name: at most 15 characters, for debuggers. NULL: no memory, or the system has no thread to give. */
struct os_thread *os_thread_start(const char *name, void (*run)(void *argument), void *argument);

bool os_thread_is_self(const struct os_thread *thread);

/* Wait for its end. Frees it. */
void os_thread_join(struct os_thread *thread);

/* Never wait for its end. Frees what was known of it; what it still uses must be its own. */
void os_thread_abandon(struct os_thread *thread);

#endif
