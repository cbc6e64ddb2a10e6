/* SPDX-License-Identifier: Apache-2.0
 *
 * The I/O thread: a waiter that waits for the runtime's end.
 */
#include <stdlib.h>

#include "core/park.h"
#include "core/runtime.h"
#include "core/thread.h"

struct io_thread {
  struct os_thread *thread;
  struct waiter waiter;
};

static void run(void *argument) {
  struct io_thread *thread = argument;
  /* rare: it takes no signals, but may be stopped and continued */
  while (waiter_wait(&thread->waiter, PARK_FOREVER) != WAIT_READY) continue;
}

struct io_thread *io_thread_start(struct runtime *runtime) {
  struct io_thread *thread = calloc(1, sizeof *thread);
  if (!thread) return NULL;
  waiter_init(&thread->waiter, &runtime->loop);
  thread->thread = os_thread_start("hawser-io", run, thread);
  if (thread->thread) return thread;
  free(thread);
  return NULL;
}

bool io_thread_is_self(const struct io_thread *thread) {
  return os_thread_is_self(thread->thread);
}

void io_thread_stop(struct io_thread *thread) {
  waiter_signal(&thread->waiter);
  os_thread_join(thread->thread);
  free(thread);
}
