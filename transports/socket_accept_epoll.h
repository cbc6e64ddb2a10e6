/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting on a listening stream socket under an edge-triggered watch: one io at a time, a bounded share of each turn,
 * and patience where the system runs out of descriptors or memory. Shared by every transport over stream sockets.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_ACCEPT_EPOLL_H
#define HAWSER_TRANSPORTS_SOCKET_ACCEPT_EPOLL_H

#include <stdbool.h>

#include "plugins/hawser_plugin.h"

enum socket_accept_state {
  SOCKET_ACCEPT_TRY,     /* a connection may be waiting */
  SOCKET_ACCEPT_WAIT,    /* none is waiting until on_ready */
  SOCKET_ACCEPT_YIELD,   /* the share of this turn is used up; on_post goes on */
  SOCKET_ACCEPT_BACK_OFF /* the system is out of something; on_timer goes on */
};

struct socket_acceptor;

/* What the transport adds. */
struct socket_accept_ops {
  /* Allocate what an accepted connection will be, so that none is taken that cannot be kept. NULL: no memory. */
  void *(*prepare)(struct socket_acceptor *acceptor);
  /* Give it the connection. false: nobody we let in; the acceptor closes fd and keeps `blank` for the next. */
  bool (*admit)(struct socket_acceptor *acceptor, void *blank, int fd);
};

struct socket_acceptor {
  const struct hws_host *host;
  struct hws_host_endpoint *endpoint;
  const struct socket_accept_ops *ops;
  int fd; /* the listener's, set before the first accept */
  enum socket_accept_state state;
  struct hws_io *pending;
  void *blank;       /* prepared for the next connection, or NULL */
  uint64_t delay_ns; /* of the last back-off; 0: none since the last connection */
};

void socket_acceptor_init(struct socket_acceptor *acceptor, const struct hws_host *host,
                          struct hws_host_endpoint *endpoint, const struct socket_accept_ops *ops);

/* As the slots of hws_vtable. */
int32_t socket_acceptor_submit(struct socket_acceptor *acceptor, struct hws_io *io);
int32_t socket_acceptor_cancel(struct socket_acceptor *acceptor, struct hws_io *io);
void socket_acceptor_on_ready(struct socket_acceptor *acceptor);
void socket_acceptor_on_post(struct socket_acceptor *acceptor);
void socket_acceptor_on_timer(struct socket_acceptor *acceptor);

/* Free what is prepared. */
void socket_acceptor_clear(struct socket_acceptor *acceptor);

#endif
