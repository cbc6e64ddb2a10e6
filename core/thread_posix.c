/* SPDX-License-Identifier: Apache-2.0
 *
 * The I/O thread: a waiter that waits for the runtime's end. Blocks all signals, so that they go to the program's own
 * threads.
 */
#define _GNU_SOURCE /* pthread_setname_np */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "core/park.h"
#include "core/runtime.h"

struct io_thread {
  pthread_t thread;
  struct waiter waiter;
};

static void *run(void *argument) {
  struct io_thread *thread = argument;
  while (waiter_wait(&thread->waiter, PARK_FOREVER) != WAIT_READY) continue;
  return NULL;
}

struct io_thread *io_thread_start(struct runtime *runtime) {
  struct io_thread *thread = calloc(1, sizeof *thread);
  if (!thread) return NULL;
  waiter_init(&thread->waiter, &runtime->loop);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&thread->thread, NULL, run, thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failed) {
    pthread_setname_np(thread->thread, "hawser-io");
    return thread;
  }
  free(thread);
  return NULL;
}

bool io_thread_is_self(const struct io_thread *thread) {
  return pthread_equal(thread->thread, pthread_self());
}

void io_thread_stop(struct io_thread *thread) {
  waiter_signal(&thread->waiter);
  pthread_join(thread->thread, NULL);
  free(thread);
}
