/* SPDX-License-Identifier: Apache-2.0
 *
 * Places as the system takes and gives them.
 */
#ifndef HAWSER_TRANSPORTS_TCP_SOCKADDR_H
#define HAWSER_TRANSPORTS_TCP_SOCKADDR_H

#include "transports/tcp/place.h"

struct sockaddr_of {
  uint64_t storage[4]; /* a sockaddr_in or sockaddr_in6 */
  uint32_t bytes;      /* of it */
};

struct sockaddr_of sockaddr_make(const struct place *place);

/* AF_INET or AF_INET6, as the socket for it wants. */
int sockaddr_family(const struct place *place);

/* False: it is not a whole address of IPv4 or IPv6. */
bool sockaddr_read(const void *address, uint32_t bytes, struct place *place);

/* The place of a socket, or of its peer. False: it has none, and the system has the reason. */
bool sockaddr_of_socket(int64_t socket, bool peer, struct place *place);

/* The number of an interface; 0: there is none of that name. */
uint32_t sockaddr_interface(const char *name);

#endif
