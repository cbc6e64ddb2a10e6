/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections over plain sockets, for the yardstick that everything else is measured against: unix:///path and
 * tcp://127.0.0.1:port.
 */
#ifndef HAWSER_BENCH_SOCKETS_POSIX_H
#define HAWSER_BENCH_SOCKETS_POSIX_H

#include "bench/measure.h"

/* A server's socket, once it has said "ready". */
int socket_listen(const struct plan *plan);
int socket_accept(int listener);

/* A client's connection. */
int socket_dial(const struct plan *plan);

/* Close a client's connection for good: over TCP nothing of it is kept, so ports do not run out. */
void socket_drop(int fd);

/* The one connection of this side, whichever it is. */
int socket_connect(const struct plan *plan);

#endif
