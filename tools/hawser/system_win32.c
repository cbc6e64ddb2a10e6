/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests and paths on Windows. A console's events come in a thread of their own; none of them asks for a report.
 */
#include "tools/hawser/system.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static atomic_uint stops;
static void (*wake_loop)(uint64_t argument);
static uint64_t wake_argument;

static BOOL WINAPI on_event(DWORD event) {
  atomic_fetch_add(&stops, 1);
  wake_loop(wake_argument);
  /* When the console goes, the process ends as soon as this returns: it is given what time there is for a drain. */
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) Sleep(INFINITE);
  return TRUE;
}

void system_catch_signals(void (*wake)(uint64_t argument), uint64_t argument) {
  wake_loop = wake;
  wake_argument = argument;
  (void)SetConsoleCtrlHandler(on_event, TRUE);
}

struct system_requests system_take_requests(void) {
  return (struct system_requests){.stops = atomic_exchange(&stops, 0)};
}

char *system_absolute_path(const char *path) {
  char *absolute = _fullpath(NULL, path, 0);
  if (absolute && GetFileAttributesA(absolute) != INVALID_FILE_ATTRIBUTES) return absolute;
  free(absolute);
  errno = ENOENT;
  return NULL;
}

bool system_is_path(const char *text) {
  return strpbrk(text, "/\\:") != NULL;
}

const char *system_file_of(const char *path) {
  const char *at = path;
  for (const char *separator; (separator = strpbrk(at, "/\\:")) != NULL;) at = separator + 1;
  return at;
}
