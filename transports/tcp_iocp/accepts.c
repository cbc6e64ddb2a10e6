/* SPDX-License-Identifier: Apache-2.0
 *
 * Posted AcceptEx. Connections that find none wait in the system's own backlog.
 */
#include "transports/tcp_iocp/accepts.h"

/* What AcceptEx writes the two addresses to. */
enum { ADDRESS_BYTES = sizeof(struct sockaddr_storage) + 16 };

struct accept_slot {
  struct packet_slot base;
  char addresses[2 * ADDRESS_BYTES];
};

static void close_socket(struct packet_pool *pool, HANDLE handle) {
  (void)pool;
  (void)closesocket((SOCKET)handle);
}

static int post(struct packet_pool *pool, struct packet_slot *slot) {
  const struct accepts *accepts = (const struct accepts *)pool; /* which it begins with */
  DWORD bytes = 0;
  SOCKET socket = winsock_socket(accepts->family);
  if (socket == INVALID_SOCKET) return WSAGetLastError();
  OVERLAPPED *overlapped = packet_prepare(&slot->packet, pool->endpoint, HWS_READ);
  BOOL done = winsock.accept_ex(accepts->listener, socket, ((struct accept_slot *)slot)->addresses, 0, ADDRESS_BYTES,
                                ADDRESS_BYTES, &bytes, overlapped);
  int error = done ? WSA_IO_PENDING : WSAGetLastError(); /* the listener's calls send a packet even then */
  if (error == WSA_IO_PENDING)
    slot->handle = (HANDLE)socket;
  else
    (void)closesocket(socket);
  return error == WSAECONNRESET ? ERROR_RETRY : error;
}

/* What was accepted takes on what the listener is: until then it has no addresses and cannot be shut down. */
static int settle(struct packet_pool *pool, struct packet_slot *slot, int os_error) {
  const struct accepts *accepts = (const struct accepts *)pool;
  if (os_error) return os_error;
  int failed = setsockopt((SOCKET)slot->handle, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&accepts->listener,
                          sizeof accepts->listener);
  return failed ? WSAGetLastError() : 0;
}

static const struct packet_pool_calls calls = {.post = post, .settle = settle, .close = close_socket};

int32_t accepts_open(struct accepts *accepts, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                     SOCKET listener, int family, uint32_t posted, uint32_t together) {
  const struct packet_pool_limits limits = {.posted = posted, .waiting = UINT32_MAX, .together = together};
  accepts->listener = listener;
  accepts->family = family;
  return packet_pool_open(&accepts->pool, &calls, host, endpoint, &limits, posted, sizeof(struct accept_slot));
}
