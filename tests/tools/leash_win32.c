/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows' own way to end a program, from outside of an emulator.
 *
 *   leash PROGRAM [ARGUMENT]...
 *
 * runs the program without an input, and ends it when its own input ends. Its exit code is the program's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <windows.h>

/* What stands behind the first word of the command line, which is this program. */
static wchar_t *rest_of(wchar_t *line) {
  bool quoted = *line == L'"';
  for (line += quoted; *line && *line != (quoted ? L'"' : L' '); line++) continue;
  line += quoted && *line;
  while (*line == L' ') line++;
  return line;
}

static DWORD WINAPI end_with_input(void *program) {
  while (getchar() != EOF) continue;
  TerminateProcess(program, 1);
  return 0;
}

int main(void) {
  PROCESS_INFORMATION started;
  STARTUPINFOW how = {.cb = sizeof how,
                      .dwFlags = STARTF_USESTDHANDLES,
                      .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                      .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  DWORD code = 2;
  if (!CreateProcessW(NULL, rest_of(GetCommandLineW()), NULL, NULL, TRUE, 0, NULL, NULL, &how, &started)) {
    fprintf(stderr, "usage: leash PROGRAM [ARGUMENT]...\n");
    return 2;
  }
  CloseHandle(CreateThread(NULL, 0, end_with_input, started.hProcess, 0, NULL));
  WaitForSingleObject(started.hProcess, INFINITE);
  GetExitCodeProcess(started.hProcess, &code);
  ExitProcess(code); /* whatever the other thread waits for */
}
