/* SPDX-License-Identifier: Apache-2.0
 *
 * Places: addresses as the system takes them.
 */
#include "transports/tcp_iocp/place.h"

#include <iphlpapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof((struct place){0}.system) <= sizeof(((struct hws_address *)0)->storage), "a look-up gives less");

static struct place place_make(const struct ip *ip, uint16_t port) {
  struct place place;
  memset(&place, 0, sizeof place);
  if (ip->version == 4) {
    place.system.v4.sin_family = AF_INET;
    place.system.v4.sin_port = htons(port);
    memcpy(&place.system.v4.sin_addr, ip->bytes, sizeof place.system.v4.sin_addr);
    place.bytes = sizeof place.system.v4;
  } else {
    place.system.v6.sin6_family = AF_INET6;
    place.system.v6.sin6_port = htons(port);
    memcpy(&place.system.v6.sin6_addr, ip->bytes, sizeof place.system.v6.sin6_addr);
    place.system.v6.sin6_scope_id = ip->scope;
    place.bytes = sizeof place.system.v6;
  }
  return place;
}

/* An interface by its number or its name; 0: there is none. */
static uint32_t scope_of(const char *text) {
  if (text[strspn(text, "0123456789")] != 0) return if_nametoindex(text);
  unsigned long number = strtoul(text, NULL, 10);
  return number <= UINT32_MAX ? (uint32_t)number : 0;
}

int32_t places_of_address(struct places *places, const struct tcp_address *address, char *why, size_t why_size) {
  struct ip ip = address->ip;
  if (address->scope[0] && !(ip.scope = scope_of(address->scope))) {
    (void)snprintf(why, why_size, "there is no interface '%s'", address->scope);
    return HWS_IO_ADDRESS;
  }
  places->list[0] = place_make(&ip, address->port);
  places->count = 1;
  return HWS_IO_OK;
}

/* The next from *at on that is of that family, or of the other one; count: there is none. */
static uint32_t next_of(const struct place *found, uint32_t count, uint32_t at, int family, bool same) {
  while (at < count && (found[at].system.any.sa_family == family) != same) at++;
  return at;
}

void places_of_answer(struct places *places, const struct hws_address *addresses, uint32_t count) {
  struct place found[HWS_ADDRESSES_MAX];
  uint32_t usable = 0;
  for (uint32_t i = 0; i < count && i < HWS_ADDRESSES_MAX; i++) {
    struct place *place = &found[usable];
    memset(place, 0, sizeof *place);
    if (addresses[i].size > sizeof place->system) continue;
    memcpy(&place->system, addresses[i].storage, addresses[i].size);
    place->bytes = (int)addresses[i].size;
    bool v4 = place->system.any.sa_family == AF_INET && place->bytes == (int)sizeof place->system.v4;
    bool v6 = place->system.any.sa_family == AF_INET6 && place->bytes == (int)sizeof place->system.v6;
    if (v4 || v6) usable++;
  }
  places->count = 0;
  int first = usable ? found[0].system.any.sa_family : AF_UNSPEC;
  uint32_t same = 0;
  uint32_t other = next_of(found, usable, 0, first, false);
  while (places->count < PLACES_MAX && (same < usable || other < usable)) {
    bool take_same = same < usable && (places->count % 2 == 0 || other >= usable);
    places->list[places->count++] = found[take_same ? same : other];
    if (take_same)
      same = next_of(found, usable, same + 1, first, true);
    else
      other = next_of(found, usable, other + 1, first, false);
  }
}

bool place_read(const struct place *place, struct ip *ip, uint16_t *port) {
  memset(ip, 0, sizeof *ip);
  if (place->system.any.sa_family == AF_INET && place->bytes >= (int)sizeof place->system.v4) {
    ip->version = 4;
    memcpy(ip->bytes, &place->system.v4.sin_addr, sizeof place->system.v4.sin_addr);
    *port = ntohs(place->system.v4.sin_port);
    return true;
  }
  if (place->system.any.sa_family != AF_INET6 || place->bytes < (int)sizeof place->system.v6) return false;
  ip->version = 6;
  memcpy(ip->bytes, &place->system.v6.sin6_addr, sizeof ip->bytes);
  ip->scope = place->system.v6.sin6_scope_id;
  *port = ntohs(place->system.v6.sin6_port);
  ip_unmap(ip);
  return true;
}

bool place_of_socket(SOCKET socket, bool peer, struct place *place) {
  memset(place, 0, sizeof *place);
  place->bytes = sizeof place->system;
  return (peer ? getpeername : getsockname)(socket, &place->system.any, &place->bytes) == 0;
}

bool place_is(const struct place *place, const struct place *other) {
  struct ip ips[2];
  uint16_t ports[2];
  if (!place_read(place, &ips[0], &ports[0]) || !place_read(other, &ips[1], &ports[1])) return false;
  return ports[0] == ports[1] && ips[0].version == ips[1].version &&
         memcmp(ips[0].bytes, ips[1].bytes, sizeof ips[0].bytes) == 0;
}

size_t place_url(const struct place *place, char url[TCP_URL_MAX]) {
  struct ip ip;
  uint16_t port;
  url[0] = 0;
  return place_read(place, &ip, &port) ? tcp_address_url(&ip, port, url) : 0;
}
