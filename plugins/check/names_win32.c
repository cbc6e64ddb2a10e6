/* SPDX-License-Identifier: Apache-2.0
 *
 * Names for the kit's host, by getaddrinfo.
 */
#include "plugins/check/names.h"

#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

int32_t check_names_find(const char *name, const char *service, struct hws_address *addresses, uint32_t room) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  WSADATA data;
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0 || getaddrinfo(name, service, &hints, &list) != 0) return HWS_IO_ADDRESS;
  uint32_t count = 0;
  for (const struct addrinfo *found = list; found && count < room; found = found->ai_next) {
    addresses[count].size = (uint32_t)found->ai_addrlen;
    addresses[count].reserved = 0;
    memcpy(addresses[count++].storage, found->ai_addr, found->ai_addrlen);
  }
  freeaddrinfo(list);
  return count > 0 ? (int32_t)count : HWS_IO_ADDRESS;
}
