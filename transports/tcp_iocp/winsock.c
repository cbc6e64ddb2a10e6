/* SPDX-License-Identifier: Apache-2.0
 *
 * Winsock as this transport uses it.
 */
#define NTDDI_VERSION 0x0A000003 /* SIO_TCP_INFO; asked for at run time, so older systems do */
#include "transports/tcp_iocp/winsock.h"

#include <mstcpip.h>

#include "transports/socket_endpoint.h"

struct winsock winsock;

static int find(SOCKET socket, GUID guid, void *function, DWORD size) {
  DWORD bytes = 0;
  int failed =
      WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, function, size, &bytes, NULL, NULL);
  return failed ? WSAGetLastError() : 0;
}

int winsock_open(void) {
  WSADATA data;
  int error = WSAStartup(MAKEWORD(2, 2), &data);
  if (error) return error;
  SOCKET socket = winsock_socket(AF_INET);
  if (socket == INVALID_SOCKET) socket = winsock_socket(AF_INET6); /* maybe there is no version 4 here */
  if (socket == INVALID_SOCKET) return WSAGetLastError();
  error = find(socket, (GUID)WSAID_ACCEPTEX, &winsock.accept_ex, sizeof winsock.accept_ex);
  if (!error) error = find(socket, (GUID)WSAID_CONNECTEX, &winsock.connect_ex, sizeof winsock.connect_ex);
  if (!error && find(socket, (GUID)WSAID_TRANSMITFILE, &winsock.transmit_file, sizeof winsock.transmit_file) != 0)
    winsock.transmit_file = NULL;
  (void)closesocket(socket);
  return error;
}

SOCKET winsock_socket(int family) {
  return WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

bool winsock_skip_packets(SOCKET socket) {
  WSAPROTOCOL_INFOW info;
  int size = sizeof info;
  if (getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size) != 0) return false;
  if (!(info.dwServiceFlags1 & XP1_IFS_HANDLES)) return false;
  return packet_skip((HANDLE)socket);
}

/* What it has sent for the first time and heard nothing of is under way; the rest of what it took waits in front. */
int32_t winsock_untaken(SOCKET socket, uint64_t written, void *answer, uint32_t size) {
  DWORD version = 0;
  DWORD bytes = 0;
  TCP_INFO_v0 info;
  if (WSAIoctl(socket, SIO_TCP_INFO, &version, sizeof version, &info, sizeof info, &bytes, NULL, NULL) != 0)
    return HWS_IO_UNSUPPORTED;
  uint64_t behind = (uint64_t)info.BytesInFlight + info.BytesRetrans;
  uint64_t taken = info.BytesOut > behind ? info.BytesOut - behind : 0;
  return socket_answer_untaken(written > taken ? written - taken : 0, answer, size);
}

int32_t winsock_status(int error) {
  switch (error) {
  case 0:
    return HWS_IO_OK;
  case WSAENOBUFS:
  case WSA_NOT_ENOUGH_MEMORY:
    return HWS_IO_NOMEM;
  case WSAEMFILE:
  case ERROR_TOO_MANY_OPEN_FILES:
    return HWS_IO_LIMIT;
  case WSAECONNRESET:
  case WSAECONNABORTED:
  case WSAENETRESET:
  case ERROR_NETNAME_DELETED:
  case ERROR_CONNECTION_ABORTED:
    return HWS_IO_RESET;
  case WSAENOTCONN:
  case WSAESHUTDOWN:
  case WSAEDISCON:
  case ERROR_BROKEN_PIPE:
    return HWS_IO_CLOSED;
  case ERROR_NOT_SUPPORTED:
    return HWS_IO_UNSUPPORTED;
  case WSAECONNREFUSED:
  case ERROR_CONNECTION_REFUSED:
    return HWS_IO_REFUSED;
  case WSAEADDRINUSE:
    return HWS_IO_IN_USE;
  case WSAEACCES:
    return HWS_IO_ACCESS;
  case WSA_OPERATION_ABORTED:
    return HWS_IO_CANCELED;
  default:
    return HWS_IO_FAILED;
  }
}

int winsock_packet_error(SOCKET socket, struct hws_packet *packet, int os_error) {
  DWORD bytes = 0;
  DWORD flags = 0;
  if (os_error == 0) return 0;
  if (WSAGetOverlappedResult(socket, packet_overlapped(packet), &bytes, FALSE, &flags)) return os_error;
  int error = WSAGetLastError();
  return error == WSAENOTSOCK ? os_error : error; /* closed meanwhile */
}
