/* SPDX-License-Identifier: Apache-2.0
 *
 * The disk as the library and the transports ask for it. The library is linked into this program, which has a ReadFile
 * of its own. A transport is a DLL: what it calls before it hands a file to the system is replaced in its table of
 * imports. What the system then reads by itself cannot be held up here.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/disk.h"

const int disk_errors[DISK_ERRORS] = {ERROR_CRC, ERROR_INVALID_PARAMETER, ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED};

static BOOL fails(int error) {
  if (error) SetLastError((DWORD)error);
  return error != 0;
}

/* ---- of the library ---------------------------------------------------------------------------------------------- */

typedef BOOL(WINAPI *read_file)(HANDLE, LPVOID, DWORD, LPDWORD, LPOVERLAPPED);

static BOOL WINAPI my_read_file(HANDLE file, LPVOID to, DWORD bytes, LPDWORD got, LPOVERLAPPED overlapped) {
  static read_file real;
  if (!real) real = (read_file)(void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "ReadFile");
  assert_non_null(real);
  if (overlapped && bytes > 0 && fails(disk_pass())) return FALSE; /* without bytes it is only asked what is open */
  return real(file, to, bytes, got, overlapped);
}

/* The library calls through this, which the import library would define. */
void *__imp_ReadFile = (void *)my_read_file;

/* ---- of the transports ------------------------------------------------------------------------------------------- */

static BOOL WINAPI my_information(HANDLE file, FILE_INFO_BY_HANDLE_CLASS class, LPVOID facts, DWORD size) {
  return !fails(disk_pass()) && GetFileInformationByHandleEx(file, class, facts, size);
}

static void *at(HMODULE module, DWORD offset) {
  return (uint8_t *)module + offset;
}

/* The place in which a module keeps the address of a function that it imports. */
static void **import_of(HMODULE module, const char *name) {
  const IMAGE_DOS_HEADER *dos = at(module, 0);
  const IMAGE_NT_HEADERS *nt = at(module, (DWORD)dos->e_lfanew);
  DWORD table = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress;
  for (const IMAGE_IMPORT_DESCRIPTOR *from = at(module, table); from->Name; from++) {
    const IMAGE_THUNK_DATA *names = at(module, from->OriginalFirstThunk);
    IMAGE_THUNK_DATA *addresses = at(module, from->FirstThunk);
    for (; names->u1.AddressOfData; names++, addresses++) {
      if (IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal)) continue;
      const IMAGE_IMPORT_BY_NAME *import = at(module, (DWORD)names->u1.AddressOfData);
      if (strcmp((const char *)import->Name, name) == 0) return (void **)&addresses->u1.Function;
    }
  }
  return NULL;
}

/* Once it is loaded; before that nothing is sent by it. */
static void stand_before(const char *transport) {
  DWORD before = 0;
  HMODULE module = GetModuleHandleA(transport);
  void **place = module ? import_of(module, "GetFileInformationByHandleEx") : NULL;
  assert_true(!module || place);
  if (!place || *place == (void *)my_information) return;
  assert_true(VirtualProtect(place, sizeof *place, PAGE_READWRITE, &before));
  *place = (void *)my_information;
  assert_true(VirtualProtect(place, sizeof *place, before, &before));
}

void disk_reach(void) {
  stand_before("tcp_iocp.dll");
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static HANDLE handle_of(int64_t file) {
  return (HANDLE)(intptr_t)file;
}

static int64_t opened(HANDLE file) {
  assert_true(file != INVALID_HANDLE_VALUE);
  return (int64_t)(intptr_t)file;
}

static int64_t file_new(void) {
  char folder[MAX_PATH - 14];
  char name[MAX_PATH];
  assert_true(GetTempPathA(sizeof folder, folder) && GetTempFileNameA(folder, "hws", 0, name));
  return opened(CreateFileA(name, GENERIC_READ | GENERIC_WRITE | DELETE,
                            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS,
                            FILE_FLAG_DELETE_ON_CLOSE, NULL));
}

int64_t file_of(uint64_t bytes) {
  const size_t step = (size_t)1 << 20;
  int64_t file = file_new();
  uint8_t *memory = malloc(step);
  assert_non_null(memory);
  for (uint64_t done = 0; done < bytes;) {
    DWORD written = 0;
    size_t part = bytes - done < step ? (size_t)(bytes - done) : step;
    pattern_fill(DISK_SEED, done, memory, part);
    assert_true(WriteFile(handle_of(file), memory, (DWORD)part, &written, NULL));
    assert_int_equal(written, part);
    done += part;
  }
  free(memory);
  return file;
}

void file_done(int64_t file) {
  assert_true(CloseHandle(handle_of(file)));
}

uint64_t file_place(int64_t file) {
  LARGE_INTEGER place;
  assert_true(SetFilePointerEx(handle_of(file), (LARGE_INTEGER){.QuadPart = 0}, &place, FILE_CURRENT));
  return (uint64_t)place.QuadPart;
}

void file_resize(int64_t file, uint64_t bytes) {
  FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (int64_t)bytes};
  assert_true(SetFileInformationByHandle(handle_of(file), FileEndOfFileInfo, &end, sizeof end));
}

int64_t file_write_only(int64_t file) {
  return opened(ReOpenFile(handle_of(file), GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0));
}

int64_t file_folder(void) {
  char folder[MAX_PATH];
  assert_true(GetTempPathA(sizeof folder, folder));
  return opened(CreateFileA(folder, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL));
}

int64_t file_pipe(void) {
  HANDLE ends[2];
  assert_true(CreatePipe(&ends[0], &ends[1], NULL, 0));
  (void)CloseHandle(ends[1]);
  return opened(ends[0]);
}

int64_t file_closed(void) {
  int64_t file = file_folder();
  file_done(file);
  return file;
}
