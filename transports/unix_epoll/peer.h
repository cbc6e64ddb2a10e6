/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is at the other end of a Unix socket, as the system knows it.
 */
#ifndef HAWSER_UNIX_EPOLL_PEER_H
#define HAWSER_UNIX_EPOLL_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "transports/unix_epoll/allow.h"

struct hws_host;

struct unix_peer {
  uint32_t uid;
  uint32_t gid;
  uint32_t pid; /* 0: it has none in our namespace */
};

bool unix_peer_read(int fd, struct unix_peer *peer);

/* Whether the list lets in the peer of that socket. */
bool unix_peer_allowed(const struct hws_host *host, const struct unix_allow *allow, int fd,
                       const struct unix_peer *peer);

#endif
