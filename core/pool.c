/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools of threads.
 *
 * Invariant: a job waits only while every thread is in a call and no more may be started. So there is a thread that is
 * awake or has been woken for each job that waits, as far as there are threads.
 */
#include "core/pool.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "abi/hawser.h"
#include "core/lock.h"
#include "core/park.h"
#include "core/thread.h"

struct pool {
  atomic_uint refs; /* the owner's, and one of each thread: the last one frees it */
  const char *name;
  unsigned limit;
  unsigned waiting_max;
  atomic_uint bell; /* rung for each job; threads without one sleep on it */
  atomic_uint left; /* threads that have returned */
  struct lock lock; /* all below */
  struct job *first;
  struct job *last;
  unsigned waiting; /* jobs in the list */
  unsigned idle;    /* threads asleep, or woken and not yet here */
  unsigned count;   /* threads in all */
  bool closing;
  struct os_thread *threads[POOL_THREADS_MAX];
};

static void unref(struct pool *pool) {
  if (atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) == 1) free(pool);
}

struct pool *pool_new(const char *name, unsigned threads, unsigned waiting) {
  struct pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  atomic_store(&pool->refs, 1);
  pool->name = name;
  pool->limit = threads < POOL_THREADS_MAX ? threads : POOL_THREADS_MAX;
  pool->waiting_max = waiting;
  return pool;
}

/* ---- threads ---- */

/* The next job, or NULL: the pool is being closed. Lock held, dropped meanwhile. */
static struct job *await_job(struct pool *pool) {
  while (!pool->first && !pool->closing) {
    unsigned seen = atomic_load_explicit(&pool->bell, memory_order_relaxed);
    pool->idle++;
    lock_drop(&pool->lock);
    park_wait(&pool->bell, seen, PARK_FOREVER);
    lock_take(&pool->lock);
    pool->idle--;
  }
  struct job *job = pool->first;
  if (!job) return NULL;
  pool->first = job->next;
  if (!pool->first) pool->last = NULL;
  pool->waiting--;
  return job;
}

static void run(void *argument) {
  struct pool *pool = argument;
  lock_take(&pool->lock);
  for (struct job *job; (job = await_job(pool));) {
    lock_drop(&pool->lock);
    job->run(job);
    lock_take(&pool->lock);
  }
  lock_drop(&pool->lock);
  atomic_fetch_add_explicit(&pool->left, 1, memory_order_release);
  park_wake(&pool->left, 1);
  unref(pool);
}

/* Lock held. */
static bool start_thread(struct pool *pool) {
  if (pool->count == pool->limit || pool->closing) return false;
  atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
  struct os_thread *thread = os_thread_start(pool->name, run, pool);
  if (thread)
    pool->threads[pool->count++] = thread;
  else
    atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_relaxed); /* the owner's is left */
  return thread;
}

/* Lock held. */
static void ring(struct pool *pool, int count) {
  atomic_fetch_add_explicit(&pool->bell, 1, memory_order_release);
  park_wake(&pool->bell, count);
}

/* ---- jobs ---- */

int pool_ready(struct pool *pool) {
  lock_take(&pool->lock);
  bool ready = pool->count || start_thread(pool);
  lock_drop(&pool->lock);
  return ready ? HWS_OK : HWS_E_LIMIT;
}

int pool_post(struct pool *pool, struct job *job) {
  lock_take(&pool->lock);
  bool awaited = pool->idle > pool->waiting || start_thread(pool);
  bool posted = pool->count && (awaited || pool->waiting < pool->waiting_max);
  if (posted) {
    job->next = NULL;
    *(pool->last ? &pool->last->next : &pool->first) = job;
    pool->last = job;
    pool->waiting++;
    if (pool->idle) ring(pool, 1);
  }
  lock_drop(&pool->lock);
  return posted ? HWS_OK : HWS_E_LIMIT;
}

bool pool_take_back(struct pool *pool, struct job *job) {
  struct job *before = NULL;
  lock_take(&pool->lock);
  struct job *each = pool->first;
  for (; each && each != job; each = each->next) before = each;
  if (each) {
    *(before ? &before->next : &pool->first) = job->next;
    if (pool->last == job) pool->last = before;
    pool->waiting--;
  }
  lock_drop(&pool->lock);
  return each;
}

/* ---- the end ---- */

bool pool_close(struct pool *pool, uint64_t until) {
  lock_take(&pool->lock);
  pool->closing = true;
  unsigned count = pool->count;
  ring(pool, POOL_THREADS_MAX);
  lock_drop(&pool->lock);
  for (unsigned left; (left = atomic_load_explicit(&pool->left, memory_order_acquire)) < count;) {
    if (clock_now() >= until) return false;
    park_wait(&pool->left, left, until);
  }
  return true;
}

void pool_join(struct pool *pool) {
  bool all = atomic_load_explicit(&pool->left, memory_order_acquire) == pool->count;
  for (unsigned i = 0; i < pool->count; i++) (all ? os_thread_join : os_thread_abandon)(pool->threads[i]);
}

void pool_free(struct pool *pool) {
  if (pool) unref(pool);
}
