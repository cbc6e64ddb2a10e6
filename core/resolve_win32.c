/* SPDX-License-Identifier: Apache-2.0
 *
 * Names by GetAddrInfoW, on a thread of the pool as elsewhere. The system's own asynchronous look-up is not used: it
 * can be cancelled by asking only, and an answer that is late must find memory that is still there.
 */
#include "core/resolve.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include "core/park.h"
#include "core/winsock_win32.h"

enum { NAME_UNITS = 256, SERVICE_UNITS = 64 };

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((struct hws_address *)0)->storage), "every address fits");

static int status_of(int failure) {
  switch (failure) {
  case WSAHOST_NOT_FOUND:
  case WSANO_DATA:
  case WSATYPE_NOT_FOUND:
  case WSAEAFNOSUPPORT:
    return HWS_IO_ADDRESS;
  case WSA_NOT_ENOUGH_MEMORY:
    return HWS_IO_NOMEM;
  case WSAEMFILE:
    return HWS_IO_LIMIT;
  default:
    return HWS_IO_FAILED;
  }
}

static bool store(const ADDRINFOW *found, struct hws_address *addresses, size_t count) {
  struct hws_address address = {.size = (uint32_t)found->ai_addrlen};
  if (found->ai_addrlen > sizeof address.storage) return false;
  memcpy(address.storage, found->ai_addr, found->ai_addrlen);
  for (size_t i = 0; i < count; i++)
    if (memcmp(&addresses[i], &address, sizeof address) == 0) return false;
  addresses[count] = address;
  return true;
}

static int look_up(const char *name, const char *service, ADDRINFOW **list) {
  const ADDRINFOW hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  wchar_t wide_name[NAME_UNITS];
  wchar_t wide_service[SERVICE_UNITS];
  if (!winsock_start()) return WSASYSNOTREADY;
  if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide_name, NAME_UNITS) ||
      !MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, service, -1, wide_service, SERVICE_UNITS))
    return WSAHOST_NOT_FOUND;
  return GetAddrInfoW(wide_name, wide_service, &hints, list);
}

int resolve_blocking(const char *name, const char *service, struct hws_address *addresses, size_t room, char *why,
                     size_t why_size) {
  ADDRINFOW *list = NULL;
  int failure = look_up(name, service, &list);
  if (failure) {
    char text[OS_ERROR_TEXT_MAX];
    (void)snprintf(why, why_size, "looking up '%s', service '%s': %s", name, service, os_error_text(failure, text));
    return status_of(failure);
  }
  size_t count = 0;
  for (const ADDRINFOW *found = list; found && count < room; found = found->ai_next)
    if (store(found, addresses, count)) count++;
  FreeAddrInfoW(list);
  if (count) return (int)count;
  (void)snprintf(why, why_size, "looking up '%s', service '%s': no address was found", name, service);
  return HWS_IO_ADDRESS;
}
