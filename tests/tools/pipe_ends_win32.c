/* SPDX-License-Identifier: Apache-2.0
 *
 * Who holds the ends of a named pipe, by what the system says of the handles of every process.
 *
 *   pipe_ends NAME
 *
 * prints a line five times a second until it is ended: how many connected client ends there are, how many connected
 * server ends, how many processes hold client ends, how many server ends, and how many hold both.
 *
 * Every value that a handle could have is tried. The system's list of all handles is no way under Wine: for a process
 * that has none yet, its server reads beyond what there is, and its end is that of every process.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <tlhelp32.h>
#include <winternl.h>

enum {
  OBJECT_NAME = 1, /* ObjectNameInformation */
  PIPE_LOCAL = 24, /* FilePipeLocalInformation */
  CONNECTED = 3,   /* FILE_PIPE_CONNECTED_STATE */
  PERIOD_MS = 200,
  PROCESSES_MAX = 16,
  VALUE_STEP = 4,
  GAP = 256, /* handles are given from below: there are none beyond so many values without one */
};

struct pipe_local {
  ULONG type, configuration, instances_most, instances, in_quota, readable, out_quota, writable, state, end;
};

/* One side: 0 of clients, 1 of servers. */
struct side {
  unsigned ends;
  unsigned process_count;
  DWORD processes[PROCESSES_MAX];
};

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

static void side_add(struct side *side, DWORD process) {
  side->ends++;
  for (unsigned i = 0; i < side->process_count; i++)
    if (side->processes[i] == process) return;
  if (side->process_count < PROCESSES_MAX) side->processes[side->process_count++] = process;
}

/* A handle of this process: if it is a connected end of the pipe, it is counted on its side. */
static void look_at(HANDLE file, const wchar_t *name, DWORD process, struct side sides[2]) {
  struct pipe_local local;
  IO_STATUS_BLOCK status;
  if (NtQueryInformationFile(file, &status, &local, sizeof local, (FILE_INFORMATION_CLASS)PIPE_LOCAL) != 0) return;
  if (local.state == CONNECTED && local.end < 2 && name_ends_in(file, name)) side_add(&sides[local.end], process);
}

static void look_at_process(DWORD process, const wchar_t *name, struct side sides[2]) {
  HANDLE owner = OpenProcess(PROCESS_DUP_HANDLE, FALSE, process);
  ULONG_PTR value = 0;
  for (unsigned gap = 0; owner && gap < GAP; gap++) {
    HANDLE copy;
    value += VALUE_STEP;
    HANDLE theirs = (HANDLE)value; /* NOLINT(performance-no-int-to-ptr): any value */
    if (!DuplicateHandle(owner, theirs, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) continue;
    look_at(copy, name, process, sides);
    CloseHandle(copy);
    gap = 0;
  }
  if (owner) CloseHandle(owner);
}

static unsigned in_both(const struct side sides[2]) {
  unsigned both = 0;
  for (unsigned i = 0; i < sides[0].process_count; i++)
    for (unsigned j = 0; j < sides[1].process_count; j++) both += sides[0].processes[i] == sides[1].processes[j];
  return both;
}

static void sample(const wchar_t *name) {
  struct side sides[2] = {{0}};
  PROCESSENTRY32 process = {.dwSize = sizeof process};
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  for (BOOL more = Process32First(all, &process); more; more = Process32Next(all, &process))
    if (process.th32ProcessID != GetCurrentProcessId()) look_at_process(process.th32ProcessID, name, sides);
  CloseHandle(all);
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
