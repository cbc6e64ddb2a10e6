/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport `unix`: Unix stream sockets under the host's edge-triggered watch. The manifest, and the way from the
 * slots of the vtable to listeners and connections.
 */
#include "plugins/hawser_plugin.h"

#include <stddef.h>
#include <string.h>

#include "transports/unix_epoll/connection.h"
#include "transports/unix_epoll/endpoint.h"
#include "transports/unix_epoll/listener.h"

/* `self` of the vtable is the host: the plugin has no state of its own. */
static const struct hws_host *host_of(void *self) {
  return self;
}

static int32_t unix_listen(void *self, struct hws_host_endpoint *host_endpoint, const char *address, void **ep) {
  struct unix_endpoint *made = NULL;
  int32_t status = unix_listener_make(host_of(self), host_endpoint, address, &made);
  if (status == HWS_IO_OK) *ep = made;
  return status;
}

static int32_t unix_dial(void *self, struct hws_host_endpoint *host_endpoint, const char *address, void **ep) {
  struct unix_endpoint *made = NULL;
  int32_t status = unix_connection_dial(host_of(self), host_endpoint, address, &made);
  if (status == HWS_IO_OK) *ep = made;
  return status;
}

static int32_t unix_adopt(void *self, struct hws_host_endpoint *host_endpoint, void *accepted, void **ep) {
  (void)self;
  if (!host_endpoint) {
    unix_connection_destroy(accepted);
    return HWS_IO_OK;
  }
  int32_t status = unix_connection_adopt(accepted, host_endpoint);
  if (status == HWS_IO_OK) *ep = accepted;
  return status;
}

static int is_connection(const struct unix_endpoint *endpoint) {
  return endpoint->kind == UNIX_CONNECTION;
}

static int32_t unix_submit(void *ep, struct hws_io *io) {
  return is_connection(ep) ? unix_connection_submit(ep, io) : unix_listener_submit(ep, io);
}

static int32_t unix_cancel(void *ep, struct hws_io *io) {
  return is_connection(ep) ? unix_connection_cancel(ep, io) : unix_listener_cancel(ep, io);
}

static void unix_on_ready(void *ep, uint32_t direction) {
  if (is_connection(ep)) {
    unix_connection_on_ready(ep, direction);
  } else {
    unix_listener_on_ready(ep, direction);
  }
}

static void unix_on_timer(void *ep) {
  if (is_connection(ep)) {
    unix_connection_on_timer(ep);
  } else {
    unix_listener_on_timer(ep);
  }
}

static void unix_on_post(void *ep) {
  if (is_connection(ep)) {
    unix_connection_on_post(ep);
  } else {
    unix_listener_on_post(ep);
  }
}

static int32_t unix_query(void *ep, uint32_t what, void *answer, uint32_t size) {
  return is_connection(ep) ? unix_connection_query(ep, what, answer, size)
                           : unix_listener_query(ep, what, answer, size);
}

/* A Unix socket has nothing unsent to discard: what was written is in the peer's hands. */
static void unix_destroy(void *ep, uint32_t abort) {
  (void)abort;
  if (is_connection(ep)) {
    unix_connection_destroy(ep);
  } else {
    unix_listener_destroy(ep);
  }
}

/* A host may know a shorter vtable, or a longer one, than this was built with. */
static int32_t unix_open(const struct hws_host *host, struct hws_vtable *vtable) {
  const struct hws_vtable mine = {.size = sizeof mine,
                                  .self = (void *)(uintptr_t)host,
                                  .listen = unix_listen,
                                  .dial = unix_dial,
                                  .adopt = unix_adopt,
                                  .submit = unix_submit,
                                  .cancel = unix_cancel,
                                  .on_ready = unix_on_ready,
                                  .on_timer = unix_on_timer,
                                  .on_post = unix_on_post,
                                  .query = unix_query,
                                  .destroy = unix_destroy};
  uint32_t room = vtable->size < mine.size ? vtable->size : mine.size;
  memcpy(vtable, &mine, room);
  vtable->size = room;
  return HWS_IO_OK;
}

static const char *const schemes[] = {"unix", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof(struct hws_plugin),
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_REVOKE | HWS_CAP_PEER,
    .host_needs = HWS_HOST_WATCH,
    .name = "unix_epoll",
    .version = "0.1.0",
    .schemes = schemes,
    .open = unix_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
