/* SPDX-License-Identifier: Apache-2.0
 *
 * Processes on Windows.
 */
#include "tests/interop/process.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "tests/interop/calls.h"

enum { LINE_MAX = 2048, WAIT_MS = 60000 };

/* Arguments of the tests have no quotes in them, and do not end in a backslash. */
static void line_make(char line[LINE_MAX], char **command) {
  size_t used = 0;

  for (; *command; command++) {
    if (used + strlen(*command) + 4 > LINE_MAX) fail("the command line is too long");
    used += (size_t)snprintf(line + used, LINE_MAX - used, "\"%s\" ", *command);
  }
}

intptr_t process_start(char **command) {
  char line[LINE_MAX];
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION process;

  line_make(line, command);
  if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
    fail("%s does not start: error %lu", command[0], GetLastError());
  CloseHandle(process.hThread);
  return (intptr_t)process.hProcess;
}

bool process_ended(intptr_t process) {
  return WaitForSingleObject((HANDLE)process, 0) == WAIT_OBJECT_0; /* NOLINT(performance-no-int-to-ptr) */
}

int process_wait(intptr_t process) {
  HANDLE handle = (HANDLE)process; /* NOLINT(performance-no-int-to-ptr): it was one */
  DWORD code;

  if (WaitForSingleObject(handle, WAIT_MS) != WAIT_OBJECT_0) fail("a peer does not end");
  if (!GetExitCodeProcess(handle, &code)) fail("a peer has no exit code");
  CloseHandle(handle);
  return (int)code;
}
