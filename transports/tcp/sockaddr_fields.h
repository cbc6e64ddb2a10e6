/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of sockaddr_posix.c and of sockaddr_win32.c: every system names the fields of a sockaddr alike, though it
 * declares them elsewhere. Include it once, after the system's headers.
 */
#ifndef HAWSER_TRANSPORTS_TCP_SOCKADDR_FIELDS_H
#define HAWSER_TRANSPORTS_TCP_SOCKADDR_FIELDS_H

#include <string.h>

#include "transports/tcp/sockaddr.h"

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof((struct sockaddr_of){0}.storage), "room for either");

int sockaddr_family(const struct place *place) {
  return place->ip.version == 4 ? AF_INET : AF_INET6;
}

struct sockaddr_of sockaddr_make(const struct place *place) {
  struct sockaddr_of made = {.bytes = 0};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(place->port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(place->port), .sin6_scope_id = place->ip.scope};
  bool is_v4 = place->ip.version == 4;
  memcpy(&v4.sin_addr, place->ip.bytes, sizeof v4.sin_addr);
  memcpy(&v6.sin6_addr, place->ip.bytes, sizeof v6.sin6_addr);
  made.bytes = is_v4 ? sizeof v4 : sizeof v6;
  memcpy(made.storage, is_v4 ? (const void *)&v4 : (const void *)&v6, made.bytes);
  return made;
}

bool sockaddr_read(const void *address, uint32_t bytes, struct place *place) {
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  memset(place, 0, sizeof *place);
  if (bytes == sizeof v4) {
    memcpy(&v4, address, sizeof v4);
    place->ip.version = 4;
    place->port = ntohs(v4.sin_port);
    memcpy(place->ip.bytes, &v4.sin_addr, sizeof v4.sin_addr);
    return v4.sin_family == AF_INET;
  }
  if (bytes != sizeof v6) return false;
  memcpy(&v6, address, sizeof v6);
  place->ip.version = 6;
  place->ip.scope = v6.sin6_scope_id;
  place->port = ntohs(v6.sin6_port);
  memcpy(place->ip.bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
  return v6.sin6_family == AF_INET6;
}

uint32_t sockaddr_interface(const char *name) {
  return if_nametoindex(name);
}

#endif
