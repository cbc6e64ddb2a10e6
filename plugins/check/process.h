/* SPDX-License-Identifier: Apache-2.0
 *
 * A process of its own for a case, and who this process is.
 */
#ifndef HAWSER_CHECK_PROCESS_H
#define HAWSER_CHECK_PROCESS_H

#include <stddef.h>
#include <stdint.h>

uint64_t check_process_user(void);
uint64_t check_process_group(void);
uint64_t check_process_id(void);

/* Memory that this process and those it runs see alike; NULL: none. */
void *check_process_share(size_t bytes);
void check_process_unshare(void *memory, size_t bytes);

/* A process that has a copy of every descriptor of this one, and does nothing until it is released or this one ends.
 * One at a time. */
void check_process_hold(void);
void check_process_release(void);

/* Run it in a process of its own. NULL: it returned; else one line into `failure`, which is returned: what check_fail
 * said, or the signal that killed it, or that it was killed after `limit_ms` and in which slot it was. */
const char *check_process_run(void (*run)(void *argument), void *argument, unsigned limit_ms, char *failure,
                              size_t failure_size);

#endif
