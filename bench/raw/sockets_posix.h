/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection over plain sockets, for the yardstick that everything else is measured against.
 */
#ifndef HAWSER_BENCH_SOCKETS_POSIX_H
#define HAWSER_BENCH_SOCKETS_POSIX_H

#include "bench/measure.h"

/* The connected descriptor of this side: a server listens, says "ready", and accepts one. */
int socket_connect(const struct plan *plan);

#endif
