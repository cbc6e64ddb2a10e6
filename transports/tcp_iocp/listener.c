/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening TCP socket. A listener is one socket, so of a name's addresses it takes the first that this machine has.
 *
 * Its port is its own: without SO_EXCLUSIVEADDRUSE another process could listen there too, and take its connections.
 */
#include "transports/tcp_iocp/listener.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "transports/tcp/look.h"
#include "transports/tcp/sockaddr.h"
#include "transports/tcp_iocp/accepts.h"
#include "transports/tcp_iocp/connection.h"
#include "transports/tcp_iocp/settings.h"
#include "transports/tcp_iocp/stream.h"
#include "transports/tcp_iocp/taker.h"

struct tcp_listener {
  struct socket_endpoint base;
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  struct tcp_address address;
  struct tcp_settings settings;
  struct hws_io *looking;   /* the LISTEN that waits for the look-up of the name */
  struct hws_io *accepting; /* the ACCEPT that waits for a connection */
  SOCKET socket;            /* INVALID_SOCKET: it does not listen */
  atomic_bool listening;    /* set once, after what query answers was written */
  struct place bound;
  struct accepts accepts; /* either they are posted, */
  struct taker taker;     /* or taken on notification */
};

static const struct socket_endpoint_ops listener_ops;

static struct tcp_listener *listener_of(struct socket_endpoint *endpoint) {
  return (struct tcp_listener *)endpoint;
}

int32_t tcp_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                          struct socket_endpoint **made) {
  struct tcp_listener *listener = host->alloc(sizeof *listener);
  if (!listener) return HWS_IO_NOMEM;
  listener->base.ops = &listener_ops;
  listener->host = host;
  listener->endpoint = endpoint;
  listener->socket = INVALID_SOCKET;
  char why[200];
  int32_t status = tcp_address_parse(text, strlen(text), &listener->address, why, sizeof why);
  if (status == HWS_IO_OK)
    status = tcp_settings_read(&listener->settings, true, &listener->address, host, endpoint, why, sizeof why);
  if (status == HWS_IO_OK) {
    *made = &listener->base;
  } else {
    host->explain(endpoint, why);
    host->release(listener);
  }
  return status;
}

/* ---- binding ----------------------------------------------------------------------------------------------------- */

static bool set(SOCKET socket, int level, int option, DWORD value) {
  return setsockopt(socket, level, option, (const char *)&value, sizeof value) == 0;
}

static int set_up(const struct tcp_listener *listener, SOCKET socket, const struct place *place) {
  struct sockaddr_of at = sockaddr_make(place);
  bool v6 = place->ip.version == 6;
  if (!set(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1)) return WSAGetLastError();
  if (v6 && !set(socket, IPPROTO_IPV6, IPV6_V6ONLY, listener->settings.ipv6only)) return WSAGetLastError();
  if (bind(socket, (const struct sockaddr *)at.storage, (int)at.bytes) != 0) return WSAGetLastError();
  return listen(socket, (int)listener->settings.backlog) == 0 ? 0 : WSAGetLastError();
}

/* A listening socket in listener->socket, or an error. */
static int bind_place(struct tcp_listener *listener, const struct place *place) {
  SOCKET socket = winsock_socket(sockaddr_family(place));
  if (socket == INVALID_SOCKET) return WSAGetLastError();
  int error = set_up(listener, socket, place);
  if (error == 0 && !sockaddr_of_socket((int64_t)socket, false, &listener->bound)) error = WSAGetLastError();
  if (error == 0)
    listener->socket = socket;
  else
    (void)closesocket(socket);
  return error;
}

static bool is_elsewhere(int error) {
  return error == WSAEADDRNOTAVAIL || error == WSAEAFNOSUPPORT;
}

static void reason_of(int error, char *text, size_t size) {
  if (error == WSAEADDRINUSE)
    (void)snprintf(text, size, "somebody listens there already");
  else if (error == WSAEADDRNOTAVAIL)
    (void)snprintf(text, size, "this machine does not have that address");
  else if (error == WSAEACCES)
    (void)snprintf(text, size, "listening there is not permitted");
  else
    packet_error_text(error, text, size);
}

static int32_t end_failed(struct tcp_listener *listener, struct hws_io *io, const struct place *place, int error) {
  char url[TCP_URL_MAX];
  char reason[160];
  char why[TCP_URL_MAX + sizeof reason];
  (void)place_url(place, url);
  reason_of(error, reason, sizeof reason);
  /* Where the URL has a name, the user does not know which address it is about. */
  bool named = look_is_needed(&listener->address);
  (void)snprintf(why, sizeof why, "%s%s%s", named ? url + strlen("tcp://") : "", named ? ": " : "", reason);
  listener->host->explain(listener->endpoint, why);
  return packet_end(io, error == WSAEADDRNOTAVAIL ? HWS_IO_ADDRESS : winsock_status(error), error, 0);
}

static bool takes(const struct tcp_listener *listener) {
  return listener->settings.accept == TCP_IO_READINESS;
}

static int32_t start_accepting(struct tcp_listener *listener, int family) {
  const struct tcp_settings *settings = &listener->settings;
  if (takes(listener)) return taker_open(&listener->taker, listener->host, listener->endpoint, listener->socket);
  int32_t status = accepts_open(&listener->accepts, listener->host, listener->endpoint, listener->socket, family,
                                settings->accepts, settings->backlog);
  if (status == HWS_IO_OK) status = listener->host->bind_port(listener->endpoint, (int64_t)listener->socket);
  if (status == HWS_IO_OK) packet_pool_post(&listener->accepts.pool);
  return status;
}

/* The first place that this machine has; it, or none. */
static int32_t listen_at(struct tcp_listener *listener, struct hws_io *io, const struct places *places) {
  uint32_t at = 0;
  int error = bind_place(listener, &places->list[at]);
  while (is_elsewhere(error) && at + 1 < places->count) error = bind_place(listener, &places->list[++at]);
  if (error) return end_failed(listener, io, &places->list[at], error);
  int32_t status = start_accepting(listener, sockaddr_family(&places->list[at]));
  if (status != HWS_IO_OK) {
    packet_pool_close(&listener->accepts.pool);
    (void)closesocket(listener->socket);
    listener->socket = INVALID_SOCKET;
    return packet_end(io, status, 0, 0);
  }
  atomic_store(&listener->listening, true);
  return packet_end(io, HWS_IO_OK, 0, 0);
}

/* ---- the look-up ------------------------------------------------------------------------------------------------- */

/* 1: the io has ended. */
static int32_t go_on(struct tcp_listener *listener, struct hws_io *io, int32_t looked, const struct places *places) {
  if (looked == 0) return 0;
  return looked > 0 ? listen_at(listener, io, places) : packet_end(io, looked, 0, 0);
}

static int32_t submit_listen(struct tcp_listener *listener, struct hws_io *io) {
  struct places places;
  listener->looking = io; /* before it can answer */
  int32_t looked = look_begin(listener->host, listener->endpoint, &listener->address, &places);
  if (looked) listener->looking = NULL;
  return go_on(listener, io, looked, &places);
}

static int32_t take_answer(struct tcp_listener *listener, struct hws_io *io) {
  struct places places;
  int32_t looked = look_take(listener->host, listener->endpoint, &places);
  return go_on(listener, io, looked, &places);
}

/* ---- accepting --------------------------------------------------------------------------------------------------- */

/* 1: the io has ended. A connection that there is no memory for waits no longer: it is closed. */
static int32_t accept_one(struct tcp_listener *listener, struct hws_io *io) {
  int error = 0;
  SOCKET socket =
      takes(listener) ? taker_take(&listener->taker, &error) : (SOCKET)packet_pool_take(&listener->accepts.pool);
  if (error) return packet_end(io, winsock_status(error), error, 0);
  if (socket == INVALID_SOCKET) return 0;
  struct socket_endpoint *connection = NULL;
  error = tcp_settings_apply(&listener->settings, socket);
  if (!error) connection = tcp_connection_accepted(listener->host, socket, &listener->settings);
  if (!connection) (void)closesocket(socket);
  (void)packet_end(io, error ? winsock_status(error) : connection ? HWS_IO_OK : HWS_IO_NOMEM, error, 0);
  io->accepted = connection;
  return 1;
}

static int32_t submit_accept(struct tcp_listener *listener, struct hws_io *io) {
  if (accept_one(listener, io)) return 1;
  listener->accepting = io;
  return 0;
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int32_t listener_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_listener *listener = listener_of(endpoint);
  bool listening = listener->socket != INVALID_SOCKET;
  if (io->kind == HWS_IO_LISTEN && !listening) return submit_listen(listener, io);
  if (io->kind == HWS_IO_ACCEPT && listening) return submit_accept(listener, io);
  return packet_end(io, HWS_IO_UNSUPPORTED, 0, 0);
}

static int32_t listener_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_listener *listener = listener_of(endpoint);
  if (io == listener->looking) {
    listener->looking = NULL;
    listener->host->unresolve(listener->endpoint);
  } else if (io == listener->accepting) {
    listener->accepting = NULL; /* what is posted stays posted */
  } else {
    return 0;
  }
  return packet_end(io, HWS_IO_CANCELED, 0, 0);
}

/* A connection may be there for the accept that waits. */
static void go_on_accepting(struct tcp_listener *listener) {
  struct hws_io *io = listener->accepting;
  if (!io || !accept_one(listener, io)) return;
  listener->accepting = NULL;
  listener->host->complete(listener->endpoint, io);
}

static void listener_on_packet(struct socket_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                               int32_t os_error) {
  struct tcp_listener *listener = listener_of(endpoint);
  (void)bytes;
  packet_pool_on_packet(&listener->accepts.pool, packet, os_error);
  go_on_accepting(listener);
}

static void listener_on_ready(struct socket_endpoint *endpoint, uint32_t direction) {
  struct tcp_listener *listener = listener_of(endpoint);
  if ((direction & 1u) == HWS_READ && takes(listener)) go_on_accepting(listener);
}

static void listener_on_timer(struct socket_endpoint *endpoint) {
  struct tcp_listener *listener = listener_of(endpoint);
  if (listener->socket == INVALID_SOCKET) return;
  if (takes(listener)) {
    taker_on_timer(&listener->taker);
    go_on_accepting(listener);
  } else {
    packet_pool_post(&listener->accepts.pool);
  }
}

static void listener_on_post(struct socket_endpoint *endpoint) {
  struct tcp_listener *listener = listener_of(endpoint);
  struct hws_io *io = listener->looking;
  if (!io) {
    if (takes(listener)) go_on_accepting(listener);
  } else if (take_answer(listener, io)) {
    listener->looking = NULL;
    listener->host->complete(listener->endpoint, io);
  }
}

static int32_t listener_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct tcp_listener *listener = listener_of(endpoint);
  char url[TCP_URL_MAX];
  if (!atomic_load(&listener->listening)) return HWS_IO_UNSUPPORTED;
  size_t length = place_url(&listener->bound, url);
  return socket_answer_listener(what, url, length, (int64_t)listener->socket, answer, size);
}

/* Its accepts end with it. Nobody else holds the socket, so it is closed at once. */
static int32_t listener_retire(struct socket_endpoint *endpoint, bool abort) {
  struct tcp_listener *listener = listener_of(endpoint);
  (void)abort;
  if (listener->socket == INVALID_SOCKET) return 0;
  uint32_t left = packet_pool_stop(&listener->accepts.pool);
  (void)closesocket(listener->socket);
  listener->socket = INVALID_SOCKET;
  return (int32_t)left;
}

static void listener_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct tcp_listener *listener = listener_of(endpoint);
  const struct hws_host *host = listener->host;
  (void)abort;
  packet_pool_close(&listener->accepts.pool);
  host->release(listener);
}

static const struct socket_endpoint_ops listener_ops = {.submit = listener_submit,
                                                        .cancel = listener_cancel,
                                                        .on_ready = listener_on_ready,
                                                        .on_packet = listener_on_packet,
                                                        .on_timer = listener_on_timer,
                                                        .on_post = listener_on_post,
                                                        .query = listener_query,
                                                        .retire = listener_retire,
                                                        .destroy = listener_destroy};
