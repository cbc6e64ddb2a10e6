/* SPDX-License-Identifier: Apache-2.0
 *
 * Between places and the sockaddr structs of POSIX.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
/* after them */
#include "transports/tcp/sockaddr_fields.h"

bool sockaddr_of_socket(int64_t socket, bool peer, struct place *place) {
  struct sockaddr_storage found;
  socklen_t bytes = sizeof found;
  if ((peer ? getpeername : getsockname)((int)socket, (struct sockaddr *)&found, &bytes) != 0) return false;
  return sockaddr_read(&found, (uint32_t)bytes, place);
}
