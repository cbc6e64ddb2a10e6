/* SPDX-License-Identifier: Apache-2.0
 *
 * A process of its own for a case, where there is no fork: this program again, with the same command line. It comes the
 * same way to the same case, as whatever it meets before is the same, passes over the cases that stand before it, and
 * runs that one. Its standard output goes nowhere, since it repeats what was said already.
 */
#include "plugins/check/process.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "plugins/check/fault.h"

#define CHILD_VARIABLE "HAWSER_CHECK_CHILD" /* "PARENT RUN" */
#define HOLD_VARIABLE "HAWSER_CHECK_HOLD"

enum { NAME_MAX_BYTES = 64 };

uint64_t check_process_user(void) {
  return 0;
}

uint64_t check_process_group(void) {
  return 0;
}

uint64_t check_process_id(void) {
  return GetCurrentProcessId();
}

/* ---- who we are -------------------------------------------------------------------------------------------------- */

static unsigned long family; /* the process that runs all cases: the parent, or this one */
static long child_run = -1;  /* which run this process is for; -1: it is the parent */
static long runs;
static unsigned shares;

static void learn_family(void) {
  char text[NAME_MAX_BYTES];
  if (family) return;
  family = GetCurrentProcessId();
  if (GetEnvironmentVariableA(CHILD_VARIABLE, text, sizeof text) == 0) return;
  char *rest;
  family = strtoul(text, &rest, 10);
  child_run = strtol(rest, NULL, 10);
  (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}

/* Memory by a name that parent and child arrive at alike. Its handle is never closed: the name goes with it. */
static void *share(const char *what, long number, size_t bytes) {
  char name[NAME_MAX_BYTES];
  learn_family();
  (void)snprintf(name, sizeof name, "Local\\hawser-check-%lu-%s-%ld", family, what, number);
  HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, (DWORD)bytes, name);
  return mapping ? MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, bytes) : NULL;
}

void *check_process_share(size_t bytes) {
  return share("share", (long)shares++, bytes);
}

void check_process_unshare(void *memory, size_t bytes) {
  (void)bytes;
  if (memory) (void)UnmapViewOfFile(memory);
}

/* ---- processes --------------------------------------------------------------------------------------------------- */

static HANDLE nowhere(void) {
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  return CreateFileA("NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
}

/* This program again, with a variable in its environment. */
static bool start_again(const char *variable, const char *value, HANDLE input, PROCESS_INFORMATION *started) {
  wchar_t *line = _wcsdup(GetCommandLineW());
  HANDLE output = nowhere();
  STARTUPINFOW info = {.cb = sizeof info,
                       .dwFlags = STARTF_USESTDHANDLES,
                       .hStdInput = input,
                       .hStdOutput = output,
                       .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  (void)SetEnvironmentVariableA(variable, value);
  bool good = line && CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &info, started);
  (void)SetEnvironmentVariableA(variable, NULL);
  if (good) (void)CloseHandle(started->hThread);
  (void)CloseHandle(output);
  free(line);
  return good;
}

/* ---- a process that holds what can be inherited --------------------------------------------------------------------
 */

static HANDLE holding; /* the held process ends when this end of its input does */
static HANDLE held;

/* Before anything else in the process: it is there to wait. */
__attribute__((constructor)) static void hold_if_asked(void) {
  char byte;
  DWORD got;
  if (GetEnvironmentVariableA(HOLD_VARIABLE, &byte, 1) == 0) return;
  while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0) continue;
  ExitProcess(CHECK_EXIT_PASSED);
}

void check_process_hold(void) {
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  PROCESS_INFORMATION started = {0};
  HANDLE input;
  CHECK(CreatePipe(&input, &holding, &inherited, 0), "the kit cannot make a pipe (error %lu)", GetLastError());
  (void)SetHandleInformation(holding, HANDLE_FLAG_INHERIT, 0);
  CHECK(start_again(HOLD_VARIABLE, "1", input, &started), "the kit cannot start a process (error %lu)", GetLastError());
  (void)CloseHandle(input);
  held = started.hProcess;
}

void check_process_release(void) {
  (void)CloseHandle(holding);
  (void)WaitForSingleObject(held, INFINITE);
  (void)CloseHandle(held);
}

/* ---- a case ------------------------------------------------------------------------------------------------------ */

/* What a case's process tells. Texts lie where its own copy of the program does. */
struct told {
  struct check_trace trace;
  uintptr_t base;
};

static const char *slot_of(const struct told *told) {
  const char *inside = told->trace.inside;
  return inside ? inside - told->base + (uintptr_t)GetModuleHandleA(NULL) : NULL;
}

static const char *judge(DWORD code, const struct told *told, char *failure, size_t failure_size) {
  const char *inside = slot_of(told);
  if (code == CHECK_EXIT_PASSED) return NULL;
  if (told->trace.failure[0] != 0)
    (void)snprintf(failure, failure_size, "%s", told->trace.failure);
  else
    (void)snprintf(failure, failure_size, "ended with code 0x%lx%s%s", code, inside ? " inside " : "",
                   inside ? inside : "");
  return failure;
}

static const char *run_again(const struct told *told, unsigned limit_ms, char *failure, size_t failure_size) {
  char value[NAME_MAX_BYTES];
  PROCESS_INFORMATION started = {0};
  DWORD code = 0;
  (void)snprintf(value, sizeof value, "%lu %ld", family, runs);
  if (!start_again(CHILD_VARIABLE, value, GetStdHandle(STD_INPUT_HANDLE), &started)) {
    (void)snprintf(failure, failure_size, "the kit cannot start a process (error %lu)", GetLastError());
    return failure;
  }
  const char *result = failure;
  if (WaitForSingleObject(started.hProcess, limit_ms) == WAIT_OBJECT_0) {
    (void)GetExitCodeProcess(started.hProcess, &code);
    result = judge(code, told, failure, failure_size);
  } else {
    const char *inside = slot_of(told);
    (void)TerminateProcess(started.hProcess, CHECK_EXIT_FAILED);
    (void)WaitForSingleObject(started.hProcess, INFINITE);
    (void)snprintf(failure, failure_size, "did not %s%s within %u ms", inside ? "return from " : "end",
                   inside ? inside : "", limit_ms);
  }
  (void)CloseHandle(started.hProcess);
  return result;
}

const char *check_process_run(void (*run)(void *argument), void *argument, unsigned limit_ms, char *failure,
                              size_t failure_size) {
  learn_family();
  const char *result = NULL;
  if (child_run < 0 || child_run == runs) {
    struct told *told = share("trace", runs, sizeof *told);
    if (!told) {
      (void)snprintf(failure, failure_size, "the kit cannot share memory (error %lu)", GetLastError());
      return failure;
    }
    if (child_run == runs) {
      told->base = (uintptr_t)GetModuleHandleA(NULL);
      check_trace_use(&told->trace);
      run(argument);
      ExitProcess(CHECK_EXIT_PASSED);
    }
    result = run_again(told, limit_ms, failure, failure_size);
    (void)UnmapViewOfFile(told);
  }
  runs++;
  return result;
}
