/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening TCP socket. A listener is one socket, so of a name's addresses it takes the first that this machine has.
 */
#define _GNU_SOURCE /* the strerror_r that returns the text */
#include "transports/tcp_epoll/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transports/socket_accept_epoll.h"
#include "transports/socket_endpoint.h"
#include "transports/socket_result_posix.h"
#include "transports/tcp/look.h"
#include "transports/tcp/sockaddr.h"
#include "transports/tcp_epoll/connection.h"
#include "transports/tcp_epoll/settings.h"

struct tcp_listener {
  struct socket_endpoint base;
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  struct tcp_address address;
  struct tcp_settings settings;
  struct hws_io *looking; /* the LISTEN that waits for the look-up of the name */
  atomic_bool listening;  /* set once, after what query answers was written */
  struct place bound;
  struct socket_acceptor acceptor;
};

static const struct socket_endpoint_ops listener_ops;

static struct tcp_listener *listener_of(struct socket_endpoint *endpoint) {
  return (struct tcp_listener *)endpoint;
}

static void *prepare_connection(struct socket_acceptor *acceptor) {
  return tcp_connection_blank(acceptor->host);
}

static bool admit_connection(struct socket_acceptor *acceptor, void *blank, int fd) {
  (void)acceptor;
  tcp_connection_fill(blank, fd);
  return true;
}

static const struct socket_accept_ops accept_ops = {.prepare = prepare_connection, .admit = admit_connection};

int32_t tcp_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                          struct socket_endpoint **made) {
  struct tcp_listener *listener = host->alloc(sizeof *listener);
  if (!listener) return HWS_IO_NOMEM;
  listener->base.ops = &listener_ops;
  listener->host = host;
  listener->endpoint = endpoint;
  socket_acceptor_init(&listener->acceptor, host, endpoint, &accept_ops);
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

static int set_up(const struct tcp_listener *listener, int fd, const struct place *place) {
  const int on = 1;
  const int only = (int)listener->settings.ipv6only;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  if (place->ip.version == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0) return errno;
  int error = tcp_settings_apply(&listener->settings, fd);
  if (error) return error;
  struct sockaddr_of at = sockaddr_make(place);
  if (bind(fd, (const struct sockaddr *)at.storage, at.bytes) != 0) return errno;
  return listen(fd, (int)listener->settings.backlog) == 0 ? 0 : errno;
}

/* A listening socket in acceptor.fd, or errno. */
static int bind_place(struct tcp_listener *listener, const struct place *place) {
  int fd = socket(sockaddr_family(place), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int error = set_up(listener, fd, place);
  if (error == 0 && !sockaddr_of_socket(fd, false, &listener->bound)) error = errno;
  if (error == 0)
    listener->acceptor.fd = fd;
  else
    (void)close(fd);
  return error;
}

static bool is_elsewhere(int error) {
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

enum { REASON_MAX = 100 };

static const char *reason_of(int error, char room[REASON_MAX]) {
  if (error == EADDRINUSE) return "somebody listens there already";
  if (error == EADDRNOTAVAIL) return "this machine does not have that address";
  if (error == EACCES) return "listening there is not permitted";
  return strerror_r(error, room, REASON_MAX);
}

static int32_t end_failed(struct tcp_listener *listener, struct hws_io *io, const struct place *place, int error) {
  char url[TCP_URL_MAX];
  char room[REASON_MAX];
  char why[TCP_URL_MAX + REASON_MAX];
  (void)place_url(place, url);
  /* Where the URL has a name, the user does not know which address it is about. */
  bool named = look_is_needed(&listener->address);
  (void)snprintf(why, sizeof why, "%s%s%s", named ? url + strlen("tcp://") : "", named ? ": " : "",
                 reason_of(error, room));
  listener->host->explain(listener->endpoint, why);
  return socket_end(io, error == EADDRNOTAVAIL ? HWS_IO_ADDRESS : socket_status(error), error, 0);
}

/* The first place that this machine has; it, or none. */
static int32_t listen_at(struct tcp_listener *listener, struct hws_io *io, const struct places *places) {
  uint32_t at = 0;
  int error = bind_place(listener, &places->list[at]);
  while (is_elsewhere(error) && at + 1 < places->count) error = bind_place(listener, &places->list[++at]);
  if (error) return end_failed(listener, io, &places->list[at], error);
  int32_t status = listener->host->watch(listener->endpoint, listener->acceptor.fd);
  if (status != HWS_IO_OK) {
    (void)close(listener->acceptor.fd);
    listener->acceptor.fd = -1;
    return socket_end(io, status, 0, 0);
  }
  atomic_store(&listener->listening, true);
  return socket_end(io, HWS_IO_OK, 0, 0);
}

/* ---- the look-up ------------------------------------------------------------------------------------------------- */

/* 1: the io has ended. */
static int32_t go_on(struct tcp_listener *listener, struct hws_io *io, int32_t looked, const struct places *places) {
  if (looked == 0) return 0;
  return looked > 0 ? listen_at(listener, io, places) : socket_end(io, looked, 0, 0);
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

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static int32_t listener_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_listener *listener = listener_of(endpoint);
  bool listening = listener->acceptor.fd >= 0;
  if (io->kind == HWS_IO_LISTEN && !listening) return submit_listen(listener, io);
  if (io->kind == HWS_IO_ACCEPT && listening) return socket_acceptor_submit(&listener->acceptor, io);
  return socket_end(io, HWS_IO_UNSUPPORTED, 0, 0);
}

static int32_t listener_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct tcp_listener *listener = listener_of(endpoint);
  if (io != listener->looking) return socket_acceptor_cancel(&listener->acceptor, io);
  listener->looking = NULL;
  listener->host->unresolve(listener->endpoint);
  return socket_end(io, HWS_IO_CANCELED, 0, 0);
}

static void listener_on_ready(struct socket_endpoint *endpoint, uint32_t direction) {
  if ((direction & 1u) == HWS_READ) socket_acceptor_on_ready(&listener_of(endpoint)->acceptor);
}

static void listener_on_timer(struct socket_endpoint *endpoint) {
  socket_acceptor_on_timer(&listener_of(endpoint)->acceptor);
}

static void listener_on_post(struct socket_endpoint *endpoint) {
  struct tcp_listener *listener = listener_of(endpoint);
  struct hws_io *io = listener->looking;
  if (!io) {
    socket_acceptor_on_post(&listener->acceptor);
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
  return socket_answer_listener(what, url, length, listener->acceptor.fd, answer, size);
}

/* Shut down first: a copy in a forked child would go on listening. */
static void listener_destroy(struct socket_endpoint *endpoint, bool abort) {
  struct tcp_listener *listener = listener_of(endpoint);
  const struct hws_host *host = listener->host;
  (void)abort;
  socket_acceptor_clear(&listener->acceptor);
  if (listener->acceptor.fd >= 0) {
    (void)shutdown(listener->acceptor.fd, SHUT_RDWR);
    (void)close(listener->acceptor.fd);
  }
  host->release(listener);
}

static const struct socket_endpoint_ops listener_ops = {.submit = listener_submit,
                                                        .cancel = listener_cancel,
                                                        .on_ready = listener_on_ready,
                                                        .on_timer = listener_on_timer,
                                                        .on_post = listener_on_post,
                                                        .query = listener_query,
                                                        .destroy = listener_destroy};
