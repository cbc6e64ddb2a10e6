/* SPDX-License-Identifier: Apache-2.0
 *
 * A few threads for calls that may block: the system's resolver, the reading of files. One pool for each kind of call,
 * so that one kind, stuck in the system, does not starve the other.
 *
 * Threads are started as they are needed, and stay until the pool is closed.
 */
#ifndef HAWSER_CORE_POOL_H
#define HAWSER_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

enum { POOL_THREADS_MAX = 16 };

struct pool;

/* A call to come; embedded in what it serves. Its memory must last until run has returned, or it was taken back. */
struct job {
  struct job *next;
  void (*run)(struct job *job); /* on a thread of the pool; may free the job */
};

/* threads: 1 to POOL_THREADS_MAX. waiting: jobs that may wait for a thread at once. NULL: no memory. */
struct pool *pool_new(const char *name, unsigned threads, unsigned waiting);

/* Make sure that there is a thread, so that a post fails only where too many wait. HWS_OK or HWS_E_LIMIT. */
int pool_ready(struct pool *pool);

/* HWS_OK, or HWS_E_LIMIT: too many wait, or there is no thread and none to be had. */
int pool_post(struct pool *pool, struct job *job);

/* True: it had not begun, and will not. */
bool pool_take_back(struct pool *pool, struct job *job);

/* Nothing is posted any more: let what waits run and the threads end. False: some are still in a call at `until`; may
 * be asked again. NULL is fine, here and below. */
bool pool_close(struct pool *pool, uint64_t until);

/* After pool_close, once: join the threads. If some are still in a call, all are left to end by themselves. */
void pool_join(struct pool *pool);

/* Let go of it; NULL is fine. Threads that were left behind have what they need. */
void pool_free(struct pool *pool);

#endif
