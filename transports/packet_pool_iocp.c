/* SPDX-License-Identifier: Apache-2.0
 *
 * Posted accepts.
 */
#include "transports/packet_pool_iocp.h"

#include <string.h>

#define PAUSE_FIRST_NS UINT64_C(10000000)
#define PAUSE_MAX_NS UINT64_C(1000000000)

static struct packet_slot *slot_at(const struct packet_pool *pool, uint32_t index) {
  return (struct packet_slot *)(void *)(pool->slots + index * pool->slot_bytes);
}

static void push_idle(struct packet_pool *pool, struct packet_slot *slot) {
  slot->next = pool->idle;
  pool->idle = slot;
}

int32_t packet_pool_open(struct packet_pool *pool, const struct packet_pool_calls *calls, const struct hws_host *host,
                         struct hws_host_endpoint *endpoint, const struct packet_pool_limits *limits, uint32_t size,
                         size_t slot_bytes) {
  memset(pool, 0, sizeof *pool);
  pool->slots = host->alloc((uint64_t)size * slot_bytes);
  if (!pool->slots) return HWS_IO_NOMEM;
  pool->calls = calls;
  pool->host = host;
  pool->endpoint = endpoint;
  pool->limits = *limits;
  pool->size = size;
  pool->slot_bytes = slot_bytes;
  for (uint32_t i = 0; i < size; i++) {
    slot_at(pool, i)->handle = INVALID_HANDLE_VALUE;
    push_idle(pool, slot_at(pool, i));
  }
  return HWS_IO_OK;
}

/* ---- posting ----------------------------------------------------------------------------------------------------- */

static void connected(struct packet_pool *pool, struct packet_slot *slot) {
  slot->next = NULL;
  if (pool->first)
    pool->last->next = slot;
  else
    pool->first = slot;
  pool->last = slot;
  pool->waiting++;
}

static void posted(struct packet_pool *pool, struct packet_slot *slot) {
  slot->posted = true;
  pool->posted++;
}

/* TRN-4: a shortage passes; until then nothing spins. */
static void pause(struct packet_pool *pool, int error) {
  uint64_t pause_ns = pool->pause_ns ? pool->pause_ns * 2 : PAUSE_FIRST_NS;
  pool->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
  pool->failures++;
  pool->error = error;
  pool->host->timer_at(pool->endpoint, pool->host->now() + pool->pause_ns);
}

static bool wants_more(const struct packet_pool *pool) {
  const struct packet_pool_limits *limits = &pool->limits;
  return !pool->stopped && pool->idle && pool->posted < limits->posted && pool->waiting < limits->waiting &&
         pool->posted + pool->waiting < limits->together;
}

void packet_pool_post(struct packet_pool *pool) {
  while (wants_more(pool)) {
    struct packet_slot *slot = pool->idle;
    int error = pool->calls->post(pool, slot);
    if (error == ERROR_RETRY) continue;
    if (error && error != ERROR_IO_PENDING) {
      pause(pool, error);
      return;
    }
    pool->idle = slot->next;
    pool->pause_ns = 0;
    if (error)
      posted(pool, slot);
    else
      connected(pool, slot);
  }
}

static void drop(struct packet_pool *pool, struct packet_slot *slot) {
  if (slot->handle != INVALID_HANDLE_VALUE) pool->calls->close(pool, slot->handle);
  slot->handle = INVALID_HANDLE_VALUE;
}

void packet_pool_on_packet(struct packet_pool *pool, struct hws_packet *packet, int os_error) {
  struct packet_slot *slot = (struct packet_slot *)packet; /* which it begins with */
  slot->posted = false;
  pool->posted--;
  int error = pool->stopped ? ERROR_OPERATION_ABORTED : pool->calls->settle(pool, slot, os_error);
  if (error == ERROR_IO_PENDING) {
    posted(pool, slot);
  } else if (!error) {
    connected(pool, slot);
  } else {
    drop(pool, slot);
    push_idle(pool, slot);
  }
  packet_pool_post(pool);
}

/* ---- taking and ending ------------------------------------------------------------------------------------------- */

/* It comes first again. A slot is idle: the one that it had. */
static void put_back(struct packet_pool *pool, HANDLE handle) {
  struct packet_slot *slot = pool->idle;
  pool->idle = slot->next;
  slot->handle = handle;
  slot->next = pool->first;
  if (!pool->first) pool->last = slot;
  pool->first = slot;
  pool->waiting++;
}

HANDLE packet_pool_take(struct packet_pool *pool) {
  struct packet_slot *slot = pool->first;
  if (!slot) return INVALID_HANDLE_VALUE;
  HANDLE handle = slot->handle;
  pool->first = slot->next;
  if (!pool->first) pool->last = NULL;
  pool->waiting--;
  slot->handle = INVALID_HANDLE_VALUE;
  push_idle(pool, slot);
  packet_pool_post(pool);
  if (!pool->calls->keeps_last || pool->posted + pool->waiting > 0) return handle;
  put_back(pool, handle);
  return INVALID_HANDLE_VALUE;
}

uint32_t packet_pool_stop(struct packet_pool *pool) {
  pool->stopped = true;
  return pool->posted;
}

void packet_pool_each_posted(struct packet_pool *pool, void (*visit)(struct packet_slot *slot)) {
  for (uint32_t i = 0; i < pool->size; i++)
    if (slot_at(pool, i)->posted) visit(slot_at(pool, i));
}

void packet_pool_close(struct packet_pool *pool) {
  for (uint32_t i = 0; pool->slots && i < pool->size; i++) drop(pool, slot_at(pool, i));
  if (pool->slots) pool->host->release(pool->slots);
  pool->slots = NULL;
}
