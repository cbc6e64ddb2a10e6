/* SPDX-License-Identifier: Apache-2.0
 *
 * Who holds the ends of a named pipe, by the system's own list of handles.
 *
 *   pipe_ends NAME
 *
 * prints a line five times a second until it is ended: how many connected client ends there are, how many connected
 * server ends, how many processes hold client ends, how many server ends, and how many hold both.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

enum {
  EXTENDED_HANDLES = 64, /* SystemExtendedHandleInformation */
  OBJECT_NAME = 1,       /* ObjectNameInformation */
  PIPE_LOCAL = 24,       /* FilePipeLocalInformation */
  CONNECTED = 3,         /* FILE_PIPE_CONNECTED_STATE */
  PERIOD_MS = 200,
  PROCESSES_MAX = 16,
  LIST_FIRST = 1 << 16,
  LIST_MOST = 1 << 26,
};

struct handle_entry {
  void *object;
  ULONG_PTR process;
  ULONG_PTR handle;
  ULONG access;
  USHORT trace;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
};

struct handle_list {
  ULONG_PTR count;
  ULONG_PTR reserved;
  struct handle_entry entries[];
};

struct pipe_local {
  ULONG type, configuration, instances_most, instances, in_quota, readable, out_quota, writable, state, end;
};

/* One side: 0 of clients, 1 of servers. */
struct side {
  unsigned ends;
  unsigned process_count;
  ULONG_PTR processes[PROCESSES_MAX];
};

static struct handle_list *list_read(void) {
  for (ULONG size = LIST_FIRST; size <= LIST_MOST; size *= 2) {
    struct handle_list *list = malloc(size);
    if (!list) break;
    if (NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)EXTENDED_HANDLES, list, size, NULL) == 0) return list;
    free(list);
  }
  fprintf(stderr, "pipe_ends: the system does not list its handles\n");
  exit(1);
}

static bool name_ends_in(HANDLE file, const wchar_t *name) {
  struct {
    UNICODE_STRING text;
    wchar_t room[512];
  } found;
  size_t length = wcslen(name);
  if (NtQueryObject(file, (OBJECT_INFORMATION_CLASS)OBJECT_NAME, &found, sizeof found, NULL) != 0) return false;
  size_t units = found.text.Length / sizeof(wchar_t);
  if (units <= length || found.text.Buffer[units - length - 1] != L'\\') return false;
  return memcmp(found.text.Buffer + units - length, name, length * sizeof(wchar_t)) == 0;
}

static void side_add(struct side *side, ULONG_PTR process) {
  side->ends++;
  for (unsigned i = 0; i < side->process_count; i++)
    if (side->processes[i] == process) return;
  if (side->process_count < PROCESSES_MAX) side->processes[side->process_count++] = process;
}

/* A handle of this process: if it is a connected end of the pipe, it is counted on its side. */
static void look_at(HANDLE file, const wchar_t *name, ULONG_PTR process, struct side sides[2]) {
  struct pipe_local local;
  IO_STATUS_BLOCK status;
  if (NtQueryInformationFile(file, &status, &local, sizeof local, (FILE_INFORMATION_CLASS)PIPE_LOCAL) != 0) return;
  if (local.state == CONNECTED && local.end < 2 && name_ends_in(file, name)) side_add(&sides[local.end], process);
}

static void look_at_entry(const struct handle_entry *entry, const wchar_t *name, struct side sides[2]) {
  HANDLE copy;
  HANDLE owner = OpenProcess(PROCESS_DUP_HANDLE, FALSE, (DWORD)entry->process);
  if (!owner) return;
  HANDLE theirs = (HANDLE)entry->handle; /* NOLINT(performance-no-int-to-ptr): so the system lists them */
  if (DuplicateHandle(owner, theirs, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    look_at(copy, name, entry->process, sides);
    CloseHandle(copy);
  }
  CloseHandle(owner);
}

static unsigned in_both(const struct side sides[2]) {
  unsigned both = 0;
  for (unsigned i = 0; i < sides[0].process_count; i++)
    for (unsigned j = 0; j < sides[1].process_count; j++) both += sides[0].processes[i] == sides[1].processes[j];
  return both;
}

static void sample(const wchar_t *name) {
  struct side sides[2] = {{0}};
  struct handle_list *list = list_read();
  for (ULONG_PTR i = 0; i < list->count; i++)
    if (list->entries[i].process != GetCurrentProcessId()) look_at_entry(&list->entries[i], name, sides);
  free(list);
  printf("%u %u %u %u %u\n", sides[0].ends, sides[1].ends, sides[0].process_count, sides[1].process_count,
         in_both(sides));
  fflush(stdout);
}

int main(int argc, char **argv) {
  wchar_t name[256];
  if (argc != 2 || MultiByteToWideChar(CP_UTF8, 0, argv[1], -1, name, 256) == 0) {
    fprintf(stderr, "usage: pipe_ends NAME\n");
    return 2;
  }
  for (;; Sleep(PERIOD_MS)) sample(name);
}
