/* SPDX-License-Identifier: Apache-2.0
 *
 * From the slots of the vtable to listeners and connections.
 */
#include "transports/socket_endpoint.h"

#include <string.h>

static const struct socket_makers *makers;

/* `self` of the vtable is the host: a plugin has no state of its own. */
static const struct hws_host *host_of(void *self) {
  return self;
}

static int32_t slot_listen(void *self, struct hws_host_endpoint *endpoint, const char *address, void **ep) {
  struct socket_endpoint *made = NULL;
  int32_t status = makers->listen(host_of(self), endpoint, address, &made);
  if (status == HWS_IO_OK) *ep = made;
  return status;
}

static int32_t slot_dial(void *self, struct hws_host_endpoint *endpoint, const char *address, void **ep) {
  struct socket_endpoint *made = NULL;
  int32_t status = makers->dial(host_of(self), endpoint, address, &made);
  if (status == HWS_IO_OK) *ep = made;
  return status;
}

static int32_t slot_adopt(void *self, struct hws_host_endpoint *endpoint, void *accepted, void **ep) {
  struct socket_endpoint *connection = accepted;
  (void)self;
  if (!endpoint) {
    connection->ops->destroy(connection, false);
    return HWS_IO_OK;
  }
  int32_t status = makers->adopt(connection, endpoint);
  if (status == HWS_IO_OK) *ep = connection;
  return status;
}

static int32_t slot_submit(void *ep, struct hws_io *io) {
  return ((struct socket_endpoint *)ep)->ops->submit(ep, io);
}

static int32_t slot_cancel(void *ep, struct hws_io *io) {
  return ((struct socket_endpoint *)ep)->ops->cancel(ep, io);
}

static void slot_on_ready(void *ep, uint32_t direction) {
  ((struct socket_endpoint *)ep)->ops->on_ready(ep, direction);
}

static void slot_on_packet(void *ep, struct hws_packet *packet, uint64_t bytes, int32_t os_error) {
  ((struct socket_endpoint *)ep)->ops->on_packet(ep, packet, bytes, os_error);
}

static void slot_on_timer(void *ep) {
  ((struct socket_endpoint *)ep)->ops->on_timer(ep);
}

static void slot_on_post(void *ep) {
  struct socket_endpoint *endpoint = ep;
  if (endpoint->ops->on_post) endpoint->ops->on_post(endpoint);
}

static int32_t slot_query(void *ep, uint32_t what, void *answer, uint32_t size) {
  return ((struct socket_endpoint *)ep)->ops->query(ep, what, answer, size);
}

static int32_t slot_retire(void *ep, uint32_t abort) {
  struct socket_endpoint *endpoint = ep;
  return endpoint->ops->retire ? endpoint->ops->retire(endpoint, abort != 0) : 0;
}

static void slot_destroy(void *ep, uint32_t abort) {
  ((struct socket_endpoint *)ep)->ops->destroy(ep, abort != 0);
}

/* A host may know a shorter vtable, or a longer one, than this was built with. */
int32_t socket_open(const struct socket_makers *mine, const struct hws_host *host, struct hws_vtable *vtable) {
  const struct hws_vtable filled = {.size = sizeof filled,
                                    .self = (void *)(uintptr_t)host,
                                    .listen = slot_listen,
                                    .dial = slot_dial,
                                    .adopt = slot_adopt,
                                    .submit = slot_submit,
                                    .cancel = slot_cancel,
                                    .on_ready = mine->readiness ? slot_on_ready : NULL,
                                    .on_packet = mine->packets ? slot_on_packet : NULL,
                                    .on_timer = slot_on_timer,
                                    .on_post = slot_on_post,
                                    .query = slot_query,
                                    .destroy = slot_destroy,
                                    .retire = mine->packets ? slot_retire : NULL};
  uint32_t room = vtable->size < filled.size ? vtable->size : filled.size;
  makers = mine;
  memcpy(vtable, &filled, room);
  vtable->size = room;
  return HWS_IO_OK;
}

/* ---- answers of query -------------------------------------------------------------------------------------------- */

int32_t socket_answer_text(const char *text, size_t length, void *answer, uint32_t size) {
  if (size > 0) {
    size_t room = length < size ? length : size - 1;
    memcpy(answer, text, room);
    ((char *)answer)[room] = 0;
  }
  return (int32_t)length;
}

int32_t socket_answer_handle(int64_t handle, void *answer, uint32_t size) {
  if (size < sizeof handle) return HWS_IO_UNSUPPORTED;
  memcpy(answer, &handle, sizeof handle);
  return 0;
}

int32_t socket_answer_untaken(uint64_t bytes, void *answer, uint32_t size) {
  if (size < sizeof bytes) return HWS_IO_UNSUPPORTED;
  memcpy(answer, &bytes, sizeof bytes);
  return 0;
}

int32_t socket_answer_listener(uint32_t what, const char *url, size_t length, int64_t handle, void *answer,
                               uint32_t size) {
  if (what == HWS_QUERY_LOCAL) return socket_answer_text(url, length, answer, size);
  if (what == HWS_QUERY_REMOTE) return socket_answer_text("", 0, answer, size);
  if (what == HWS_QUERY_HANDLE && handle >= 0) return socket_answer_handle(handle, answer, size);
  return HWS_IO_UNSUPPORTED;
}
