/* SPDX-License-Identifier: Apache-2.0
 *
 * Parking on addresses, and the rest of park.h.
 *
 * The system counts in milliseconds on a clock that is coarser than ours, so a wait is rounded up, and its end is
 * judged by our clock: late rather than early.
 */
#include "core/park.h"

#include <windows.h>

#include "core/park_win32.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000, MS_MAX = 1000000000 };

unsigned long park_ms(uint64_t deadline_ns) {
  if (deadline_ns == PARK_FOREVER) return INFINITE;
  uint64_t now = clock_now();
  if (deadline_ns <= now) return 0;
  uint64_t ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
  return ms < MS_MAX ? (unsigned long)ms : MS_MAX;
}

enum park_result park_wait(atomic_uint *word, unsigned expected, uint64_t deadline_ns) {
  if (WaitOnAddress(word, &expected, sizeof expected, park_ms(deadline_ns))) return PARK_WOKEN;
  return clock_now() >= deadline_ns ? PARK_TIMEOUT : PARK_WOKEN;
}

void park_wake(atomic_uint *word, int count) {
  if (count == 1)
    WakeByAddressSingle(word);
  else
    WakeByAddressAll(word);
}

void park_yield(void) {
  SwitchToThread();
}

uint64_t clock_now(void) {
  static atomic_ullong frequency; /* the same whoever asks, and never 0 */
  LARGE_INTEGER read;
  uint64_t hz = atomic_load_explicit(&frequency, memory_order_relaxed);
  if (!hz) {
    QueryPerformanceFrequency(&read);
    hz = (uint64_t)read.QuadPart;
    atomic_store_explicit(&frequency, hz, memory_order_relaxed);
  }
  QueryPerformanceCounter(&read);
  uint64_t ticks = (uint64_t)read.QuadPart;
  return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz + 1;
}

/* A line without its end, as UTF-8. */
const char *os_error_text(int os_error, char room[OS_ERROR_TEXT_MAX]) {
  wchar_t wide[OS_ERROR_TEXT_MAX / 3];
  DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, (DWORD)os_error, 0,
                                wide, sizeof wide / sizeof *wide, NULL);
  while (length && (wide[length - 1] <= L' ' || wide[length - 1] == L'.')) length--;
  for (DWORD i = 0; i < length; i++)
    if (wide[i] < L' ') wide[i] = L' ';
  int bytes = 0;
  if (length) bytes = WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, room, OS_ERROR_TEXT_MAX - 1, NULL, NULL);
  room[bytes] = 0;
  return bytes ? room : "unknown error";
}
