/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of a cell, on the real system or the simulated one.
 */
#ifndef HAWSER_TESTS_MATRIX_THREADS_H
#define HAWSER_TESTS_MATRIX_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

struct worker *worker_start(void (*run)(void *argument), void *argument);
void worker_join(struct worker *worker);

/* A signal with a handler; where there are signals. */
extern const bool workers_have_signals;
void worker_interrupt(struct worker *worker);

/* Let others run for a moment. */
void worker_pause(void);
void worker_yield(void);

/* A descriptor of a regular file with so many bytes of the pattern (stage.h); the process has one. */
int64_t pattern_file(uint64_t bytes);

#endif
