/* SPDX-License-Identifier: Apache-2.0
 *
 * What a thread of places.h can beside: take a signal.
 */
#ifndef HAWSER_TESTS_CORE_THREADS_POSIX_H
#define HAWSER_TESTS_CORE_THREADS_POSIX_H

#include "tests/core/places.h"

void thread_signal(struct thread *thread, int signal);

#endif
