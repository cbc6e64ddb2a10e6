/* SPDX-License-Identifier: Apache-2.0
 *
 * The accepts that a listener has posted: each is a handle that waits in the kernel for somebody to connect. One that
 * has come is replaced inside its own completion, before anybody takes it, as far as the limits allow.
 *
 * Everything here runs under the listener's read direction.
 */
#ifndef HAWSER_TRANSPORTS_PACKET_POOL_IOCP_H
#define HAWSER_TRANSPORTS_PACKET_POOL_IOCP_H

#include "transports/packet_iocp.h"

struct packet_pool;

/* Stands first in every slot of a transport's pool. */
struct packet_slot {
  struct hws_packet packet;
  HANDLE handle;            /* INVALID_HANDLE_VALUE: none */
  bool posted;              /* the packet is out */
  struct packet_slot *next; /* among those that are connected, or idle */
};

struct packet_pool_calls {
  /* Put a handle into the slot, and have it wait for a connection. ERROR_IO_PENDING: its packet will come; 0: it is
   * connected already, and none will; ERROR_RETRY: somebody came and went, try at once; else why not, and the slot has
   * no handle. */
  int (*post)(struct packet_pool *pool, struct packet_slot *slot);

  /* The slot's packet has come. 0: it is connected. ERROR_IO_PENDING: it was posted anew. Else the pool closes it. */
  int (*settle)(struct packet_pool *pool, struct packet_slot *slot, int os_error);

  void (*close)(struct packet_pool *pool, HANDLE handle);

  bool keeps_last; /* the last handle is not given away before another is posted */
};

struct packet_pool_limits {
  uint32_t posted;   /* how many are posted at most */
  uint32_t waiting;  /* once so many are connected, no more are posted */
  uint32_t together; /* how many are posted or connected at most */
};

struct packet_pool {
  const struct packet_pool_calls *calls;
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  bool stopped;
  struct packet_pool_limits limits;
  uint32_t posted;  /* how many packets are out */
  uint32_t waiting; /* how many are connected */
  char *slots;
  uint32_t size; /* of slots, each of slot_bytes */
  size_t slot_bytes;
  struct packet_slot *idle;
  struct packet_slot *first; /* connected, the first come first */
  struct packet_slot *last;
  uint64_t pause_ns; /* 0: the last post went well */
  uint64_t failures; /* posts that failed */
  int error;         /* why the last of them did */
};

/* 0 or HWS_IO_NOMEM. */
int32_t packet_pool_open(struct packet_pool *pool, const struct packet_pool_calls *calls, const struct hws_host *host,
                         struct hws_host_endpoint *endpoint, const struct packet_pool_limits *limits, uint32_t size,
                         size_t slot_bytes);

/* Post what is idle. After a failure the endpoint's timer is set, for the next try. */
void packet_pool_post(struct packet_pool *pool);

/* A packet has come back. */
void packet_pool_on_packet(struct packet_pool *pool, struct hws_packet *packet, int os_error);

/* A connected handle, which the caller owns; INVALID_HANDLE_VALUE: none waits. */
HANDLE packet_pool_take(struct packet_pool *pool);

/* Post nothing more. The caller ends what is posted. How many packets are out. */
uint32_t packet_pool_stop(struct packet_pool *pool);

/* For each slot that is posted. */
void packet_pool_each_posted(struct packet_pool *pool, void (*visit)(struct packet_slot *slot));

/* No packet is out. Closes what nobody took. */
void packet_pool_close(struct packet_pool *pool);

#endif
