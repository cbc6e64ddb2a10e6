/* SPDX-License-Identifier: Apache-2.0
 *
 * How the end of an io of a socket is told: one place that fills in the results, one table from errno to hws_io_status.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_RESULT_POSIX_H
#define HAWSER_TRANSPORTS_SOCKET_RESULT_POSIX_H

#include "plugins/hawser_plugin.h"

/* The status that an errno stands for on a connected or listening socket. */
int32_t socket_status(int error);

/* End an io: fills in every result. Returns 1, as submit and cancel do for an io that ended. */
static inline int32_t socket_end(struct hws_io *io, int32_t status, int os_error, uint64_t bytes) {
  io->bytes = bytes;
  io->accepted = 0;
  io->status = status;
  io->os_error = os_error;
  io->descriptors_done = 0;
  return 1;
}

static inline int32_t socket_fail(struct hws_io *io, int error) {
  return socket_end(io, socket_status(error), error, 0);
}

#endif
