/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting on a listening stream socket under an edge-triggered watch.
 *
 * An error of accept is either the end of a connection that we have not seen (try the next), or a shortage in this
 * process or system (wait, and longer each time), or proof that the socket does not listen (the io fails). No error
 * makes it spin, and the first two never reach the io.
 */
#define _GNU_SOURCE /* accept4 */
#include "transports/socket_accept_epoll.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transports/socket_result_posix.h"

enum { TURN_MAX = 64 }; /* calls of accept4 in one turn */

static const uint64_t delay_first_ns = UINT64_C(10) * 1000 * 1000;
static const uint64_t delay_max_ns = UINT64_C(1000) * 1000 * 1000;

static bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static bool is_of_the_connection(int error) {
  switch (error) {
  case EINTR:
  case ECONNABORTED:
  case EPROTO:
  case EPERM:
  case ENETDOWN:
  case ENOPROTOOPT:
  case EHOSTDOWN:
  case ENONET:
  case EHOSTUNREACH:
  case ENETUNREACH:
  case ETIMEDOUT:
    return true;
  default:
    return false;
  }
}

static const char *shortage_text(int error) {
  switch (error) {
  case EMFILE:
    return "accept: this process has no descriptor left; connections wait";
  case ENFILE:
    return "accept: the system has no descriptor left; connections wait";
  default:
    return "accept: no memory is left; connections wait";
  }
}

static void back_off(struct socket_acceptor *acceptor, int error) {
  const struct hws_host *host = acceptor->host;
  if (acceptor->delay_ns == 0) {
    host->log(acceptor->endpoint, HWS_LOG_WARNING, shortage_text(error));
    acceptor->delay_ns = delay_first_ns;
  } else if (acceptor->delay_ns < delay_max_ns) {
    acceptor->delay_ns = acceptor->delay_ns * 2 < delay_max_ns ? acceptor->delay_ns * 2 : delay_max_ns;
  }
  acceptor->state = SOCKET_ACCEPT_BACK_OFF;
  host->timer_at(acceptor->endpoint, host->now() + acceptor->delay_ns);
}

/* One accept4. true: go on with the next; false: the turn is over, for `acceptor->state` or because the io ended. */
static bool accept_one(struct socket_acceptor *acceptor, struct hws_io *io, bool *ended) {
  if (!acceptor->blank) acceptor->blank = acceptor->ops->prepare(acceptor);
  if (!acceptor->blank) {
    back_off(acceptor, ENOMEM);
    return false;
  }
  int fd = accept4(acceptor->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    acceptor->delay_ns = 0;
    if (!acceptor->ops->admit(acceptor, acceptor->blank, fd)) {
      (void)close(fd);
      return true;
    }
    *ended = socket_end(io, HWS_IO_OK, 0, 0);
    io->accepted = acceptor->blank;
    acceptor->blank = NULL;
    return false;
  }
  int error = errno;
  if (is_of_the_connection(error)) return true;
  if (error == EAGAIN || error == EWOULDBLOCK) {
    acceptor->state = SOCKET_ACCEPT_WAIT;
  } else if (is_shortage(error)) {
    back_off(acceptor, error);
  } else {
    *ended = socket_fail(io, error);
  }
  return false;
}

/* Whether the io ended. If not, the state says what will go on with it. */
static bool try_accept(struct socket_acceptor *acceptor, struct hws_io *io) {
  bool ended = false;
  for (int calls = 0; calls < TURN_MAX; calls++) {
    if (!accept_one(acceptor, io, &ended)) return ended;
  }
  acceptor->state = SOCKET_ACCEPT_YIELD;
  acceptor->host->post(acceptor->endpoint);
  return false;
}

static void leave_pending(struct socket_acceptor *acceptor, struct hws_io *io) {
  acceptor->pending = io;
  if (acceptor->state == SOCKET_ACCEPT_WAIT) acceptor->host->rearm(acceptor->endpoint, HWS_READ);
}

static void resume(struct socket_acceptor *acceptor) {
  struct hws_io *io = acceptor->pending;
  acceptor->state = SOCKET_ACCEPT_TRY;
  if (!io) return;
  if (try_accept(acceptor, io)) {
    acceptor->pending = NULL;
    acceptor->host->complete(acceptor->endpoint, io);
  } else {
    leave_pending(acceptor, io);
  }
}

void socket_acceptor_init(struct socket_acceptor *acceptor, const struct hws_host *host,
                          struct hws_host_endpoint *endpoint, const struct socket_accept_ops *ops) {
  *acceptor =
      (struct socket_acceptor){.host = host, .endpoint = endpoint, .ops = ops, .fd = -1, .state = SOCKET_ACCEPT_TRY};
}

int32_t socket_acceptor_submit(struct socket_acceptor *acceptor, struct hws_io *io) {
  if (acceptor->state == SOCKET_ACCEPT_TRY && try_accept(acceptor, io)) return 1;
  leave_pending(acceptor, io);
  return 0;
}

int32_t socket_acceptor_cancel(struct socket_acceptor *acceptor, struct hws_io *io) {
  if (acceptor->pending != io) return 0;
  acceptor->pending = NULL;
  return socket_end(io, HWS_IO_CANCELED, 0, 0);
}

/* While it yields or backs off an edge changes nothing: both end in a try, and that goes on until it would block. */
void socket_acceptor_on_ready(struct socket_acceptor *acceptor) {
  if (acceptor->state == SOCKET_ACCEPT_TRY || acceptor->state == SOCKET_ACCEPT_WAIT) resume(acceptor);
}

void socket_acceptor_on_post(struct socket_acceptor *acceptor) {
  if (acceptor->state == SOCKET_ACCEPT_YIELD) resume(acceptor);
}

void socket_acceptor_on_timer(struct socket_acceptor *acceptor) {
  if (acceptor->state == SOCKET_ACCEPT_BACK_OFF) resume(acceptor);
}

void socket_acceptor_clear(struct socket_acceptor *acceptor) {
  acceptor->host->release(acceptor->blank);
  acceptor->blank = NULL;
}
