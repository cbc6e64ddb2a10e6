/* SPDX-License-Identifier: Apache-2.0
 *
 * Between places and the sockaddr structs of Winsock.
 */
#include <winsock2.h>
/* after winsock2.h */
#include <iphlpapi.h>
#include <ws2tcpip.h>
/* after them */
#include "transports/tcp/sockaddr_fields.h"

bool sockaddr_of_socket(int64_t socket, bool peer, struct place *place) {
  struct sockaddr_storage found;
  int bytes = sizeof found;
  if ((peer ? getpeername : getsockname)((SOCKET)socket, (struct sockaddr *)&found, &bytes) != 0) return false;
  return sockaddr_read(&found, (uint32_t)bytes, place);
}
