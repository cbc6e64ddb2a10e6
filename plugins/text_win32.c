/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts between us and Windows.
 */
#include "plugins/text_win32.h"

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

enum { LINE_MAX = 80 }; /* of UTF-16, so that it fits in UTF-8 */

wchar_t *text_to_wide(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  wchar_t *wide = length > 0 ? malloc((size_t)length * sizeof *wide) : NULL;
  if (wide != NULL) (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
  return wide;
}

char *text_from_wide(const wchar_t *text) {
  int length = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, NULL, 0, NULL, NULL);
  char *narrow = length > 0 ? malloc((size_t)length) : NULL;
  if (narrow != NULL) (void)WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, narrow, length, NULL, NULL);
  return narrow;
}

struct text_error text_of_error(unsigned long error) {
  struct text_error found;
  wchar_t *wide = NULL;
  DWORD length =
      FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                     error, 0, (wchar_t *)&wide, 0, NULL);
  while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.')) length--;
  if (length > LINE_MAX) length = LINE_MAX;
  int bytes = length > 0
                  ? WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, found.text, sizeof found.text - 1, NULL, NULL)
                  : 0;
  found.text[bytes] = '\0';
  if (bytes == 0) (void)snprintf(found.text, sizeof found.text, "system error %lu", error);
  (void)LocalFree(wide);
  return found;
}
