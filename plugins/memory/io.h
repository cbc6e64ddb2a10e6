/* SPDX-License-Identifier: Apache-2.0
 *
 * The results of an io, filled in whole.
 */
#ifndef HAWSER_PLUGINS_MEMORY_IO_H
#define HAWSER_PLUGINS_MEMORY_IO_H

#include <stddef.h>

#include "plugins/hawser_plugin.h"

static inline void io_end(struct hws_io *io, enum hws_io_status status, uint64_t bytes) {
  io->status = status;
  io->bytes = bytes;
  io->accepted = NULL;
  io->os_error = 0;
  io->descriptors_done = 0;
}

#endif
