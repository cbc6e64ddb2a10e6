/* SPDX-License-Identifier: Apache-2.0
 *
 * TransmitFile. It takes no more than 2^31 - 2 bytes at once, takes a length of 0 for all that the file has, and fails,
 * with nobody knowing how much was sent, where the file has fewer bytes than it was told. So it is told no more than
 * there are; and little, as what it has cannot be taken back.
 */
#include "transports/tcp_iocp/transmit.h"

#include <windows.h>

enum { CALL_MAX = 256 * 1024 };

static HANDLE file_of(const struct hws_io *io) {
  return (HANDLE)(intptr_t)io->file;
}

int64_t transmit_bytes(const struct hws_io *io, int *error) {
  FILE_STANDARD_INFO facts;
  *error = WSAEOPNOTSUPP;
  if (!winsock.transmit_file) return -1;
  if (!GetFileInformationByHandleEx(file_of(io), FileStandardInfo, &facts, sizeof facts)) {
    *error = (int)GetLastError();
    return -1;
  }
  if (facts.Directory) return -1;
  uint64_t size = facts.EndOfFile.QuadPart > 0 ? (uint64_t)facts.EndOfFile.QuadPart : 0;
  uint64_t left = size > io->offset ? size - io->offset : 0;
  if (left > io->length) left = io->length;
  return left < CALL_MAX ? (int64_t)left : CALL_MAX;
}

int transmit_begin(SOCKET socket, const struct hws_io *io, int64_t bytes, OVERLAPPED *overlapped) {
  overlapped->Offset = (DWORD)io->offset;
  overlapped->OffsetHigh = (DWORD)(io->offset >> 32);
  if (winsock.transmit_file(socket, file_of(io), (DWORD)bytes, 0, overlapped, NULL, 0)) return 0;
  int error = WSAGetLastError();
  return error == ERROR_IO_PENDING ? WSA_IO_PENDING : error;
}

bool transmit_broke(int error) {
  switch (winsock_status(error)) {
  case HWS_IO_RESET:
  case HWS_IO_CLOSED:
    return true;
  default:
    return error == WSAETIMEDOUT || error == WSAEHOSTUNREACH || error == WSAENETUNREACH || error == WSAENETDOWN ||
           error == WSAEHOSTDOWN;
  }
}
