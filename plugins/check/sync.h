/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads, mutexes and a signal to wait for, as far as the kit needs them.
 */
#ifndef HAWSER_CHECK_SYNC_H
#define HAWSER_CHECK_SYNC_H

#include <stdint.h>

struct check_mutex *check_mutex_new(void);
void check_mutex_free(struct check_mutex *mutex);
void check_mutex_lock(struct check_mutex *mutex);
void check_mutex_unlock(struct check_mutex *mutex);

/* A count of what happened. A waiter that saw `seen` is woken by whatever comes after. */
struct check_signal *check_signal_new(void);
void check_signal_free(struct check_signal *signal);
uint64_t check_signal_seen(struct check_signal *signal);
void check_signal_raise(struct check_signal *signal);
void check_signal_wait(struct check_signal *signal, uint64_t seen, unsigned ms);

struct check_thread *check_thread_start(void (*run)(void *argument), void *argument);
void check_thread_join(struct check_thread *thread);

uint64_t check_now_ns(void);

#endif
