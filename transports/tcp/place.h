/* SPDX-License-Identifier: Apache-2.0
 *
 * Places: an address and a port, and the list of those to which a URL leads. Pure; what the system makes of one is
 * sockaddr.h's.
 */
#ifndef HAWSER_TRANSPORTS_TCP_PLACE_H
#define HAWSER_TRANSPORTS_TCP_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transports/tcp/address.h"
#include "transports/tcp/ip.h"

enum { PLACES_MAX = 16 /* of one name are tried */ };

struct place {
  struct ip
      ip; /* a version 4 address that came as one of version 6 stays that: the socket has to be of version 6, too */
  uint16_t port;
};

struct places {
  struct place list[PLACES_MAX];
  uint32_t count;
};

/* What a look-up found, in its order, but with the versions of IP taking turns, so that one that leads nowhere does not
 * hold up the other. */
void places_alternate(struct places *places, const struct place *found, uint32_t count);

/* The same place, in whichever version it is written? */
bool place_is(const struct place *place, const struct place *other);

/* As a URL. Returns the length. */
size_t place_url(const struct place *place, char url[TCP_URL_MAX]);

#endif
