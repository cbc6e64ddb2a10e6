/* SPDX-License-Identifier: Apache-2.0
 *
 * Files by handle. One that was opened for overlapped calls is waited for here, on its own event, so that its
 * completion goes to no port that it may be bound to.
 */
#include "core/file.h"

#include <windows.h>
#include <winternl.h>

#include "abi/hawser.h"

enum { READ_MAX = 1 << 30 };

static HANDLE handle_of(int64_t file) {
  return (HANDLE)(intptr_t)file;
}

/* An odd event handle keeps the packet from the port. */
static BOOL read_part(HANDLE file, void *to, DWORD bytes, uint64_t offset, DWORD *got) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (!event) return FALSE;
  OVERLAPPED overlapped = {
      .Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32), .hEvent = (HANDLE)((uintptr_t)event | 1)};
  BOOL good = ReadFile(file, to, bytes, got, &overlapped);
  if (!good && GetLastError() == ERROR_IO_PENDING) good = GetOverlappedResult(file, &overlapped, got, TRUE);
  DWORD reason = GetLastError();
  CloseHandle(event);
  SetLastError(reason);
  return good;
}

/* Asked of the handle: to try a read, even of nothing, would move the place that it has in the file. */
int file_check(int64_t file) {
  PUBLIC_OBJECT_BASIC_INFORMATION facts;
  if (file < 0 || GetFileType(handle_of(file)) == FILE_TYPE_UNKNOWN) return HWS_E_INVAL;
  if (GetFileType(handle_of(file)) != FILE_TYPE_DISK) return HWS_OK; /* file_check_kind says so */
  if (NtQueryObject(handle_of(file), ObjectBasicInformation, &facts, sizeof facts, NULL) != 0) return HWS_E_INVAL;
  return facts.GrantedAccess & FILE_READ_DATA ? HWS_OK : HWS_E_ACCESS;
}

/* Opened once more if that can be: a read through a copy of a handle would move the place that both have in the file.
 */
int file_duplicate(int64_t file, int64_t *own) {
  HANDLE self = GetCurrentProcess();
  HANDLE copy = ReOpenFile(handle_of(file), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                           FILE_FLAG_OVERLAPPED);
  if (copy == INVALID_HANDLE_VALUE &&
      !DuplicateHandle(self, handle_of(file), self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    *own = -1;
    return GetLastError() == ERROR_INVALID_HANDLE ? HWS_E_INVAL : HWS_E_LIMIT;
  }
  *own = (int64_t)(intptr_t)copy;
  return HWS_OK;
}

void file_close(int64_t own) {
  CloseHandle(handle_of(own));
}

int file_check_kind(int64_t file, int *os_error) {
  BY_HANDLE_FILE_INFORMATION facts;
  if (GetFileType(handle_of(file)) != FILE_TYPE_DISK) return HWS_E_INVAL;
  if (!GetFileInformationByHandle(handle_of(file), &facts)) {
    *os_error = (int)GetLastError();
    return HWS_E_IO;
  }
  return facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? HWS_E_INVAL : HWS_OK;
}

int64_t file_read(int64_t file, void *to, uint64_t bytes, uint64_t offset, int *os_error) {
  uint64_t done = 0;
  while (done < bytes) {
    DWORD part = 0;
    DWORD wanted = bytes - done < READ_MAX ? (DWORD)(bytes - done) : READ_MAX;
    BOOL good = read_part(handle_of(file), (char *)to + done, wanted, offset + done, &part);
    if (!good && GetLastError() != ERROR_HANDLE_EOF && done == 0) {
      *os_error = (int)GetLastError();
      return -1;
    }
    if (!good || part == 0) break; /* an error behind bytes is met again by the next read */
    done += part;
  }
  return (int64_t)done;
}
