/* SPDX-License-Identifier: Apache-2.0
 *
 * Names by getaddrinfo.
 */
#define _GNU_SOURCE /* EAI_NODATA */
#include "core/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((struct hws_address *)0)->storage), "every address fits");

static int status_of(int failure, int error) {
  switch (failure) {
  case EAI_NONAME:
  case EAI_NODATA:
  case EAI_SERVICE:
  case EAI_ADDRFAMILY:
    return HWS_IO_ADDRESS;
  case EAI_MEMORY:
    return HWS_IO_NOMEM;
  case EAI_SYSTEM:
    return error == EMFILE || error == ENFILE ? HWS_IO_LIMIT : HWS_IO_FAILED;
  default:
    return HWS_IO_FAILED;
  }
}

static bool store(const struct addrinfo *found, struct hws_address *addresses, size_t count) {
  struct hws_address address = {.size = (uint32_t)found->ai_addrlen};
  if (found->ai_addrlen > sizeof address.storage) return false;
  memcpy(address.storage, found->ai_addr, found->ai_addrlen);
  for (size_t i = 0; i < count; i++)
    if (memcmp(&addresses[i], &address, sizeof address) == 0) return false;
  addresses[count] = address;
  return true;
}

int resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room, char *why,
                     size_t why_size) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  int failure = getaddrinfo(name, service, &hints, &list);
  int error = errno;
  if (failure) {
    const char *text = failure == EAI_SYSTEM ? strerror(error) : gai_strerror(failure);
    (void)snprintf(why, why_size, "looking up '%s', service '%s': %s", name, service, text);
    return status_of(failure, error);
  }
  size_t count = 0;
  for (const struct addrinfo *found = list; found && count < room; found = found->ai_next)
    if (store(found, addresses, count)) count++;
  freeaddrinfo(list);
  if (count) return (int)count;
  (void)snprintf(why, why_size, "looking up '%s', service '%s': no address was found", name, service);
  return HWS_IO_ADDRESS;
}
