/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread's refusal on Windows. The compiler's own storage for threads is allocated at its first use there, and ends
 * the process where it cannot be. So the words stand in a slot of the system's that has a callback for the end of a
 * thread; the library stays in memory from then on, so the callback does.
 */
#include <stddef.h>
#include <windows.h>

#include "core/refused.h"

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static DWORD words = FLS_OUT_OF_INDEXES;
static DWORD status_said = TLS_OUT_OF_INDEXES;

static void WINAPI thread_ends(void *cause) {
  cause_unref(cause);
}

static BOOL CALLBACK begin(INIT_ONCE *self, void *argument, void **context) {
  HMODULE module;
  (void)self, (void)argument, (void)context;
  status_said = TlsAlloc();
  if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                         (LPCWSTR)(uintptr_t)&thread_ends, &module))
    words = FlsAlloc(thread_ends);
  return TRUE;
}

/* What the callers of a function of Windows find in GetLastError is theirs. */
static void *get(void *(WINAPI *from)(DWORD slot), const DWORD *slot) {
  DWORD error = GetLastError();
  (void)InitOnceExecuteOnce(&once, begin, NULL, NULL);
  void *value = from(*slot); /* NULL from a slot that there is not */
  SetLastError(error);
  return value;
}

struct cause *refused_kept(void) {
  return get(FlsGetValue, &words);
}

bool refused_keep(struct cause *cause) {
  struct cause *before = refused_kept();
  if (!FlsSetValue(words, cause)) return !cause->refs;
  cause_unref(before);
  return true;
}

int refused_said(int status) {
  int before = (int)(intptr_t)get(TlsGetValue, &status_said);
  (void)TlsSetValue(status_said, (void *)(intptr_t)status);
  return before;
}
