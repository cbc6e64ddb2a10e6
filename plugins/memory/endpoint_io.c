/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of an io: tried at submit, and if it must wait, tried again at each post until it ends.
 */
#include "plugins/memory/endpoint.h"
#include "plugins/memory/io.h"

static enum hws_direction direction_of(const struct hws_io *io) {
  return io->kind == HWS_IO_WRITE || io->kind == HWS_IO_SHUTDOWN ? HWS_WRITE : HWS_READ;
}

static bool refuse(struct hws_io *io) {
  io_end(io, HWS_IO_UNSUPPORTED, 0);
  return true;
}

static bool try_listener(struct endpoint *endpoint, struct hws_io *io) {
  switch (io->kind) {
  case HWS_IO_LISTEN:
    return names_listen(endpoint, io);
  case HWS_IO_ACCEPT:
    return names_accept(endpoint, io);
  default:
    return refuse(io);
  }
}

static bool try_connection(struct endpoint *endpoint, struct hws_io *io) {
  switch (io->kind) {
  case HWS_IO_READ:
    return pipe_read(endpoint->pipes[HWS_READ], io);
  case HWS_IO_WRITE:
    return pipe_write(endpoint->pipes[HWS_WRITE], io);
  case HWS_IO_SHUTDOWN:
    pipe_end(endpoint->pipes[HWS_WRITE]);
    io_end(io, HWS_IO_OK, 0);
    return true;
  default:
    return refuse(io);
  }
}

/* True: it ended. */
static bool advance(struct endpoint *endpoint, struct hws_io *io) {
  if (endpoint->role == ROLE_LISTENER) return try_listener(endpoint, io);
  if (endpoint->pipes[HWS_READ] != NULL) return try_connection(endpoint, io);
  return io->kind == HWS_IO_DIAL ? names_dial(endpoint, io) : refuse(io);
}

int32_t endpoint_submit(void *ep, struct hws_io *io) {
  struct endpoint *endpoint = ep;
  if (advance(endpoint, io)) return 1;
  endpoint->pending[direction_of(io)] = io;
  return 0;
}

/* The other end may still post for what is taken back here; a post that finds nothing to do does no harm. */
int32_t endpoint_cancel(void *ep, struct hws_io *io) {
  struct endpoint *endpoint = ep;
  enum hws_direction direction = direction_of(io);
  if (endpoint->pending[direction] != io) return 0;
  endpoint->pending[direction] = NULL;
  io_end(io, HWS_IO_CANCELED, 0);
  return 1;
}

void endpoint_on_post(void *ep) {
  struct endpoint *endpoint = ep;
  for (uint32_t direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct hws_io *io = endpoint->pending[direction];
    if (io == NULL || !advance(endpoint, io)) continue;
    endpoint->pending[direction] = NULL;
    endpoint->host->complete(endpoint->self, io);
  }
}
