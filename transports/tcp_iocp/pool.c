/* SPDX-License-Identifier: Apache-2.0
 *
 * Posted accepts.
 */
#include "transports/tcp_iocp/pool.h"

#include <string.h>

#define PAUSE_FIRST_NS UINT64_C(10000000)
#define PAUSE_MAX_NS UINT64_C(1000000000)

static void push_idle(struct pool *pool, struct pool_slot *slot) {
  slot->next = pool->idle;
  pool->idle = slot;
}

int32_t pool_open(struct pool *pool, const struct hws_host *host, struct hws_host_endpoint *endpoint, SOCKET listener,
                  int family, uint32_t size, uint32_t waiting_max) {
  memset(pool, 0, sizeof *pool);
  pool->slots = host->alloc((uint64_t)size * sizeof *pool->slots);
  if (!pool->slots) return HWS_IO_NOMEM;
  pool->host = host;
  pool->endpoint = endpoint;
  pool->listener = listener;
  pool->family = family;
  pool->size = size;
  pool->waiting_max = waiting_max;
  for (uint32_t i = 0; i < size; i++) {
    pool->slots[i].socket = INVALID_SOCKET;
    push_idle(pool, &pool->slots[i]);
  }
  return HWS_IO_OK;
}

/* ---- posting ----------------------------------------------------------------------------------------------------- */

static void connected(struct pool *pool, struct pool_slot *slot) {
  slot->next = NULL;
  if (pool->first)
    pool->last->next = slot;
  else
    pool->first = slot;
  pool->last = slot;
  pool->waiting++;
}

/* What was accepted takes on what the listener is: until then it has no addresses and cannot be shut down. */
static bool update_context(const struct pool *pool, SOCKET socket) {
  return setsockopt(socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&pool->listener,
                    sizeof pool->listener) == 0;
}

/* The slot's call has ended: what it accepted waits, or it is idle again. */
static void settle(struct pool *pool, struct pool_slot *slot, int error) {
  if (!error && update_context(pool, slot->socket)) {
    connected(pool, slot);
    return;
  }
  (void)closesocket(slot->socket);
  slot->socket = INVALID_SOCKET;
  push_idle(pool, slot);
}

/* 0: it is posted. */
static int post_slot(struct pool *pool, struct pool_slot *slot) {
  DWORD bytes = 0;
  slot->socket = winsock_socket(pool->family);
  if (slot->socket == INVALID_SOCKET) return WSAGetLastError();
  OVERLAPPED *overlapped = winsock_prepare(&slot->packet, pool->endpoint, HWS_READ);
  BOOL done = winsock.accept_ex(pool->listener, slot->socket, slot->addresses, 0, POOL_ADDRESS_BYTES,
                                POOL_ADDRESS_BYTES, &bytes, overlapped);
  int error = done ? 0 : WSAGetLastError();
  if (!error || error == WSA_IO_PENDING) return 0; /* the listener's calls send a packet even then */
  (void)closesocket(slot->socket);
  slot->socket = INVALID_SOCKET;
  return error;
}

/* TRN-4: a shortage passes; until then nothing spins, and connections wait in the system's own backlog. */
static void pause(struct pool *pool) {
  uint64_t pause_ns = pool->pause_ns ? pool->pause_ns * 2 : PAUSE_FIRST_NS;
  pool->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
  pool->host->timer_at(pool->endpoint, pool->host->now() + pool->pause_ns);
}

void pool_post(struct pool *pool) {
  while (pool->listener != INVALID_SOCKET && pool->idle && pool->waiting + pool->posted < pool->waiting_max) {
    struct pool_slot *slot = pool->idle;
    int error = post_slot(pool, slot);
    if (error == WSAECONNRESET) continue; /* that one came and went */
    if (error) {
      pause(pool);
      return;
    }
    pool->idle = slot->next;
    slot->posted = true;
    pool->posted++;
    pool->pause_ns = 0;
  }
}

void pool_on_packet(struct pool *pool, struct hws_packet *packet, int os_error) {
  struct pool_slot *slot = (struct pool_slot *)packet; /* which it begins with */
  slot->posted = false;
  pool->posted--;
  settle(pool, slot, pool->listener == INVALID_SOCKET ? WSA_OPERATION_ABORTED : os_error);
  pool_post(pool);
}

/* ---- taking and ending ------------------------------------------------------------------------------------------- */

SOCKET pool_take(struct pool *pool) {
  struct pool_slot *slot = pool->first;
  if (!slot) return INVALID_SOCKET;
  SOCKET socket = slot->socket;
  pool->first = slot->next;
  if (!pool->first) pool->last = NULL;
  pool->waiting--;
  slot->socket = INVALID_SOCKET;
  push_idle(pool, slot);
  pool_post(pool);
  return socket;
}

uint32_t pool_stop(struct pool *pool) {
  pool->listener = INVALID_SOCKET;
  return pool->posted;
}

void pool_close(struct pool *pool) {
  for (uint32_t i = 0; pool->slots && i < pool->size; i++)
    if (pool->slots[i].socket != INVALID_SOCKET) (void)closesocket(pool->slots[i].socket);
  if (pool->slots) pool->host->release(pool->slots);
  pool->slots = NULL;
}
