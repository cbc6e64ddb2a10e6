/* SPDX-License-Identifier: Apache-2.0
 *
 * The accepts that a listener has posted: each is a socket that waits in the kernel for a connection. One that has come
 * is replaced inside its own completion, before anybody takes it, unless too many wait already.
 *
 * Everything here runs under the listener's read direction.
 */
#ifndef HAWSER_TCP_IOCP_POOL_H
#define HAWSER_TCP_IOCP_POOL_H

#include "transports/tcp_iocp/winsock.h"

/* What AcceptEx writes the two addresses to. */
enum { POOL_ADDRESS_BYTES = sizeof(struct sockaddr_storage) + 16 };

struct pool_slot {
  struct hws_packet packet;
  SOCKET socket;          /* INVALID_SOCKET: none */
  bool posted;            /* the packet is out */
  struct pool_slot *next; /* among those that are connected, or idle */
  char addresses[2 * POOL_ADDRESS_BYTES];
};

struct pool {
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  SOCKET listener; /* INVALID_SOCKET: closed */
  int family;
  uint32_t size;        /* of slots */
  uint32_t posted;      /* how many packets are out */
  uint32_t waiting;     /* how many are connected */
  uint32_t waiting_max; /* so many are posted or connected at most */
  struct pool_slot *slots;
  struct pool_slot *idle;
  struct pool_slot *first; /* connected, the first come first */
  struct pool_slot *last;
  uint64_t pause_ns; /* 0: the last post went well */
};

/* The listener is the caller's, and outlives the pool's posts. 0 or HWS_IO_NOMEM. */
int32_t pool_open(struct pool *pool, const struct hws_host *host, struct hws_host_endpoint *endpoint, SOCKET listener,
                  int family, uint32_t size, uint32_t waiting_max);

/* Post what is idle. After a failure the endpoint's timer is set, for the next try. */
void pool_post(struct pool *pool);

/* A packet has come back. */
void pool_on_packet(struct pool *pool, struct hws_packet *packet, int os_error);

/* A connected socket, which the caller owns; INVALID_SOCKET: none waits. */
SOCKET pool_take(struct pool *pool);

/* Post nothing more. The caller closes the listener, which ends what is posted. How many packets are out. */
uint32_t pool_stop(struct pool *pool);

/* No packet is out. Closes what nobody took. */
void pool_close(struct pool *pool);

#endif
