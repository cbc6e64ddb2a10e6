/* SPDX-License-Identifier: Apache-2.0
 *
 * Winsock as this transport uses it: its extensions, new sockets, and what its errors mean.
 */
#ifndef HAWSER_TCP_IOCP_WINSOCK_H
#define HAWSER_TCP_IOCP_WINSOCK_H

#include <winsock2.h>
/* after winsock2.h */
#include <mswsock.h>
#include <stdbool.h>
#include <stddef.h>
#include <ws2tcpip.h>

#include "transports/packet_iocp.h"

struct winsock {
  LPFN_ACCEPTEX accept_ex;
  LPFN_CONNECTEX connect_ex;
  LPFN_TRANSMITFILE transmit_file; /* NULL: what stands between us and the system does not have it */
};

/* Filled by winsock_open, constant afterwards. */
extern struct winsock winsock;

/* Start Winsock and find its extensions, for as long as the process lives. 0, or an error of Winsock. */
int winsock_open(void);

/* One for overlapped calls, that no child process inherits; INVALID_SOCKET, and WSAGetLastError says why. */
SOCKET winsock_socket(int family);

/* From now on a call that ends at once sends no packet to the port. False: it does, as layers between us and the system
 * do not allow for less (WIN-3). */
bool winsock_skip_packets(SOCKET socket);

/* HWS_QUERY_UNTAKEN of a connection that took so many bytes. Windows tells since version 1703. */
int32_t winsock_untaken(SOCKET socket, uint64_t written, void *answer, uint32_t size);

/* An error of Winsock, or the system's own for the same, as a hws_io_status. */
int32_t winsock_status(int error);

/* The error of a call that has ended: the packet's, as Winsock calls it. */
int winsock_packet_error(SOCKET socket, struct hws_packet *packet, int os_error);

#endif
