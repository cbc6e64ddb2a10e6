/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of places.h. Nobody tells here whether a thread is asleep: one that stands at the same place whenever it
 * is looked at counts as asleep.
 */
#include <process.h>
#include <stdlib.h>
#include <windows.h>

#include "tests/core/places.h"

enum { LOOKS = 5, BETWEEN_MS = 2 };

struct thread {
  HANDLE handle;
  void (*run)(void *argument);
  void *argument;
};

static unsigned __stdcall thread_main(void *argument) {
  struct thread *thread = argument;
  thread->run(thread->argument);
  return 0;
}

struct thread *thread_start(void (*run)(void *argument), void *argument) {
  struct thread *thread = calloc(1, sizeof *thread);
  assert_non_null(thread);
  thread->run = run;
  thread->argument = argument;
  thread->handle = (HANDLE)_beginthreadex(NULL, 0, thread_main, thread, 0, NULL);
  assert_non_null(thread->handle);
  return thread;
}

void thread_join(struct thread *thread) {
  assert_int_equal(WaitForSingleObject(thread->handle, INFINITE), WAIT_OBJECT_0);
  (void)CloseHandle(thread->handle);
  free(thread);
}

static DWORD64 place_of(HANDLE thread) {
  CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
  assert_int_not_equal(SuspendThread(thread), (DWORD)-1);
  assert_true(GetThreadContext(thread, &context));
  (void)ResumeThread(thread);
  return context.Rip;
}

void thread_blocked(struct thread *thread) {
  uint64_t until = hws_now() + LIMIT_NS;
  DWORD64 last = 0;
  for (int same = 0; same < LOOKS;) {
    DWORD64 place = place_of(thread->handle);
    if (hws_now() > until) fail_msg("the thread never blocked");
    same = place == last ? same + 1 : 0;
    last = place;
    Sleep(BETWEEN_MS);
  }
}
