/* SPDX-License-Identifier: Apache-2.0
 *
 * Places: addresses as the system takes them, and the list of those to which a URL leads.
 */
#ifndef HAWSER_TCP_IOCP_PLACE_H
#define HAWSER_TCP_IOCP_PLACE_H

#include "transports/tcp_iocp/winsock.h"
#include <stdbool.h>

#include "plugins/hawser_plugin.h"
#include "transports/tcp/address.h"

enum { PLACES_MAX = 16 /* of one name are tried */ };

struct place {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } system;
  int bytes;
};

struct places {
  struct place list[PLACES_MAX];
  uint32_t count;
};

/* The one place of an address that needs no look-up. 0, or HWS_IO_ADDRESS with one line in `why`: there is no such
 * interface. */
int32_t places_of_address(struct places *places, const struct tcp_address *address, char *why, size_t why_size);

/* What a look-up found, in its order, but with the versions of IP taking turns, so that one that leads nowhere does not
 * hold up the other. What is neither is left out. */
void places_of_answer(struct places *places, const struct hws_address *addresses, uint32_t count);

/* False: neither IPv4 nor IPv6. A mapped address of version 4 is told as such. */
bool place_read(const struct place *place, struct ip *ip, uint16_t *port);

/* The place of a socket, or of its peer. False: it has none. */
bool place_of_socket(SOCKET socket, bool peer, struct place *place);

bool place_is(const struct place *place, const struct place *other);

/* As a URL; empty if it is neither IPv4 nor IPv6. Returns the length. */
size_t place_url(const struct place *place, char url[TCP_URL_MAX]);

#endif
