/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP connection, dialled or accepted.
 *
 * Until `connected` is set only the io of a dial exists. What query answers does not change after that, or is the
 * system's, so query may run beside everything else.
 */
#include "transports/tcp_iocp/connection.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "transports/tcp_iocp/dial.h"
#include "transports/tcp_iocp/ready.h"
#include "transports/tcp_iocp/stream.h"

struct tcp_connection {
  struct socket_endpoint base;
  const struct hws_host *host;
  struct tcp_dial *dial; /* NULL: accepted, or connected */
  atomic_bool connected;
  bool by_readiness;
  bool transmits; /* files are sent from inside the system; not by readiness */
  union {         /* the last: memory ends with the one that it is */
    struct packet_stream stream;
    struct ready ready;
  } by;
};

static const struct socket_endpoint_ops connection_ops;
static void connection_destroy(struct socket_endpoint *endpoint, bool abort);

static struct tcp_connection *connection_of(struct socket_endpoint *endpoint) {
  return (struct tcp_connection *)endpoint;
}

static SOCKET socket_of(const struct tcp_connection *connection) {
  return connection->by_readiness ? connection->by.ready.socket : stream_socket(&connection->by.stream);
}

static struct tcp_connection *connection_new(const struct hws_host *host, SOCKET socket,
                                             const struct tcp_settings *settings) {
  bool by_readiness = settings->io == TCP_IO_READINESS;
  size_t bytes = by_readiness ? sizeof(struct ready) : sizeof(struct packet_stream);
  struct tcp_connection *connection = host->alloc(offsetof(struct tcp_connection, by) + bytes);
  if (!connection) return NULL;
  connection->base.ops = &connection_ops;
  connection->host = host;
  connection->by_readiness = by_readiness;
  connection->transmits = settings->transmits;
  if (by_readiness)
    ready_init(&connection->by.ready, host, socket);
  else
    stream_init(&connection->by.stream, host, socket);
  return connection;
}

struct socket_endpoint *tcp_connection_accepted(const struct hws_host *host, SOCKET socket,
                                                const struct tcp_settings *settings) {
  struct tcp_connection *connection = connection_new(host, socket, settings);
  if (!connection) return NULL;
  atomic_store(&connection->connected, true);
  return &connection->base;
}

int32_t tcp_connection_adopt(struct socket_endpoint *accepted, struct hws_host_endpoint *endpoint) {
  struct tcp_connection *connection = connection_of(accepted);
  int32_t status = connection->by_readiness ? ready_watch(&connection->by.ready, endpoint)
                                            : stream_bind(&connection->by.stream, endpoint);
  if (status != HWS_IO_OK) connection_destroy(accepted, false);
  return status;
}

int32_t tcp_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made) {
  struct tcp_dial *dial = host->alloc(sizeof *dial);
  struct tcp_connection *connection = NULL;
  int32_t status = dial ? HWS_IO_OK : HWS_IO_NOMEM;
  if (status == HWS_IO_OK) {
    char why[200];
    status = tcp_dial_init(dial, host, endpoint, text, why, sizeof why);
    if (status != HWS_IO_OK) host->explain(endpoint, why);
  }
  if (status == HWS_IO_OK) {
    connection = connection_new(host, INVALID_SOCKET, &dial->settings);
    if (!connection) status = HWS_IO_NOMEM;
  }
  if (status != HWS_IO_OK) {
    host->release(dial);
    return status;
  }
  connection->dial = dial;
  *made = &connection->base;
  return HWS_IO_OK;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

/* The dial's socket becomes the connection's. */
static int32_t take_over(struct tcp_connection *connection) {
  struct tcp_dial *dial = connection->dial;
  if (connection->by_readiness) {
    connection->by.ready.socket = stream_socket(&dial->stream);
    dial->stream.handle = INVALID_HANDLE_VALUE;
    int32_t status = ready_watch(&connection->by.ready, dial->endpoint);
    if (status != HWS_IO_OK) return status; /* and destroy closes it */
  } else {
    stream_move(&connection->by.stream, &dial->stream);
  }
  atomic_store(&connection->connected, true);
  connection->host->release(dial);
  connection->dial = NULL;
  return HWS_IO_OK;
}

static int32_t dialled(struct tcp_connection *connection, struct hws_io *io) {
  int32_t status = io->status == HWS_IO_OK ? take_over(connection) : HWS_IO_OK;
  return status == HWS_IO_OK ? 1 : packet_end(io, status, 0, 0);
}

static int32_t connection_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (io->kind == HWS_IO_DIAL) {
    if (!connection->dial) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
    return tcp_dial_submit(connection->dial, io) ? dialled(connection, io) : 0;
  }
  if (!atomic_load(&connection->connected)) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  if (connection->by_readiness) return ready_submit(&connection->by.ready, io);
  if (io->kind == HWS_IO_SENDFILE && !connection->transmits) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  return packet_stream_submit(&connection->by.stream, io);
}

static int32_t connection_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (io->kind == HWS_IO_DIAL) return connection->dial ? tcp_dial_cancel(connection->dial, io) : 0;
  return connection->by_readiness ? ready_cancel(&connection->by.ready, io)
                                  : packet_stream_cancel(&connection->by.stream, io);
}

static void complete_dial(struct tcp_connection *connection, struct hws_io *io) {
  if (!io) return;
  struct hws_host_endpoint *endpoint = connection->dial->endpoint;
  (void)dialled(connection, io);
  connection->host->complete(endpoint, io);
}

/* A connection by readiness has no packets but its dial's. */

static void connection_on_packet(struct socket_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                                 int32_t os_error) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->dial && packet == &connection->dial->packet)
    complete_dial(connection, tcp_dial_on_packet(connection->dial, os_error));
  else if (!connection->by_readiness)
    packet_stream_on_packet(&connection->by.stream, packet, bytes, os_error);
}

static void connection_on_ready(struct socket_endpoint *endpoint, uint32_t direction) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->by_readiness) ready_on_ready(&connection->by.ready, direction);
}

static void connection_on_timer(struct socket_endpoint *endpoint) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->dial) tcp_dial_on_timer(connection->dial);
}

static void connection_on_post(struct socket_endpoint *endpoint) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->dial) complete_dial(connection, tcp_dial_on_post(connection->dial));
}

static int32_t answer_place(SOCKET socket, bool peer, void *answer, uint32_t size) {
  char url[TCP_URL_MAX] = "";
  struct place place;
  size_t length = sockaddr_of_socket((int64_t)socket, peer, &place) ? place_url(&place, url) : 0;
  return socket_answer_text(url, length, answer, size);
}

static uint64_t written_by(struct tcp_connection *connection) {
  return connection->by_readiness ? atomic_load(&connection->by.ready.written)
                                  : atomic_load(&connection->by.stream.written);
}

/* The system does not tell what the peer has. */
static int32_t answer_linger(void *answer, uint32_t size) {
  const uint64_t unknown = HWS_LINGER_UNKNOWN;
  if (size < sizeof unknown) return HWS_IO_UNSUPPORTED;
  memcpy(answer, &unknown, sizeof unknown);
  return 0;
}

static int32_t connection_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (!atomic_load(&connection->connected)) return HWS_IO_UNSUPPORTED;
  switch (what) {
  case HWS_QUERY_LOCAL:
  case HWS_QUERY_REMOTE:
    return answer_place(socket_of(connection), what == HWS_QUERY_REMOTE, answer, size);
  case HWS_QUERY_HANDLE:
    return socket_answer_handle((int64_t)socket_of(connection), answer, size);
  case HWS_QUERY_UNTAKEN:
    return winsock_untaken(socket_of(connection), written_by(connection), answer, size);
  case HWS_QUERY_LINGER:
    return answer_linger(answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

static void connection_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct tcp_connection *connection = connection_of(endpoint);
  const struct hws_host *host = connection->host;
  stream_close(socket_of(connection), abort);
  if (connection->dial) stream_close(stream_socket(&connection->dial->stream), abort);
  host->release(connection->dial);
  host->release(connection);
}

static const struct socket_endpoint_ops connection_ops = {.submit = connection_submit,
                                                          .cancel = connection_cancel,
                                                          .on_ready = connection_on_ready,
                                                          .on_packet = connection_on_packet,
                                                          .on_timer = connection_on_timer,
                                                          .on_post = connection_on_post,
                                                          .query = connection_query,
                                                          .destroy = connection_destroy};
