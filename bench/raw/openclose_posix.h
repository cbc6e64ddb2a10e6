/* SPDX-License-Identifier: Apache-2.0
 *
 * openclose, as plain sockets do it: a connection for each request.
 */
#ifndef HAWSER_BENCH_OPENCLOSE_POSIX_H
#define HAWSER_BENCH_OPENCLOSE_POSIX_H

#include "bench/measure.h"

void openclose_run(const struct plan *plan);

#endif
