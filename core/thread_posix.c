/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads over pthreads.
 */
#define _GNU_SOURCE /* pthread_setname_np */
#include "core/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct os_thread {
  pthread_t thread;
};

/* What a new thread is to do; its own from then on. */
struct start {
  void (*run)(void *argument);
  void *argument;
};

static void *thread_main(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.run(start.argument);
  return NULL;
}

static int create(pthread_t *thread, struct start *start) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(thread, NULL, thread_main, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

struct os_thread *os_thread_start(const char *name, void (*run)(void *argument), void *argument) {
  struct os_thread *thread = malloc(sizeof *thread);
  struct start *start = malloc(sizeof *start);
  if (start) *start = (struct start){.run = run, .argument = argument};
  if (!thread || !start || create(&thread->thread, start) != 0) {
    free(thread);
    free(start);
    return NULL;
  }
  pthread_setname_np(thread->thread, name);
  return thread;
}

bool os_thread_is_self(const struct os_thread *thread) {
  return pthread_equal(thread->thread, pthread_self());
}

void os_thread_join(struct os_thread *thread) {
  pthread_join(thread->thread, NULL);
  free(thread);
}

void os_thread_abandon(struct os_thread *thread) {
  pthread_detach(thread->thread);
  free(thread);
}
