/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a connected socket by calls that do not block, made when the host tells of readiness. Nothing is out
 * between two calls: no packet, no memory of anybody's, so an idle connection costs what stands here.
 */
#ifndef HAWSER_TCP_IOCP_READY_H
#define HAWSER_TCP_IOCP_READY_H

#include <stdatomic.h>

#include "transports/socket_side.h"
#include "transports/tcp_iocp/winsock.h"

struct ready {
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint; /* NULL: not watched */
  SOCKET socket;                      /* INVALID_SOCKET: none */
  atomic_int broken;                  /* the first error that ended the connection, as Winsock has it; 0: none */
  _Atomic(uint64_t) written;          /* bytes that the system has taken */
  atomic_bool error_told;             /* by the system, to somebody who asked whether it is ready */
  struct socket_side sides[2];        /* by direction */
};

void ready_init(struct ready *ready, const struct hws_host *host, SOCKET socket);

/* Make the socket one whose calls do not block, and have the host watch it. 0, or a negative hws_io_status. */
int32_t ready_watch(struct ready *ready, struct hws_host_endpoint *endpoint);

/* As the slots of hws_vtable, for reads, writes and shutdowns. */
int32_t ready_submit(struct ready *ready, struct hws_io *io);
int32_t ready_cancel(struct ready *ready, struct hws_io *io);
void ready_on_ready(struct ready *ready, uint32_t direction);

#endif
