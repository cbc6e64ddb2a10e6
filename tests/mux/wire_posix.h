/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Unix socket can beside wire.h.
 */
#ifndef HAWSER_TESTS_MUX_WIRE_POSIX_H
#define HAWSER_TESTS_MUX_WIRE_POSIX_H

#include "tests/mux/wire.h"

/* A folder of this process for its sockets; it goes with the process. */
const char *own_folder(void);

/* What the other end writes fails from now on, and what this end writes still arrives. */
void wire_refuse(struct wire *wire);

#endif
