/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP connection, dialled or accepted.
 *
 * Until `connected` is set only the io of a dial exists. What query answers does not change after that, so query may
 * run beside everything else.
 */
#include "transports/tcp_iocp/connection.h"

#include <stdatomic.h>

#include "transports/tcp_iocp/dial.h"
#include "transports/tcp_iocp/stream.h"

struct tcp_connection {
  struct socket_endpoint base;
  atomic_bool connected;
  struct tcp_dial *dial; /* NULL: accepted */
  bool transmits;        /* files are sent from inside the system */
  struct packet_stream stream;
};

static const struct socket_endpoint_ops connection_ops;
static void connection_destroy(struct socket_endpoint *endpoint, bool abort);

static struct tcp_connection *connection_of(struct socket_endpoint *endpoint) {
  return (struct tcp_connection *)endpoint;
}

static struct tcp_connection *connection_new(const struct hws_host *host, SOCKET socket) {
  struct tcp_connection *connection = host->alloc(sizeof *connection);
  if (!connection) return NULL;
  connection->base.ops = &connection_ops;
  stream_init(&connection->stream, host, socket);
  return connection;
}

struct socket_endpoint *tcp_connection_accepted(const struct hws_host *host, SOCKET socket, bool transmits) {
  struct tcp_connection *connection = connection_new(host, socket);
  if (!connection) return NULL;
  connection->transmits = transmits;
  atomic_store(&connection->connected, true);
  return &connection->base;
}

int32_t tcp_connection_adopt(struct socket_endpoint *accepted, struct hws_host_endpoint *endpoint) {
  int32_t status = stream_bind(&connection_of(accepted)->stream, endpoint);
  if (status != HWS_IO_OK) connection_destroy(accepted, false);
  return status;
}

int32_t tcp_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                            struct socket_endpoint **made) {
  struct tcp_connection *connection = connection_new(host, INVALID_SOCKET);
  struct tcp_dial *dial = host->alloc(sizeof *dial);
  int32_t status = connection && dial ? HWS_IO_OK : HWS_IO_NOMEM;
  if (status == HWS_IO_OK) {
    char why[200];
    status = tcp_dial_init(dial, host, endpoint, text, &connection->stream, why, sizeof why);
    if (status != HWS_IO_OK) host->explain(endpoint, why);
  }
  if (status != HWS_IO_OK) {
    host->release(dial);
    host->release(connection);
    return status;
  }
  connection->dial = dial;
  connection->transmits = dial->settings.transmits;
  *made = &connection->base;
  return HWS_IO_OK;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int32_t dialled(struct tcp_connection *connection, const struct hws_io *io) {
  if (io->status == HWS_IO_OK) atomic_store(&connection->connected, true);
  return 1;
}

static int32_t connection_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (io->kind == HWS_IO_DIAL) {
    if (!connection->dial) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
    return tcp_dial_submit(connection->dial, io) ? dialled(connection, io) : 0;
  }
  if (!atomic_load(&connection->connected)) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  if (io->kind == HWS_IO_SENDFILE && !connection->transmits) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  return packet_stream_submit(&connection->stream, io);
}

static int32_t connection_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (io->kind != HWS_IO_DIAL) return packet_stream_cancel(&connection->stream, io);
  return connection->dial ? tcp_dial_cancel(connection->dial, io) : 0;
}

static void complete_dial(struct tcp_connection *connection, struct hws_io *io) {
  if (!io) return;
  (void)dialled(connection, io);
  connection->stream.host->complete(connection->dial->endpoint, io);
}

static void connection_on_packet(struct socket_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                                 int32_t os_error) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (connection->dial && packet == &connection->dial->packet)
    complete_dial(connection, tcp_dial_on_packet(connection->dial, os_error));
  else
    packet_stream_on_packet(&connection->stream, packet, bytes, os_error);
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

static int32_t connection_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct tcp_connection *connection = connection_of(endpoint);
  if (!atomic_load(&connection->connected)) return HWS_IO_UNSUPPORTED;
  switch (what) {
  case HWS_QUERY_LOCAL:
  case HWS_QUERY_REMOTE:
    return answer_place(stream_socket(&connection->stream), what == HWS_QUERY_REMOTE, answer, size);
  case HWS_QUERY_HANDLE:
    return socket_answer_handle((int64_t)stream_socket(&connection->stream), answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

static void connection_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct tcp_connection *connection = connection_of(endpoint);
  const struct hws_host *host = connection->stream.host;
  stream_close(&connection->stream, abort);
  host->release(connection->dial);
  host->release(connection);
}

static const struct socket_endpoint_ops connection_ops = {.submit = connection_submit,
                                                          .cancel = connection_cancel,
                                                          .on_packet = connection_on_packet,
                                                          .on_timer = connection_on_timer,
                                                          .on_post = connection_on_post,
                                                          .query = connection_query,
                                                          .destroy = connection_destroy};
