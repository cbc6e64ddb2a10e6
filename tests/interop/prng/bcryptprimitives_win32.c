/* SPDX-License-Identifier: Apache-2.0
 *
 * For Wine, which lacks it: the library and the one function of it that programs of Go since 1.21 do not start without.
 */
#include <windows.h>

#include <ntsecapi.h>

enum { ONCE_MOST = 1 << 24 };

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *data, SIZE_T length) {
  while (length > 0) {
    ULONG part = length < ONCE_MOST ? (ULONG)length : ONCE_MOST;
    if (!RtlGenRandom(data, part)) return FALSE;
    data += part;
    length -= part;
  }
  return TRUE;
}
