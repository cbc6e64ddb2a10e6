/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances that wait for a client.
 */
#include "transports/npipe_iocp/instances.h"

enum { GONE_MAX = 8 /* clients that came and went, one after another, at one instance */ };

/* PIP-7: whoever came and went may have written something, which can be read. As post and settle of the pool. */
static int wait_for_client(const struct packet_pool *pool, struct packet_slot *slot) {
  for (int gone = 0; gone < GONE_MAX; gone++) {
    OVERLAPPED *overlapped = packet_prepare(&slot->packet, pool->endpoint, HWS_READ);
    int error = ConnectNamedPipe(slot->handle, overlapped) ? 0 : (int)GetLastError();
    if (error == ERROR_PIPE_CONNECTED) return 0;
    if (error != ERROR_NO_DATA) return error;
    if (pipe_has_bytes(slot->handle)) return 0;
    (void)DisconnectNamedPipe(slot->handle);
  }
  return ERROR_NO_DATA;
}

static int make(struct instances *instances, struct packet_slot *slot) {
  const struct hws_host *host = instances->pool.host;
  slot->handle = pipe_name_create(instances->name, &instances->kind);
  if (slot->handle == INVALID_HANDLE_VALUE) return (int)GetLastError();
  int32_t status = host->bind_port(instances->pool.endpoint, (int64_t)(intptr_t)slot->handle);
  if (status != HWS_IO_OK) return status == HWS_IO_NOMEM ? ERROR_NOT_ENOUGH_MEMORY : ERROR_GEN_FAILURE;
  return packet_skip(slot->handle) ? 0 : (int)GetLastError();
}

static void close_pipe(struct packet_pool *pool, HANDLE handle) {
  pipe_name_close(((struct instances *)pool)->name, handle); /* which it begins with */
}

static int post(struct packet_pool *pool, struct packet_slot *slot) {
  struct instances *instances = (struct instances *)pool;
  int error = make(instances, slot);
  if (!error) error = wait_for_client(pool, slot);
  if (error && error != ERROR_IO_PENDING && slot->handle != INVALID_HANDLE_VALUE) {
    close_pipe(pool, slot->handle);
    slot->handle = INVALID_HANDLE_VALUE;
  }
  return error;
}

/* One that failed waits anew, if it can: closed, it might take the name with it. */
static int settle(struct packet_pool *pool, struct packet_slot *slot, int os_error) {
  if (!os_error) return 0;
  (void)DisconnectNamedPipe(slot->handle);
  return wait_for_client(pool, slot);
}

static const struct packet_pool_calls calls = {.post = post, .settle = settle, .close = close_pipe, .keeps_last = true};

int32_t instances_open(struct instances *instances, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                       struct pipe_name *name, const struct pipe_kind *kind) {
  const struct npipe_settings *settings = kind->settings;
  bool at_accept = settings->rearm == NPIPE_REARM_ACCEPT;
  uint32_t size = settings->backlog + settings->unaccepted;
  const struct packet_pool_limits limits = {
      .posted = settings->backlog, .waiting = settings->unaccepted, .together = at_accept ? settings->backlog : size};
  instances->name = name;
  instances->kind = *kind;
  return packet_pool_open(&instances->pool, &calls, host, endpoint, &limits, size, sizeof(struct packet_slot));
}

static void end_wait(struct packet_slot *slot) {
  packet_cancel(slot->handle, &slot->packet);
}

uint32_t instances_stop(struct instances *instances) {
  uint32_t left = packet_pool_stop(&instances->pool);
  packet_pool_each_posted(&instances->pool, end_wait);
  return left;
}
