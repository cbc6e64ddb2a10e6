/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of Windows. None of them is ever sent a signal here.
 */
#include "core/thread.h"

#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct os_thread {
  HANDLE handle;
  unsigned id;
};

/* What a new thread is to do; its own from then on. */
struct start {
  void (*run)(void *argument);
  void *argument;
};

static unsigned __stdcall thread_main(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.run(start.argument);
  return 0;
}

/* Systems before Windows 10 1607 have no names for threads. */
static void name_thread(HANDLE handle, const char *name) {
  HRESULT(WINAPI * describe)(HANDLE, PCWSTR);
  wchar_t wide[32];
  FARPROC found = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
  if (!found || !MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, sizeof wide / sizeof *wide)) return;
  memcpy(&describe, &found, sizeof describe);
  describe(handle, wide);
}

struct os_thread *os_thread_start(const char *name, void (*run)(void *argument), void *argument) {
  struct os_thread *thread = calloc(1, sizeof *thread);
  struct start *start = malloc(sizeof *start);
  if (start) *start = (struct start){.run = run, .argument = argument};
  /* Suspended, so that whoever asks for its id inside it finds one. */
  if (thread && start)
    thread->handle = (HANDLE)_beginthreadex(NULL, 0, thread_main, start, CREATE_SUSPENDED, &thread->id);
  if (!thread || !thread->handle) {
    free(thread);
    free(start);
    return NULL;
  }
  name_thread(thread->handle, name);
  ResumeThread(thread->handle);
  return thread;
}

bool os_thread_is_self(const struct os_thread *thread) {
  return thread->id == GetCurrentThreadId();
}

void os_thread_join(struct os_thread *thread) {
  WaitForSingleObject(thread->handle, INFINITE);
  CloseHandle(thread->handle);
  free(thread);
}

/* The code that it runs must stay, too. */
void os_thread_abandon(struct os_thread *thread) {
  HMODULE self;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     (LPCWSTR)(uintptr_t)&os_thread_abandon, &self);
  CloseHandle(thread->handle);
  free(thread);
}
