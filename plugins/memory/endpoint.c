/* SPDX-License-Identifier: Apache-2.0
 *
 * Making, asking and freeing endpoints.
 */
#include "plugins/memory/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "plugins/memory/identity.h"
#include "plugins/memory/settings.h"

static int32_t endpoint_new(struct names *names, struct hws_host_endpoint *self, const char *address, enum role role,
                            struct endpoint **made) {
  struct settings settings;
  int32_t status = settings_read(names->host, self, address, role == ROLE_LISTENER, &settings);
  if (status != HWS_IO_OK) return status;
  struct endpoint *endpoint = names->host->alloc(sizeof *endpoint);
  if (endpoint == NULL) return HWS_IO_NOMEM;
  endpoint->names = names;
  endpoint->host = names->host;
  endpoint->self = self;
  endpoint->role = role;
  endpoint->buffer = settings.buffer;
  endpoint->listening.backlog = settings.backlog;
  memcpy(endpoint->name, address, strlen(address)); /* zeroed memory, and the settings have bounded the length */
  *made = endpoint;
  return HWS_IO_OK;
}

int32_t endpoint_listen(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  struct endpoint *endpoint;
  int32_t status = endpoint_new(self, host, address, ROLE_LISTENER, &endpoint);
  if (status == HWS_IO_OK) *ep = endpoint;
  return status;
}

int32_t endpoint_dial(void *self, struct hws_host_endpoint *host, const char *address, void **ep) {
  struct endpoint *endpoint;
  int32_t status = endpoint_new(self, host, address, ROLE_DIALLER, &endpoint);
  if (status == HWS_IO_OK) *ep = endpoint;
  return status;
}

int32_t endpoint_adopt(void *self, struct hws_host_endpoint *host, void *accepted, void **ep) {
  struct endpoint *endpoint = accepted;
  (void)self;
  if (host == NULL) {
    endpoint_destroy(endpoint, 1);
    return HWS_IO_OK;
  }
  endpoint->self = host;
  pipe_attach(endpoint->pipes[HWS_READ], HWS_READ, host);
  pipe_attach(endpoint->pipes[HWS_WRITE], HWS_WRITE, host);
  *ep = endpoint;
  return HWS_IO_OK;
}

/* A dialler has no name of its own; so the far end of what was accepted has none. */
static int32_t query_url(const struct endpoint *endpoint, bool named, char *answer, uint32_t size) {
  if (!named) {
    if (size > 0) answer[0] = '\0';
    return 0;
  }
  return snprintf(answer, size, "mem://%s", endpoint->name);
}

static int32_t query_peer(void *answer, uint32_t size) {
  struct hws_peer_id peer = {.size = sizeof peer};
  if (size < sizeof peer) peer.size = size;
  identity_read(&peer);
  memcpy(answer, &peer, peer.size);
  return 0;
}

static int32_t query_untaken(const struct endpoint *endpoint, void *answer, uint32_t size) {
  if (endpoint->pipes[HWS_WRITE] == NULL || size < sizeof(uint64_t)) return HWS_IO_UNSUPPORTED;
  uint64_t untaken = pipe_unread(endpoint->pipes[HWS_WRITE]);
  memcpy(answer, &untaken, sizeof untaken);
  return 0;
}

/* Reads only what never changes, and what has a lock of its own, so it needs neither direction. */
int32_t endpoint_query(void *ep, uint32_t what, void *answer, uint32_t size) {
  const struct endpoint *endpoint = ep;
  switch (what) {
  case HWS_QUERY_LOCAL:
    return query_url(endpoint, endpoint->role != ROLE_DIALLER, answer, size);
  case HWS_QUERY_REMOTE:
    return query_url(endpoint, endpoint->role == ROLE_DIALLER, answer, size);
  case HWS_QUERY_PEER:
    return endpoint->role != ROLE_LISTENER ? query_peer(answer, size) : HWS_IO_UNSUPPORTED;
  case HWS_QUERY_UNTAKEN:
    return query_untaken(endpoint, answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

void endpoint_destroy(void *ep, uint32_t abort) {
  struct endpoint *endpoint = ep;
  if (endpoint->role == ROLE_LISTENER) names_leave(endpoint);
  for (uint32_t direction = HWS_READ; direction <= HWS_WRITE; direction++)
    if (endpoint->pipes[direction] != NULL) pipe_leave(endpoint->pipes[direction], direction, abort != 0);
  endpoint->host->release(endpoint);
}
