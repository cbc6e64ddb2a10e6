/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected stream socket under an edge-triggered watch; socket_side.h says what is known of each side.
 *
 * Where a peer passes descriptors or urgent data to a stream that takes none, the system also cuts reads at those: the
 * rest is then read at the next edge, which is no later than the end of the stream.
 */
#define _GNU_SOURCE /* IOV_MAX */
#include "transports/socket_stream_epoll.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transports/socket_endpoint.h"
#include "transports/socket_file_linux.h"
#include "transports/socket_result_posix.h"

_Static_assert(sizeof(struct hws_iov) == sizeof(struct iovec), "hws_iov is handed to the system as it is");
_Static_assert(offsetof(struct hws_iov, len) == offsetof(struct iovec, iov_len), "hws_iov is an iovec");

/* The system moves less than 2 GiB in one call; what it cuts there is not short. */
#define CALL_MAX (UINT64_C(1) << 30)

/* What one call is to move: the vectors of an io from the first that is not empty. */
struct piece_list {
  const struct hws_iov *first;
  size_t count; /* 0: the io asks for readiness only */
};

static struct piece_list pieces_of(const struct hws_io *io) {
  struct piece_list list = {io->vec, io->vec_count};
  while (list.count > 0 && list.first->len == 0) {
    list.first++;
    list.count--;
  }
  if (list.count > IOV_MAX) list.count = IOV_MAX;
  return list;
}

static uint64_t pieces_bytes(struct piece_list list) {
  uint64_t total = 0;
  for (size_t i = 0; i < list.count && total < CALL_MAX; i++) {
    total += list.first[i].len < CALL_MAX ? list.first[i].len : CALL_MAX;
  }
  return total < CALL_MAX ? total : CALL_MAX;
}

static struct msghdr pieces_message(struct piece_list list) {
  return (struct msghdr){.msg_iov = (struct iovec *)list.first, .msg_iovlen = list.count};
}

/* Whether a call would not block; asked only by ios without bytes. A failure of poll itself counts as ready. */
static bool is_ready(int fd, short events) {
  struct pollfd item = {.fd = fd, .events = events};
  int found;
  do found = poll(&item, 1, 0);
  while (found < 0 && errno == EINTR);
  return found != 0;
}

static ssize_t receive(int fd, struct piece_list list, uint64_t bytes) {
  ssize_t moved;
  if (list.count == 1) {
    do moved = recv(fd, list.first->ptr, (size_t)bytes, MSG_DONTWAIT);
    while (moved < 0 && errno == EINTR);
  } else {
    struct msghdr message = pieces_message(list);
    do moved = recvmsg(fd, &message, MSG_DONTWAIT);
    while (moved < 0 && errno == EINTR);
  }
  return moved;
}

static ssize_t transmit(int fd, struct piece_list list) {
  ssize_t moved;
  if (list.count == 1) {
    size_t bytes = list.first->len < CALL_MAX ? (size_t)list.first->len : (size_t)CALL_MAX;
    do moved = send(fd, list.first->ptr, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (moved < 0 && errno == EINTR);
  } else {
    struct msghdr message = pieces_message(list);
    do moved = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (moved < 0 && errno == EINTR);
  }
  return moved;
}

/* End an io whose call failed, or return false if it would block. */
static bool end_failed(struct socket_stream *stream, struct socket_side *side, struct hws_io *io, int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return socket_side_blocked(side);
  if (error == ECONNRESET) atomic_store_explicit(&stream->was_reset, true, memory_order_relaxed);
  bool reset = atomic_load_explicit(&stream->was_reset, memory_order_relaxed);
  return socket_fail(io, reset && error == EPIPE ? ECONNRESET : error);
}

static bool try_read(struct socket_stream *stream, struct hws_io *io) {
  struct socket_side *side = &stream->read;
  struct piece_list list = pieces_of(io);
  if (list.count == 0) {
    if (!is_ready(stream->fd, POLLIN)) return socket_side_blocked(side);
    return socket_end(io, HWS_IO_OK, 0, 0);
  }
  uint64_t asked = pieces_bytes(list);
  ssize_t moved = receive(stream->fd, list, asked);
  if (moved < 0) return end_failed(stream, side, io, errno);
  if (moved == 0 && atomic_load_explicit(&stream->was_reset, memory_order_relaxed)) return socket_fail(io, ECONNRESET);
  if (moved > 0 && (uint64_t)moved < asked) socket_side_short(side);
  return socket_end(io, HWS_IO_OK, 0, (uint64_t)moved);
}

static bool try_write(struct socket_stream *stream, struct hws_io *io) {
  struct piece_list list = pieces_of(io);
  if (list.count == 0) {
    if (!is_ready(stream->fd, POLLOUT)) return socket_side_blocked(&stream->write);
    return socket_end(io, HWS_IO_OK, 0, 0);
  }
  ssize_t moved = transmit(stream->fd, list);
  if (moved < 0) return end_failed(stream, &stream->write, io, errno);
  return socket_end(io, HWS_IO_OK, 0, (uint64_t)moved);
}

/* What went wrong with the file is not the connection's: the host has other ways to send it. */
static bool try_sendfile(struct socket_stream *stream, struct hws_io *io) {
  int64_t moved = socket_file_send(stream->fd, io);
  if (moved >= 0) return socket_end(io, HWS_IO_OK, 0, (uint64_t)moved);
  int error = (int)-moved;
  bool blocked = error == EAGAIN || error == EWOULDBLOCK;
  if (blocked || socket_file_broke(error)) return end_failed(stream, &stream->write, io, error);
  return socket_end(io, HWS_IO_UNSUPPORTED, error, 0);
}

static bool try_io(struct socket_stream *stream, struct hws_io *io) {
  if (io->kind == HWS_IO_READ) return try_read(stream, io);
  return io->kind == HWS_IO_SENDFILE ? try_sendfile(stream, io) : try_write(stream, io);
}

static int32_t submit_read(struct socket_stream *stream, struct hws_io *io) {
  if (stream->read.readiness == SOCKET_TRY && try_read(stream, io)) return 1;
  return socket_side_leave(&stream->read, io, stream->host, stream->endpoint, HWS_READ);
}

static int32_t submit_write(struct socket_stream *stream, struct hws_io *io) {
  if (stream->write.readiness == SOCKET_TRY && try_io(stream, io)) return 1;
  return socket_side_leave(&stream->write, io, stream->host, stream->endpoint, HWS_WRITE);
}

static int32_t submit_shutdown(struct socket_stream *stream, struct hws_io *io) {
  if (shutdown(stream->fd, SHUT_WR) != 0) return socket_fail(io, errno);
  return socket_end(io, HWS_IO_OK, 0, 0);
}

void socket_stream_init(struct socket_stream *stream, const struct hws_host *host, int fd) {
  *stream = (struct socket_stream){.host = host, .fd = fd};
}

int32_t socket_stream_watch(struct socket_stream *stream, struct hws_host_endpoint *endpoint) {
  stream->endpoint = endpoint;
  return stream->host->watch(endpoint, stream->fd);
}

int32_t socket_stream_submit(struct socket_stream *stream, struct hws_io *io) {
  switch (io->kind) {
  case HWS_IO_READ:
    return submit_read(stream, io);
  case HWS_IO_WRITE:
  case HWS_IO_SENDFILE:
    return submit_write(stream, io);
  case HWS_IO_SHUTDOWN:
    return submit_shutdown(stream, io);
  default:
    return socket_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  }
}

int32_t socket_stream_cancel(struct socket_stream *stream, struct hws_io *io) {
  struct socket_side *side = io->kind == HWS_IO_READ ? &stream->read : &stream->write;
  return socket_side_take(side, io) ? socket_end(io, HWS_IO_CANCELED, 0, 0) : 0;
}

void socket_stream_on_ready(struct socket_stream *stream, uint32_t direction) {
  const struct hws_host *host = stream->host;
  bool reading = (direction & 1u) == HWS_READ;
  struct socket_side *side = reading ? &stream->read : &stream->write;
  socket_side_ready(side, host, direction);
  struct hws_io *io = side->pending;
  if (!io) return;
  if (try_io(stream, io)) {
    side->pending = NULL;
    host->complete(stream->endpoint, io);
  } else {
    host->rearm(stream->endpoint, reading ? HWS_READ : HWS_WRITE);
  }
}

int32_t socket_stream_untaken(const struct socket_stream *stream, void *answer, uint32_t size) {
  int held = 0;
  if (ioctl(stream->fd, SIOCOUTQ, &held) != 0 || held < 0) return HWS_IO_UNSUPPORTED;
  return socket_answer_untaken((uint64_t)held, answer, size);
}

void socket_stream_close(struct socket_stream *stream) {
  if (stream->fd < 0) return;
  (void)shutdown(stream->fd, SHUT_RDWR);
  (void)close(stream->fd);
  stream->fd = -1;
}
