/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected stream socket under an edge-triggered watch: reads, writes, readiness, half-close. Shared by every
 * transport over stream sockets; knows no address family.
 *
 * Each side is touched only with its direction taken (plugins/hawser_plugin.h), so there is no lock here.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_STREAM_EPOLL_H
#define HAWSER_TRANSPORTS_SOCKET_STREAM_EPOLL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "transports/socket_side.h"

struct socket_stream {
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  int fd;                /* -1: none */
  atomic_bool was_reset; /* either side met ECONNRESET, which the system reports only once */
  struct socket_side read;
  char apart[64]; /* the sides are used by different threads at once: keep them off one cache line */
  struct socket_side write;
};

/* Take over a connected non-blocking socket. */
void socket_stream_init(struct socket_stream *stream, const struct hws_host *host, int fd);

/* Tell the host to watch it. 0 or a negative hws_io_status; the socket stays owned by the stream either way. */
int32_t socket_stream_watch(struct socket_stream *stream, struct hws_host_endpoint *endpoint);

/* As the slots of hws_vtable. submit takes HWS_IO_READ, HWS_IO_WRITE, HWS_IO_SENDFILE and HWS_IO_SHUTDOWN. */
int32_t socket_stream_submit(struct socket_stream *stream, struct hws_io *io);
int32_t socket_stream_cancel(struct socket_stream *stream, struct hws_io *io);
void socket_stream_on_ready(struct socket_stream *stream, uint32_t direction);

/* HWS_QUERY_UNTAKEN of a connected one. Of a Unix socket the system tells the memory that it holds, which is more. */
int32_t socket_stream_untaken(const struct socket_stream *stream, void *answer, uint32_t size);

/* Shut down, so that a copy in a forked child does not keep the connection open, and close. */
void socket_stream_close(struct socket_stream *stream);

#endif
