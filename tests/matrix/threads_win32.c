/* SPDX-License-Identifier: Apache-2.0
 *
 * Real threads of Windows.
 */
#include <winsock2.h>
/* after winsock2.h */
#include <windows.h>
/* after windows.h */
#include <process.h>
#include <stdlib.h>

#include "tests/matrix/stage.h"
#include "tests/matrix/threads.h"

const bool workers_have_signals = false;

struct worker {
  HANDLE handle;
  void (*run)(void *argument);
  void *argument;
};

static unsigned __stdcall worker_main(void *argument) {
  struct worker *worker = argument;
  worker->run(worker->argument);
  return 0;
}

struct worker *worker_start(void (*run)(void *argument), void *argument) {
  struct worker *worker = calloc(1, sizeof *worker);
  if (!worker) abort();
  *worker = (struct worker){.run = run, .argument = argument};
  worker->handle = (HANDLE)_beginthreadex(NULL, 0, worker_main, worker, 0, NULL);
  if (!worker->handle) abort();
  return worker;
}

void worker_join(struct worker *worker) {
  (void)WaitForSingleObject(worker->handle, INFINITE);
  (void)CloseHandle(worker->handle);
  free(worker);
}

void worker_interrupt(struct worker *worker) {
  (void)worker;
}

void worker_yield(void) {
  (void)SwitchToThread();
}

void worker_pause(void) {
  Sleep(1);
}

int64_t pattern_file(uint64_t bytes) {
  static HANDLE file = INVALID_HANDLE_VALUE;
  if (file != INVALID_HANDLE_VALUE) return (int64_t)(intptr_t)file;
  char folder[MAX_PATH], path[MAX_PATH];
  if (!GetTempPathA(sizeof folder, folder) || !GetTempFileNameA(folder, "hws", 0, path)) abort();
  file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                     FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
  uint8_t *bytes_of = malloc(bytes);
  if (file == INVALID_HANDLE_VALUE || !bytes_of) abort();
  for (uint64_t i = 0; i < bytes; i++) bytes_of[i] = pattern(i);
  DWORD written = 0;
  if (!WriteFile(file, bytes_of, (DWORD)bytes, &written, NULL) || written != bytes) abort();
  free(bytes_of);
  return (int64_t)(intptr_t)file;
}
