/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected Unix socket, dialled or accepted.
 *
 * Until `connected` is set only the io of a dial exists. What query answers is written before that and never again, or
 * the system's, so query may run beside everything else.
 */
#include "transports/unix_epoll/connection.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "transports/socket_dial_epoll.h"
#include "transports/socket_endpoint.h"
#include "transports/socket_result_posix.h"
#include "transports/socket_stream_epoll.h"
#include "transports/unix_epoll/address.h"

/* What a dialled connection has besides. */
struct unix_dial {
  struct hws_host_endpoint *endpoint;
  struct unix_address address;
  struct socket_dial step;
  struct hws_io *pending;
};

struct unix_connection {
  struct socket_endpoint base;
  atomic_bool connected;
  struct unix_peer peer;
  struct unix_dial *dial; /* NULL: accepted */
  struct socket_stream stream;
};

static const struct socket_endpoint_ops connection_ops;
static void connection_destroy(struct socket_endpoint *endpoint, bool abort);

static struct unix_connection *connection_of(struct socket_endpoint *endpoint) {
  return (struct unix_connection *)endpoint;
}

struct socket_endpoint *unix_connection_blank(const struct hws_host *host) {
  struct unix_connection *connection = host->alloc(sizeof *connection);
  if (!connection) return NULL;
  connection->base.ops = &connection_ops;
  socket_stream_init(&connection->stream, host, -1);
  return &connection->base;
}

/* ---- accepted --------------------------------------------------------------------------------------------------- */

void unix_connection_fill(struct socket_endpoint *endpoint, int fd, const struct unix_peer *peer) {
  struct unix_connection *connection = connection_of(endpoint);
  connection->stream.fd = fd;
  connection->peer = *peer;
  atomic_store(&connection->connected, true);
}

int32_t unix_connection_adopt(struct socket_endpoint *endpoint, struct hws_host_endpoint *host_endpoint) {
  int32_t status = socket_stream_watch(&connection_of(endpoint)->stream, host_endpoint);
  if (status != HWS_IO_OK) connection_destroy(endpoint, false);
  return status;
}

/* ---- dialled ---------------------------------------------------------------------------------------------------- */

int32_t unix_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                             struct socket_endpoint **made) {
  struct socket_endpoint *base = unix_connection_blank(host);
  struct unix_dial *dial = host->alloc(sizeof *dial);
  int32_t status = base && dial ? HWS_IO_OK : HWS_IO_NOMEM;
  if (status == HWS_IO_OK) {
    char why[160];
    status = unix_address_parse(text, strlen(text), &dial->address, why, sizeof why);
    if (status != HWS_IO_OK) host->explain(endpoint, why);
  }
  if (status != HWS_IO_OK) {
    host->release(dial);
    host->release(base);
    return status;
  }
  dial->endpoint = endpoint;
  connection_of(base)->dial = dial;
  *made = base;
  return HWS_IO_OK;
}

static const char *failure_text(int32_t status, int error) {
  if (error == ENOENT) return "there is no such socket";
  if (error == EPROTOTYPE) return "the socket there is of another type";
  if (status == HWS_IO_REFUSED) return "nobody listens there";
  if (status == HWS_IO_ACCESS) return "connecting is not permitted";
  return NULL;
}

/* Finish the io if the step ended the dial. 1: it ended. */
static int32_t take_step(struct unix_connection *connection, struct hws_io *io, enum socket_dial_step step) {
  const struct socket_dial *dial = &connection->dial->step;
  if (step == SOCKET_DIAL_PENDING) return 0;
  if (step == SOCKET_DIAL_CONNECTED && !unix_peer_read(connection->stream.fd, &connection->peer)) {
    return socket_fail(io, errno);
  }
  if (step == SOCKET_DIAL_CONNECTED) {
    atomic_store(&connection->connected, true);
    return socket_end(io, HWS_IO_OK, 0, 0);
  }
  int32_t status = dial->error == ENOENT || dial->error == EPROTOTYPE ? HWS_IO_REFUSED : dial->status;
  const char *why = failure_text(status, dial->error);
  if (why) connection->stream.host->explain(dial->endpoint, why);
  return socket_end(io, status, dial->error, 0);
}

static int32_t submit_dial(struct unix_connection *connection, struct hws_io *io) {
  struct unix_dial *dial = connection->dial;
  if (!dial || connection->stream.fd >= 0) return socket_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  connection->stream.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection->stream.fd < 0) return socket_fail(io, errno);
  int32_t ended =
      take_step(connection, io,
                socket_dial_begin(&dial->step, &connection->stream, dial->endpoint,
                                  (const struct sockaddr *)&dial->address.system, dial->address.system_bytes));
  if (!ended) dial->pending = io;
  return ended;
}

static void go_on_dialling(struct unix_connection *connection, enum socket_dial_step step) {
  struct unix_dial *dial = connection->dial;
  struct hws_io *io = dial->pending;
  if (take_step(connection, io, step) == 0) return;
  dial->pending = NULL;
  connection->stream.host->complete(dial->endpoint, io);
}

/* ---- slots ------------------------------------------------------------------------------------------------------ */

static int32_t connection_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct unix_connection *connection = connection_of(endpoint);
  if (io->kind == HWS_IO_DIAL) return submit_dial(connection, io);
  return socket_stream_submit(&connection->stream, io);
}

static int32_t connection_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct unix_connection *connection = connection_of(endpoint);
  if (io->kind != HWS_IO_DIAL) return socket_stream_cancel(&connection->stream, io);
  if (!connection->dial || connection->dial->pending != io) return 0;
  connection->dial->pending = NULL;
  socket_dial_cancel(&connection->dial->step);
  return socket_end(io, HWS_IO_CANCELED, 0, 0);
}

/* What is told while a dial is under way concerns the stream too: it may have been the only edge. */
static void connection_on_ready(struct socket_endpoint *endpoint, uint32_t direction) {
  struct unix_connection *connection = connection_of(endpoint);
  socket_stream_on_ready(&connection->stream, direction);
  if (!atomic_load_explicit(&connection->connected, memory_order_acquire))
    socket_dial_on_ready(&connection->dial->step);
}

static void connection_on_timer(struct socket_endpoint *endpoint) {
  struct unix_connection *connection = connection_of(endpoint);
  if (!connection->dial || !connection->dial->pending) return;
  go_on_dialling(connection, socket_dial_on_timer(&connection->dial->step));
}

static void connection_on_post(struct socket_endpoint *endpoint) {
  struct unix_connection *connection = connection_of(endpoint);
  if (!connection->dial || !connection->dial->pending) return;
  go_on_dialling(connection, socket_dial_on_post(&connection->dial->step));
}

static int32_t answer_peer(const struct unix_peer *peer, void *answer, uint32_t size) {
  enum { KNOWS_UID = 1, KNOWS_GID = 2, KNOWS_PID = 4 };
  struct hws_peer_id id = {.size = sizeof id,
                           .flags = KNOWS_UID | KNOWS_GID | (peer->pid != 0 ? KNOWS_PID : 0),
                           .uid = peer->uid,
                           .gid = peer->gid,
                           .pid = peer->pid};
  if (size < sizeof id.size) return HWS_IO_UNSUPPORTED;
  if (size < sizeof id) id.size = size;
  memcpy(answer, &id, id.size);
  return 0;
}

static int32_t answer_name(int fd, bool remote, void *answer, uint32_t size) {
  struct sockaddr_un system;
  socklen_t bytes = sizeof system;
  struct unix_address address;
  int failed = remote ? getpeername(fd, (struct sockaddr *)&system, &bytes)
                      : getsockname(fd, (struct sockaddr *)&system, &bytes);
  if (failed != 0 || !unix_address_from_system(&system, bytes, &address))
    return socket_answer_text("", 0, answer, size);
  return unix_address_answer(&address, answer, size);
}

static int32_t connection_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct unix_connection *connection = connection_of(endpoint);
  if (what == HWS_QUERY_REMOTE && connection->dial)
    return unix_address_answer(&connection->dial->address, answer, size);
  if (!atomic_load(&connection->connected)) return HWS_IO_UNSUPPORTED;
  switch (what) {
  case HWS_QUERY_LOCAL:
  case HWS_QUERY_REMOTE:
    return answer_name(connection->stream.fd, what == HWS_QUERY_REMOTE, answer, size);
  case HWS_QUERY_PEER:
    return answer_peer(&connection->peer, answer, size);
  case HWS_QUERY_HANDLE:
    return socket_answer_handle(connection->stream.fd, answer, size);
  case HWS_QUERY_UNTAKEN:
    return socket_stream_untaken(&connection->stream, answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

/* What we sent is in the peer's hands, but a close with bytes unread would have it find an error behind that, not the
 * end. Once the socket is shut nothing more can come, so what is there is all. */
static void drop_unread(int fd) {
  char bytes[16384];
  ssize_t got;
  if (shutdown(fd, SHUT_RDWR) != 0) return;
  do got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  while (got > 0 || (got < 0 && errno == EINTR));
}

/* A Unix socket has nothing unsent to discard. */
static void connection_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct unix_connection *connection = connection_of(endpoint);
  const struct hws_host *host = connection->stream.host;
  if (!abort && connection->stream.fd >= 0) drop_unread(connection->stream.fd);
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
