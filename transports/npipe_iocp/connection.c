/* SPDX-License-Identifier: Apache-2.0
 *
 * A connected pipe, dialled or accepted.
 *
 * Until `connected` is set only the io of a dial exists. What query answers does not change after that, so query may
 * run beside everything else.
 */
#include "transports/npipe_iocp/connection.h"

#include <stdatomic.h>
#include <string.h>

#include "transports/npipe_iocp/dial.h"
#include "transports/npipe_iocp/stream.h"

struct npipe_connection {
  struct socket_endpoint base;
  atomic_bool connected;
  struct npipe_dial *dial; /* NULL: accepted */
  struct pipe_stream stream;
  struct hws_peer_id peer;
};

static const struct socket_endpoint_ops connection_ops;
static void connection_destroy(struct socket_endpoint *endpoint, bool abort);

static struct npipe_connection *connection_of(struct socket_endpoint *endpoint) {
  return (struct npipe_connection *)endpoint;
}

static const struct hws_host *host_of(const struct npipe_connection *connection) {
  return connection->stream.base.host;
}

/* Takes the reference of the name over, if there is memory. */
static struct npipe_connection *connection_new(const struct hws_host *host, struct pipe_name *name, bool messages) {
  struct npipe_connection *connection = host->alloc(sizeof *connection);
  if (!connection) return NULL;
  connection->base.ops = &connection_ops;
  pipe_stream_init(&connection->stream, host, name, messages);
  return connection;
}

struct socket_endpoint *npipe_connection_accepted(const struct hws_host *host, HANDLE pipe, struct pipe_name *name,
                                                  bool messages) {
  struct npipe_connection *connection = connection_new(host, name, messages);
  if (!connection) return NULL;
  pipe_name_ref(name);
  connection->stream.base.handle = pipe;
  connection->stream.server = true;
  pipe_peer(pipe, true, &connection->peer);
  atomic_store(&connection->connected, true);
  return &connection->base;
}

/* Its packets name their endpoint, so what was bound for the listener's is bound for this one's. */
int32_t npipe_connection_adopt(struct socket_endpoint *accepted, struct hws_host_endpoint *endpoint) {
  pipe_stream_begin(&connection_of(accepted)->stream, endpoint);
  return HWS_IO_OK;
}

static int32_t dial_new(const struct hws_host *host, struct hws_host_endpoint *endpoint, const struct npipe_address *to,
                        bool messages, struct npipe_connection **made) {
  struct pipe_name *name = pipe_name_get(host, to);
  struct npipe_connection *connection = name ? connection_new(host, name, messages) : NULL;
  struct npipe_dial *dial = connection ? host->alloc(sizeof *dial) : NULL;
  if (!dial) {
    pipe_name_unref(name, host);
    host->release(connection);
    return HWS_IO_NOMEM;
  }
  npipe_dial_init(dial, endpoint, &connection->stream);
  connection->dial = dial;
  *made = connection;
  return HWS_IO_OK;
}

int32_t npipe_connection_dial(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                              struct socket_endpoint **made) {
  char why[160] = "";
  struct npipe_address address;
  struct npipe_settings settings;
  struct npipe_connection *connection = NULL;
  int32_t status = npipe_address_parse(text, strlen(text), &address, why, sizeof why);
  if (status == HWS_IO_OK) status = npipe_settings_read(&settings, false, host, endpoint, why, sizeof why);
  if (status == HWS_IO_OK) status = dial_new(host, endpoint, &address, settings.messages, &connection);
  if (status == HWS_IO_OK)
    *made = &connection->base;
  else if (why[0])
    host->explain(endpoint, why);
  return status;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int32_t dialled(struct npipe_connection *connection, const struct hws_io *io) {
  if (io->status == HWS_IO_OK) {
    pipe_peer(connection->stream.base.handle, false, &connection->peer);
    atomic_store(&connection->connected, true);
  }
  return 1;
}

static int32_t connection_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct npipe_connection *connection = connection_of(endpoint);
  if (io->kind == HWS_IO_DIAL && connection->dial)
    return npipe_dial_submit(connection->dial, io) ? dialled(connection, io) : 0;
  if (!atomic_load(&connection->connected)) return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
  return packet_stream_submit(&connection->stream.base, io);
}

static int32_t connection_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct npipe_connection *connection = connection_of(endpoint);
  if (io->kind != HWS_IO_DIAL) return packet_stream_cancel(&connection->stream.base, io);
  return connection->dial ? npipe_dial_cancel(connection->dial, io) : 0;
}

static void complete_dial(struct npipe_connection *connection, struct hws_io *io) {
  if (!io) return;
  (void)dialled(connection, io);
  host_of(connection)->complete(connection->dial->endpoint, io);
}

static void connection_on_packet(struct socket_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                                 int32_t os_error) {
  struct npipe_connection *connection = connection_of(endpoint);
  if (connection->dial && packet == &connection->dial->busy.packet)
    complete_dial(connection, npipe_dial_on_packet(connection->dial));
  else
    packet_stream_on_packet(&connection->stream.base, packet, bytes, os_error);
}

static void connection_on_timer(struct socket_endpoint *endpoint) {
  struct npipe_connection *connection = connection_of(endpoint);
  if (connection->dial) complete_dial(connection, npipe_dial_on_timer(connection->dial));
}

static int32_t answer_peer(const struct npipe_connection *connection, void *answer, uint32_t size) {
  struct hws_peer_id peer = connection->peer;
  if (size < sizeof peer.size || !peer.flags) return HWS_IO_UNSUPPORTED;
  if (size < sizeof peer) peer.size = size;
  memcpy(answer, &peer, peer.size);
  return 0;
}

/* Both ends of a pipe have its one name; a client has none of its own. */
static int32_t answer_url(const struct npipe_connection *connection, bool remote, void *answer, uint32_t size) {
  char url[NPIPE_URL_MAX] = "";
  bool named = remote != connection->stream.server;
  size_t length = named ? npipe_address_url(&connection->stream.name->address, url) : 0;
  return socket_answer_text(url, length, answer, size);
}

static int32_t answer_messages(const struct npipe_connection *connection, void *answer, uint32_t size) {
  uint32_t messages = connection->stream.messages;
  if (size < sizeof messages) return HWS_IO_UNSUPPORTED;
  memcpy(answer, &messages, sizeof messages);
  return 0;
}

static int32_t connection_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct npipe_connection *connection = connection_of(endpoint);
  if (!atomic_load(&connection->connected)) return HWS_IO_UNSUPPORTED;
  switch (what) {
  case HWS_QUERY_LOCAL:
  case HWS_QUERY_REMOTE:
    return answer_url(connection, what == HWS_QUERY_REMOTE, answer, size);
  case HWS_QUERY_PEER:
    return answer_peer(connection, answer, size);
  case HWS_QUERY_MESSAGES:
    return answer_messages(connection, answer, size);
  case HWS_QUERY_HANDLE:
    return socket_answer_handle((int64_t)(intptr_t)connection->stream.base.handle, answer, size);
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

static int32_t connection_retire(struct socket_endpoint *endpoint, bool abort) {
  struct npipe_connection *connection = connection_of(endpoint);
  (void)abort;
  return connection->dial ? npipe_dial_retire(connection->dial) : 0;
}

static void connection_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct npipe_connection *connection = connection_of(endpoint);
  const struct hws_host *host = host_of(connection);
  pipe_stream_close(&connection->stream, abort);
  if (connection->dial) npipe_dial_close(connection->dial);
  host->release(connection->dial);
  host->release(connection);
}

static const struct socket_endpoint_ops connection_ops = {.submit = connection_submit,
                                                          .cancel = connection_cancel,
                                                          .on_packet = connection_on_packet,
                                                          .on_timer = connection_on_timer,
                                                          .query = connection_query,
                                                          .retire = connection_retire,
                                                          .destroy = connection_destroy};
