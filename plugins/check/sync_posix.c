/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads, mutexes and a signal to wait for, over pthreads.
 */
#include "plugins/check/sync.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "plugins/check/fault.h"

struct check_mutex {
  pthread_mutex_t mutex;
};

struct check_signal {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  uint64_t count;
};

struct check_thread {
  pthread_t thread;
  void (*run)(void *argument);
  void *argument;
};

static void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes);
  CHECK(memory, "the kit itself is out of memory");
  return memory;
}

struct check_mutex *check_mutex_new(void) {
  struct check_mutex *mutex = allocate(sizeof *mutex);
  CHECK(pthread_mutex_init(&mutex->mutex, NULL) == 0, "the kit cannot make a mutex");
  return mutex;
}

void check_mutex_free(struct check_mutex *mutex) {
  (void)pthread_mutex_destroy(&mutex->mutex);
  free(mutex);
}

void check_mutex_lock(struct check_mutex *mutex) {
  (void)pthread_mutex_lock(&mutex->mutex);
}

void check_mutex_unlock(struct check_mutex *mutex) {
  (void)pthread_mutex_unlock(&mutex->mutex);
}

struct check_signal *check_signal_new(void) {
  struct check_signal *signal = allocate(sizeof *signal);
  pthread_condattr_t attributes;
  (void)pthread_condattr_init(&attributes);
  (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  CHECK(pthread_mutex_init(&signal->mutex, NULL) == 0 && pthread_cond_init(&signal->condition, &attributes) == 0,
        "the kit cannot make a condition");
  (void)pthread_condattr_destroy(&attributes);
  return signal;
}

void check_signal_free(struct check_signal *signal) {
  (void)pthread_cond_destroy(&signal->condition);
  (void)pthread_mutex_destroy(&signal->mutex);
  free(signal);
}

uint64_t check_signal_seen(struct check_signal *signal) {
  (void)pthread_mutex_lock(&signal->mutex);
  uint64_t seen = signal->count;
  (void)pthread_mutex_unlock(&signal->mutex);
  return seen;
}

void check_signal_raise(struct check_signal *signal) {
  (void)pthread_mutex_lock(&signal->mutex);
  signal->count++;
  (void)pthread_cond_broadcast(&signal->condition);
  (void)pthread_mutex_unlock(&signal->mutex);
}

void check_signal_wait(struct check_signal *signal, uint64_t seen, unsigned ms) {
  uint64_t until_ns = check_now_ns() + (uint64_t)ms * 1000000;
  struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000), .tv_nsec = (long)(until_ns % 1000000000)};
  (void)pthread_mutex_lock(&signal->mutex);
  while (signal->count == seen && pthread_cond_timedwait(&signal->condition, &signal->mutex, &until) == 0) {
  }
  (void)pthread_mutex_unlock(&signal->mutex);
}

static void *thread_main(void *argument) {
  struct check_thread *thread = argument;
  thread->run(thread->argument);
  return NULL;
}

struct check_thread *check_thread_start(void (*run)(void *argument), void *argument) {
  struct check_thread *thread = allocate(sizeof *thread);
  thread->run = run;
  thread->argument = argument;
  CHECK(pthread_create(&thread->thread, NULL, thread_main, thread) == 0, "the kit cannot start a thread");
  return thread;
}

void check_thread_join(struct check_thread *thread) {
  (void)pthread_join(thread->thread, NULL);
  free(thread);
}

uint64_t check_now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
