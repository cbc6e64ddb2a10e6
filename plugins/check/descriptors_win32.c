/* SPDX-License-Identifier: Apache-2.0
 *
 * How many handles the process has. GetProcessHandleCount answers 0 under Wine, so there every value that a handle
 * could have is tried. The system's list of all handles is no way: for a process that has none yet, Wine's server reads
 * beyond what there is, and its end is that of every process.
 *
 * Windows has no limit of handles that could be used up, and the case that wants that is not for plugins with a port.
 */
#include <windows.h>

#include "plugins/check/cases.h"

/* Handles are given from below: there are none beyond so many values without one. */
enum { VALUE_STEP = 4, GAP = 1024 };

static unsigned count_by_trying(void) {
  unsigned count = 0;
  ULONG_PTR value = 0;
  for (unsigned gap = 0; gap < GAP; gap++) {
    DWORD flags;
    value += VALUE_STEP;
    if (!GetHandleInformation((HANDLE)value, &flags)) continue; /* NOLINT(performance-no-int-to-ptr): any value */
    count++;
    gap = 0;
  }
  return count;
}

unsigned check_descriptors_open(void) {
  DWORD count = 0;
  if (GetProcessHandleCount(GetCurrentProcess(), &count) && count > 0) return count;
  return count_by_trying();
}

void check_descriptors_exhaust(void) {
  check_fail("handles cannot be used up here");
}

void check_descriptors_restore(void) {
}
