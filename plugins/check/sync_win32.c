/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads, mutexes and a signal to wait for, over what Windows has.
 */
#include "plugins/check/sync.h"

#include <process.h>
#include <stdlib.h>
#include <windows.h>

#include "plugins/check/fault.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

struct check_mutex {
  SRWLOCK lock;
};

struct check_signal {
  SRWLOCK lock;
  CONDITION_VARIABLE condition;
  uint64_t count;
};

struct check_thread {
  HANDLE handle;
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
  InitializeSRWLock(&mutex->lock);
  return mutex;
}

void check_mutex_free(struct check_mutex *mutex) {
  free(mutex);
}

void check_mutex_lock(struct check_mutex *mutex) {
  AcquireSRWLockExclusive(&mutex->lock);
}

void check_mutex_unlock(struct check_mutex *mutex) {
  ReleaseSRWLockExclusive(&mutex->lock);
}

struct check_signal *check_signal_new(void) {
  struct check_signal *signal = allocate(sizeof *signal);
  InitializeSRWLock(&signal->lock);
  InitializeConditionVariable(&signal->condition);
  return signal;
}

void check_signal_free(struct check_signal *signal) {
  free(signal);
}

uint64_t check_signal_seen(struct check_signal *signal) {
  AcquireSRWLockExclusive(&signal->lock);
  uint64_t seen = signal->count;
  ReleaseSRWLockExclusive(&signal->lock);
  return seen;
}

void check_signal_raise(struct check_signal *signal) {
  AcquireSRWLockExclusive(&signal->lock);
  signal->count++;
  WakeAllConditionVariable(&signal->condition);
  ReleaseSRWLockExclusive(&signal->lock);
}

void check_signal_wait(struct check_signal *signal, uint64_t seen, unsigned ms) {
  uint64_t until = check_now_ns() + (uint64_t)ms * NS_PER_MS;
  AcquireSRWLockExclusive(&signal->lock);
  while (signal->count == seen) {
    uint64_t now = check_now_ns();
    if (now >= until) break;
    DWORD left_ms = (DWORD)((until - now) / NS_PER_MS) + 1;
    (void)SleepConditionVariableSRW(&signal->condition, &signal->lock, left_ms, 0);
  }
  ReleaseSRWLockExclusive(&signal->lock);
}

static unsigned __stdcall thread_main(void *argument) {
  struct check_thread *thread = argument;
  thread->run(thread->argument);
  return 0;
}

struct check_thread *check_thread_start(void (*run)(void *argument), void *argument) {
  struct check_thread *thread = allocate(sizeof *thread);
  thread->run = run;
  thread->argument = argument;
  thread->handle = (HANDLE)_beginthreadex(NULL, 0, thread_main, thread, 0, NULL);
  CHECK(thread->handle, "the kit cannot start a thread");
  return thread;
}

void check_thread_join(struct check_thread *thread) {
  (void)WaitForSingleObject(thread->handle, INFINITE);
  (void)CloseHandle(thread->handle);
  free(thread);
}

uint64_t check_now_ns(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER now;
  (void)QueryPerformanceFrequency(&frequency);
  (void)QueryPerformanceCounter(&now);
  uint64_t hz = (uint64_t)frequency.QuadPart;
  uint64_t ticks = (uint64_t)now.QuadPart;
  return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}
