/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening Unix socket.
 */
#include "transports/unix_epoll/listener.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "transports/socket_accept_epoll.h"
#include "transports/socket_endpoint.h"
#include "transports/socket_result_posix.h"
#include "transports/unix_epoll/claim.h"
#include "transports/unix_epoll/connection.h"
#include "transports/unix_epoll/peer.h"
#include "transports/unix_epoll/settings.h"

static const uint64_t second_ns = UINT64_C(1000) * 1000 * 1000;
static const uint64_t claim_delay_first_ns = UINT64_C(1) * 1000 * 1000;
static const uint64_t claim_delay_max_ns = UINT64_C(50) * 1000 * 1000;
static const uint64_t claim_patience_ns = UINT64_C(5) * 1000 * 1000 * 1000;

struct unix_listener {
  struct socket_endpoint base;
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  struct unix_address address;
  struct unix_settings settings;
  struct unix_claim claim;
  atomic_int fd; /* the claim's, once listening, for query from any thread; -1 before */
  /* a LISTEN that waits for another process's claim of the same path */
  struct hws_io *claiming;
  uint64_t claim_until_ns;
  uint64_t claim_delay_ns;
  /* accepting */
  struct socket_acceptor acceptor;
  uint64_t refused;         /* connections of those whom the list does not let in */
  uint64_t refusal_told_ns; /* when the log last told of one */
};

static const struct socket_endpoint_ops listener_ops;

static struct unix_listener *listener_of(struct socket_endpoint *endpoint) {
  return (struct unix_listener *)endpoint;
}

/* ---- accepting -------------------------------------------------------------------------------------------------- */

/* At most one line a second, as who is refused may come again and again. */
static void tell_refusal(struct unix_listener *listener, const struct unix_peer *peer) {
  uint64_t now = listener->host->now();
  listener->refused++;
  if (listener->refusal_told_ns != 0 && now - listener->refusal_told_ns < second_ns) return;
  listener->refusal_told_ns = now;
  char line[160];
  (void)snprintf(line, sizeof line,
                 "accept: refused uid %u gid %u pid %u, which the allow-list does not name (%llu so far)", peer->uid,
                 peer->gid, peer->pid, (unsigned long long)listener->refused);
  listener->host->log(listener->endpoint, HWS_LOG_WARNING, line);
}

static struct unix_listener *listener_of_acceptor(struct socket_acceptor *acceptor) {
  return (struct unix_listener *)((char *)acceptor - offsetof(struct unix_listener, acceptor));
}

static void *prepare_connection(struct socket_acceptor *acceptor) {
  return unix_connection_blank(acceptor->host);
}

static bool admit_connection(struct socket_acceptor *acceptor, void *blank, int fd) {
  struct unix_listener *listener = listener_of_acceptor(acceptor);
  struct unix_peer peer;
  if (!unix_peer_read(fd, &peer)) return false;
  if (!unix_peer_allowed(acceptor->host, &listener->settings.allow, fd, &peer)) {
    tell_refusal(listener, &peer);
    return false;
  }
  unix_connection_fill(blank, fd, &peer);
  return true;
}

static const struct socket_accept_ops accept_ops = {.prepare = prepare_connection, .admit = admit_connection};

/* ---- listening -------------------------------------------------------------------------------------------------- */

int32_t unix_listener_make(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *text,
                           struct socket_endpoint **made) {
  struct unix_listener *listener = host->alloc(sizeof *listener);
  if (!listener) return HWS_IO_NOMEM;
  listener->base.ops = &listener_ops;
  listener->host = host;
  listener->endpoint = endpoint;
  listener->claim.fd = -1;
  atomic_init(&listener->fd, -1);
  socket_acceptor_init(&listener->acceptor, host, endpoint, &accept_ops);
  char why[160];
  int32_t status = unix_address_parse(text, strlen(text), &listener->address, why, sizeof why);
  if (status == HWS_IO_OK) {
    status = unix_settings_read(&listener->settings, &listener->address, host, endpoint, why, sizeof why);
  }
  if (status == HWS_IO_OK) {
    *made = &listener->base;
  } else {
    host->explain(endpoint, why);
    host->release(listener);
  }
  return status;
}

static int32_t end_claim(struct unix_listener *listener, struct hws_io *io, const struct unix_claim_failure *failure) {
  if (failure->why[0] != 0) listener->host->explain(listener->endpoint, failure->why);
  return socket_end(io, failure->status, failure->error, 0);
}

static int32_t start_accepting(struct unix_listener *listener, struct hws_io *io) {
  listener->acceptor.fd = listener->claim.fd;
  int32_t status = listener->host->watch(listener->endpoint, listener->claim.fd);
  if (status != HWS_IO_OK) {
    unix_claim_end(&listener->claim, &listener->address);
    return socket_end(io, status, 0, 0);
  }
  atomic_store(&listener->fd, listener->claim.fd);
  return socket_end(io, HWS_IO_OK, 0, 0);
}

static void wait_for_claim(struct unix_listener *listener, struct hws_io *io, uint64_t now) {
  listener->claiming = io;
  listener->claim_delay_ns = listener->claim_delay_ns == 0 ? claim_delay_first_ns : listener->claim_delay_ns * 2;
  if (listener->claim_delay_ns > claim_delay_max_ns) listener->claim_delay_ns = claim_delay_max_ns;
  listener->host->timer_at(listener->endpoint, now + listener->claim_delay_ns);
}

/* 1: the io ended. 0: another process is at the same path, and a timer was set. */
static int32_t try_claim(struct unix_listener *listener, struct hws_io *io) {
  struct unix_claim_failure failure = {.status = HWS_IO_OK};
  switch (unix_claim_make(&listener->claim, &listener->address, listener->settings.mode, listener->settings.backlog,
                          &failure)) {
  case UNIX_CLAIM_DONE:
    return start_accepting(listener, io);
  case UNIX_CLAIM_FAILED:
    return end_claim(listener, io, &failure);
  case UNIX_CLAIM_CONTENDED:
    break;
  }
  uint64_t now = listener->host->now();
  if (listener->claim_until_ns == 0) listener->claim_until_ns = now + claim_patience_ns;
  if (now < listener->claim_until_ns) {
    wait_for_claim(listener, io, now);
    return 0;
  }
  failure = (struct unix_claim_failure){
      .status = HWS_IO_IN_USE, .error = EADDRINUSE, .why = "another process keeps claiming that path"};
  return end_claim(listener, io, &failure);
}

static int32_t listener_submit(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct unix_listener *listener = listener_of(endpoint);
  bool listening = listener->claim.fd >= 0;
  if (io->kind == HWS_IO_LISTEN && !listening) return try_claim(listener, io);
  if (io->kind == HWS_IO_ACCEPT && listening) return socket_acceptor_submit(&listener->acceptor, io);
  return socket_end(io, HWS_IO_UNSUPPORTED, 0, 0);
}

static int32_t listener_cancel(struct socket_endpoint *endpoint, struct hws_io *io) {
  struct unix_listener *listener = listener_of(endpoint);
  if (io != listener->claiming) return socket_acceptor_cancel(&listener->acceptor, io);
  listener->claiming = NULL;
  listener->host->timer_at(listener->endpoint, 0);
  return socket_end(io, HWS_IO_CANCELED, 0, 0);
}

static void listener_on_ready(struct socket_endpoint *endpoint, uint32_t direction) {
  if ((direction & 1u) == HWS_READ) socket_acceptor_on_ready(&listener_of(endpoint)->acceptor);
}

static void listener_on_timer(struct socket_endpoint *endpoint) {
  struct unix_listener *listener = listener_of(endpoint);
  struct hws_io *io = listener->claiming;
  if (listener->claim.fd >= 0) {
    socket_acceptor_on_timer(&listener->acceptor);
  } else if (io && try_claim(listener, io) == 1) {
    listener->claiming = NULL;
    listener->host->complete(listener->endpoint, io);
  }
}

static void listener_on_post(struct socket_endpoint *endpoint) {
  struct unix_listener *listener = listener_of(endpoint);
  if (listener->claim.fd >= 0) socket_acceptor_on_post(&listener->acceptor);
}

static int32_t listener_query(struct socket_endpoint *endpoint, uint32_t what, void *answer, uint32_t size) {
  struct unix_listener *listener = listener_of(endpoint);
  int fd = atomic_load(&listener->fd);
  switch (what) {
  case HWS_QUERY_LOCAL:
    return unix_address_answer(&listener->address, answer, size);
  case HWS_QUERY_REMOTE:
    return socket_answer_text("", 0, answer, size);
  case HWS_QUERY_HANDLE:
    return fd >= 0 ? socket_answer_handle(fd, answer, size) : HWS_IO_UNSUPPORTED;
  default:
    return HWS_IO_UNSUPPORTED;
  }
}

/* A listener has nothing unsent to discard. */
static void listener_destroy(struct socket_endpoint *endpoint, bool abort) {
  (void)abort;
  struct unix_listener *listener = listener_of(endpoint);
  const struct hws_host *host = listener->host;
  socket_acceptor_clear(&listener->acceptor);
  unix_claim_end(&listener->claim, &listener->address);
  host->release(listener);
}

static const struct socket_endpoint_ops listener_ops = {.submit = listener_submit,
                                                        .cancel = listener_cancel,
                                                        .on_ready = listener_on_ready,
                                                        .on_timer = listener_on_timer,
                                                        .on_post = listener_on_post,
                                                        .query = listener_query,
                                                        .destroy = listener_destroy};
