/* SPDX-License-Identifier: Apache-2.0
 *
 * How many handles the process has, by the system's list of all handles: GetProcessHandleCount answers 0 under Wine.
 * Windows has no limit of handles that could be used up, and the case that wants that is not for plugins with a port.
 */
#include <stdlib.h>
#include <windows.h>
#include <winternl.h>

#include "plugins/check/cases.h"

enum { EXTENDED_HANDLES = 64, ROOM_FIRST = 1 << 16, ROOM_MAX = 1 << 28 };

/* As the system answers that question. */
struct entry {
  void *object;
  ULONG_PTR process;
  ULONG_PTR handle;
  ULONG access;
  USHORT creator;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
};

struct list {
  ULONG_PTR count;
  ULONG_PTR reserved;
  struct entry entries[];
};

unsigned check_descriptors_open(void) {
  struct list *list = NULL;
  NTSTATUS status = -1;
  for (ULONG room = ROOM_FIRST; status != 0 && room <= ROOM_MAX; room *= 2) {
    ULONG size = 0;
    free(list);
    list = malloc(room);
    CHECK(list, "the kit itself is out of memory");
    status = NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)EXTENDED_HANDLES, list, room, &size);
  }
  CHECK(status == 0, "the kit cannot count handles (status 0x%lx)", (unsigned long)status);
  unsigned count = 0;
  for (ULONG_PTR i = 0; i < list->count; i++) count += list->entries[i].process == GetCurrentProcessId();
  free(list);
  return count;
}

void check_descriptors_exhaust(void) {
  check_fail("handles cannot be used up here");
}

void check_descriptors_restore(void) {
}
