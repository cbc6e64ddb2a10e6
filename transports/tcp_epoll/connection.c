/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP connection, dialled or accepted.
 *
 * Until `connected` is set only the io of a dial exists. What query answers does not change after that, or is the
 * system's, so query may run beside everything else.
 */
#include "transports/tcp_epoll/connection.h"

#include <linux/sockios.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "transports/socket_endpoint.h"
#include "transports/socket_result_posix.h"
#include "transports/socket_stream_epoll.h"
#include "transports/tcp_epoll/dial.h"

enum { UNREAD_MAX = 1 << 30 };

struct tcp_connection {
  struct socket_endpoint base;
  atomic_bool connected;
  struct tcp_dial *dial; /* NULL: accepted */
  struct socket_stream stream;
};

static const struct socket_endpoint_ops connection_ops;
static void connection_destroy(struct socket_endpoint *endpoint, bool abort);

static struct tcp_connection *connection_of(struct socket_endpoint *endpoint) {
  return (struct tcp_connection *)endpoint;
}

struct socket_endpoint *tcp_connection_blank(const struct hws_host *host) {
  struct tcp_connection *connection = host->alloc(sizeof *connection);
  if (!connection) return NULL;
  connection->base.ops = &connection_ops;
  socket_stream_init(&connection->stream, host, -1);
  return &connection->base;
}

void tcp_connection_fill(struct socket_endpoint *endpoint, int fd) {
  struct tcp_connection *connection = connection_of(endpoint);
  connection->stream.fd = fd;
  atomic_store(&connection->connected, true);
}

int32_t tcp_connection_adopt(struct socket_endpoint *endpoint, struct hws_host_endpoint *host_endpoint) {
  int32_t status = socket_stream_watch(&connection_of(endpoint)->stream, host_endpoint);
  if (status != HWS_IO_OK) connection_destroy(endpoint, false);
  return status;
}

int32_t tcp_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made) {
  struct socket_endpoint *base = tcp_connection_blank(host);
  struct tcp_dial *dial = host->alloc(sizeof *dial);
  int32_t status = base && dial ? HWS_IO_OK : HWS_IO_NOMEM;
  if (status == HWS_IO_OK) {
    char why[200];
    status = tcp_dial_init(dial, host, endpoint, text, &connection_of(base)->stream, why, sizeof why);
    if (status != HWS_IO_OK) host->explain(endpoint, why);
  }
  if (status != HWS_IO_OK) {
    host->release(dial);
    host->release(base);
    return status;
  }
  connection_of(base)->dial = dial;
  *made = base;
  return HWS_IO_OK;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int32_t dialled(struct tcp_connection *connection, const struct hws_io *io) {
  if (io->status == HWS_IO_OK) atomic_store(&connection->connected, true);
  return 1;
}

static int32_t connection_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (io->kind != HWS_IO_DIAL) return socket_stream_submit(&connection->stream, io);
  if (!connection->dial) return socket_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  return tcp_dial_submit(connection->dial, io) ? dialled(connection, io) : 0;
}

static int32_t connection_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (io->kind != HWS_IO_DIAL) return socket_stream_cancel(&connection->stream, io);
  return connection->dial ? tcp_dial_cancel(connection->dial, io) : 0;
}

/* What is told while a dial is under way concerns the stream too: it may have been the only edge. */
static void connection_on_ready(struct socket_endpoint *endpoint, uint32_t direction) {
  struct tcp_connection *connection = connection_of(endpoint);
  socket_stream_on_ready(&connection->stream, direction);
  if (!atomic_load_explicit(&connection->connected, memory_order_acquire)) tcp_dial_on_ready(connection->dial);
}

static void complete(struct tcp_connection *connection, struct hws_io *io) {
  if (!io) return;
  (void)dialled(connection, io);
  connection->stream.host->complete(connection->dial->endpoint, io);
}

static void connection_on_timer(struct socket_endpoint *endpoint) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->dial) complete(connection, tcp_dial_on_timer(connection->dial));
}

static void connection_on_post(struct socket_endpoint *endpoint) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->dial) complete(connection, tcp_dial_on_post(connection->dial));
}

static int32_t answer_place(int fd, bool peer, void *answer, uint32_t size) {
  char url[TCP_URL_MAX] = "";
  struct place place;
  size_t length = sockaddr_of_socket(fd, peer, &place) ? place_url(&place, url) : 0;
  return socket_answer_text(url, length, answer, size);
}

/* Bytes of which the peer's system has not said that it has them; the end of the direction counts as one. */
static int32_t answer_linger(int fd, void *answer, uint32_t size) {
  int queued = 0;
  uint64_t untaken = HWS_LINGER_UNKNOWN;
  if (size < sizeof untaken) return HWS_IO_UNSUPPORTED;
  if (ioctl(fd, SIOCOUTQ, &queued) == 0) untaken = (uint64_t)queued;
  memcpy(answer, &untaken, sizeof untaken);
  return 0;
}

static int32_t connection_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (!atomic_load(&connection->connected)) return HWS_IO_UNSUPPORTED;
  switch (what) {
  case HWS_QUERY_LOCAL:
  case HWS_QUERY_REMOTE:
    return answer_place(connection->stream.fd, what == HWS_QUERY_REMOTE, answer, size);
  case HWS_QUERY_HANDLE:
    return socket_answer_handle(connection->stream.fd, answer, size);
  case HWS_QUERY_UNTAKEN:
    return socket_stream_untaken(&connection->stream, answer, size);
  case HWS_QUERY_LINGER:
    return answer_linger(connection->stream.fd, answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

/* Reset the connection: by a disconnect, which also does it where a forked child has a copy of the socket; and by a
 * close without lingering, for states in which there is nothing to disconnect. */
static void reset(int fd) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  (void)connect(fd, &nowhere, sizeof nowhere);
}

/* A close with received bytes unread would have the system reset the connection, and with it what we sent and the peer
 * has not read yet. MSG_TRUNC drops them without copying. */
static void drop_unread(int fd) {
  (void)recv(fd, NULL, UNREAD_MAX, MSG_TRUNC | MSG_DONTWAIT);
}

static void connection_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct tcp_connection *connection = connection_of(endpoint);
  const struct hws_host *host = connection->stream.host;
  if (connection->stream.fd >= 0) (abort ? reset : drop_unread)(connection->stream.fd);
  socket_stream_close(&connection->stream);
  host->release(connection->dial);
  host->release(connection);
}

static const struct socket_endpoint_ops connection_ops = {.submit = connection_submit,
                                                          .cancel = connection_cancel,
                                                          .on_ready = connection_on_ready,
                                                          .on_timer = connection_on_timer,
                                                          .on_post = connection_on_post,
                                                          .query = connection_query,
                                                          .destroy = connection_destroy};
