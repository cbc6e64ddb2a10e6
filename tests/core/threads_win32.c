/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of places.h. Nobody tells here whether a thread is asleep: one that stands at the same place whenever it
 * is looked at counts as asleep.
 */
#include <winsock2.h>
/* after winsock2.h */
#include <windows.h>
/* after windows.h */
#include <process.h>
#include <stdlib.h>
#include <tlhelp32.h>

#include "core/runtime.h"
#include "tests/core/places.h"

static int blocked; /* threads that thread_blocked has seen, and that were not joined yet */

struct thread {
  HANDLE handle;
  void (*run)(void *argument);
  void *argument;
  bool blocked;
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
  if (thread->blocked) blocked--;
  free(thread);
}

static unsigned inside(struct world *world) {
  struct object *object = NULL;
  assert_int_equal(handle_pin(world->runtime, OBJECT_RUNTIME, &object), HWS_OK);
  unsigned count = atomic_load(&((struct runtime *)object)->loop.inside);
  object_unpin(object);
  return count;
}

void thread_blocked(struct thread *thread) {
  uint64_t until = hws_now() + LIMIT_NS;
  if (!thread->blocked) blocked++;
  thread->blocked = true;
  unsigned wanted = (unsigned)blocked + (here_world->driven ? 0 : 1); /* and the I/O thread */
  while (inside(here_world) < wanted) {
    if (hws_now() > until) fail_msg("the thread never blocked");
    Sleep(1);
  }
}

const bool threads_have_signals = false;

void thread_interrupt(struct thread *thread) {
  (void)thread;
  fail_msg("there are no signals here");
}

unsigned threads_count(void) {
  THREADENTRY32 entry = {.dwSize = sizeof entry};
  HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  unsigned count = 0;
  assert_true(list != INVALID_HANDLE_VALUE);
  for (BOOL more = Thread32First(list, &entry); more; more = Thread32Next(list, &entry))
    count += entry.th32OwnerProcessID == GetCurrentProcessId();
  (void)CloseHandle(list);
  return count;
}

void descriptors_allow(unsigned count) {
  (void)count; /* the system sets no limit */
}

bool descriptor_readable(int64_t descriptor, int ms) {
  WSAPOLLFD item = {.fd = (SOCKET)descriptor, .events = POLLRDNORM};
  int count = WSAPoll(&item, 1, ms);
  assert_true(count >= 0);
  return count == 1 && (item.revents & POLLRDNORM);
}

/* Nobody tells; a moment has to do. */
void threads_settle(void) {
  Sleep(20);
}
