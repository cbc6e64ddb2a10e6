/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening by a path in UTF-8, and the path of what is open.
 */
#include "plugins/open_win32.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/text_win32.h"

static HANDLE open_for(const char *path, DWORD access, DWORD share, DWORD flags) {
  wchar_t *wide = text_to_wide(path);
  if (wide == NULL) {
    SetLastError(ERROR_INVALID_NAME);
    return INVALID_HANDLE_VALUE;
  }
  HANDLE handle = CreateFileW(wide, access | READ_CONTROL, share, NULL, OPEN_EXISTING, flags, NULL);
  DWORD reason = GetLastError();
  free(wide);
  SetLastError(reason);
  return handle;
}

/* A folder is opened as one too, so that it is refused for what it is. */
HANDLE open_file(const char *path) {
  return open_for(path, GENERIC_READ, FILE_SHARE_READ, FILE_FLAG_BACKUP_SEMANTICS);
}

/* Its files come and go: that cannot be kept from others. */
HANDLE open_folder(const char *path) {
  return open_for(path, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_FLAG_BACKUP_SEMANTICS);
}

char *open_path_of(HANDLE handle) {
  static const wchar_t prefix[] = L"\\\\?\\";
  enum { PREFIX = sizeof prefix / sizeof *prefix - 1 };
  DWORD size = GetFinalPathNameByHandleW(handle, NULL, 0, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
  wchar_t *wide = size > 0 ? calloc((size_t)size + 1, sizeof *wide) : NULL;
  char *path = NULL;
  if (wide != NULL) {
    DWORD length = GetFinalPathNameByHandleW(handle, wide, size + 1, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    if (length > 0 && length <= size) path = text_from_wide(wcsncmp(wide, prefix, PREFIX) == 0 ? wide + PREFIX : wide);
  }
  free(wide);
  return path;
}
