/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a URL: those of a listener, and those of a dial.
 */
#ifndef HAWSER_TCP_IOCP_SETTINGS_H
#define HAWSER_TCP_IOCP_SETTINGS_H

#include "transports/tcp/address.h"
#include "transports/tcp_iocp/winsock.h"

/* How the bytes of a connection move. */
enum tcp_io {
  TCP_IO_OVERLAPPED, /* by calls that the system finishes */
  TCP_IO_READINESS   /* by calls that are made when they do not block */
};

struct tcp_settings {
  /* of every connection */
  uint32_t io;          /* enum tcp_io */
  uint32_t nodelay;     /* 0 or 1 */
  uint32_t keepalive_s; /* silence after which the peer is probed; 0: never */
  uint32_t transmits;   /* 0 or 1: files are sent from inside the system */
  /* of a listener */
  uint32_t backlog;
  uint32_t accept;   /* enum tcp_io: posted ahead, or on notification */
  uint32_t accepts;  /* how many are posted */
  uint32_t ipv6only; /* 0 or 1 */
  /* of a dial */
  uint32_t attempt_ms; /* how long one address is tried while others are left */
};

/* 0, or HWS_IO_ADDRESS with one line in `why`. */
int32_t tcp_settings_read(struct tcp_settings *settings, bool listens, const struct tcp_address *address,
                          const struct hws_host *host, struct hws_host_endpoint *endpoint, char *why, size_t why_size);

/* Set what holds for a connection. 0, or an error of Winsock. */
int tcp_settings_apply(const struct tcp_settings *settings, SOCKET socket);

#endif
