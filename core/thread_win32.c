/* SPDX-License-Identifier: Apache-2.0
 *
 * The I/O thread: a waiter that waits for the runtime's end.
 */
#include <process.h>
#include <stdlib.h>
#include <windows.h>

#include "core/park.h"
#include "core/runtime.h"

struct io_thread {
  HANDLE handle;
  unsigned id;
  struct waiter waiter;
};

static unsigned __stdcall run(void *argument) {
  struct io_thread *thread = argument;
  while (waiter_wait(&thread->waiter, PARK_FOREVER) != WAIT_READY) continue;
  return 0;
}

struct io_thread *io_thread_start(struct runtime *runtime) {
  struct io_thread *thread = calloc(1, sizeof *thread);
  if (!thread) return NULL;
  waiter_init(&thread->waiter, &runtime->loop);
  /* Suspended, so that it finds its own id. */
  thread->handle = (HANDLE)_beginthreadex(NULL, 0, run, thread, CREATE_SUSPENDED, &thread->id);
  if (thread->handle) {
    ResumeThread(thread->handle);
    return thread;
  }
  free(thread);
  return NULL;
}

bool io_thread_is_self(const struct io_thread *thread) {
  return thread->id == GetCurrentThreadId();
}

void io_thread_stop(struct io_thread *thread) {
  waiter_signal(&thread->waiter);
  WaitForSingleObject(thread->handle, INFINITE);
  CloseHandle(thread->handle);
  free(thread);
}
