/* SPDX-License-Identifier: Apache-2.0
 *
 * The poller's insides: a completion port, and the keys under which something may arrive at it.
 *
 * A completion key is the address of one of the poller's own headers, which names the type of what comes under it
 * (WIN-9). It is looked up and never followed, so that a packet under a key of somebody else's is an error that is
 * counted and nothing more. The readiness service has keys of its own, which are no addresses.
 */
#ifndef HAWSER_CORE_PORT_IOCP_H
#define HAWSER_CORE_PORT_IOCP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/notify_win32.h"

enum port_key_type {
  PORT_WAKE,   /* posted by poller_wake: somebody wants the driver to look around */
  PORT_PACKET, /* a plugin's hws_packet, of a handle that it bound */
  PORT_KEYS
};

struct port_key {
  enum port_key_type type;
};

enum { PORT_BATCH = 64 };

struct poller {
  HANDLE port;
  struct port_key keys[PORT_KEYS];
  bool fired;                      /* the limit of the last wait has passed */
  _Atomic(struct notify *) notify; /* NULL: nothing was watched yet (watch_iocp.c) */
  OVERLAPPED_ENTRY entries[PORT_BATCH];
};

/* What the service has told. Driver only. */
void watch_told(const struct notify_told *told);

#endif
