/* SPDX-License-Identifier: Apache-2.0
 *
 * Files for the cases that send them.
 */
#include "plugins/check/files.h"

#include <stdlib.h>
#include <windows.h>

#include "plugins/check/fault.h"
#include "plugins/check/pattern.h"

static HANDLE file_new(DWORD access) {
  char folder[MAX_PATH];
  char name[MAX_PATH];
  CHECK(GetTempPathA(sizeof folder - 16, folder) && GetTempFileNameA(folder, "hws", 0, name),
        "the kit cannot name a file (error %lu)", GetLastError());
  HANDLE file = CreateFileA(name, access | DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
  CHECK(file != INVALID_HANDLE_VALUE, "the kit cannot make a file (error %lu)", GetLastError());
  return file;
}

int64_t check_file_make(size_t bytes) {
  DWORD written = 0;
  HANDLE file = file_new(GENERIC_READ | GENERIC_WRITE);
  char *memory = malloc(bytes ? bytes : 1);
  CHECK(memory, "the kit itself is out of memory");
  check_pattern_fill(memory, 0, bytes);
  CHECK(WriteFile(file, memory, (DWORD)bytes, &written, NULL) && written == bytes,
        "the kit cannot write its file (error %lu)", GetLastError());
  free(memory);
  return (int64_t)(intptr_t)file;
}

int64_t check_file_none(void) {
  HANDLE folder = CreateFileA("C:\\", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS, NULL);
  CHECK(folder != INVALID_HANDLE_VALUE, "the kit cannot open a folder (error %lu)", GetLastError());
  return (int64_t)(intptr_t)folder;
}

void check_file_close(int64_t file) {
  (void)CloseHandle((HANDLE)(intptr_t)file);
}

void check_file_block_signals(void) {
}
