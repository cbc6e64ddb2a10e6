/* SPDX-License-Identifier: Apache-2.0
 *
 * One request of the kit to a plugin, and the proof that it ends exactly once, with results that make sense.
 */
#ifndef HAWSER_CHECK_IO_H
#define HAWSER_CHECK_IO_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plugins/hawser_plugin.h"

enum check_io_state {
  CHECK_IO_SUBMITTING, /* inside submit */
  CHECK_IO_EARLY,      /* completed inside submit */
  CHECK_IO_PENDING,    /* with the plugin */
  CHECK_IO_CANCELING,  /* inside cancel */
  CHECK_IO_ENDED
};

struct check_io {
  struct hws_io io;    /* first: complete is given its address */
  struct hws_io asked; /* as it was submitted */
  struct hws_host_endpoint *endpoint;
  struct check_io *next; /* in the host's list */
  _Atomic(enum check_io_state) state;
  bool cancelled;         /* cancel was called */
  struct hws_io *carried; /* a filter's, whose end this is; NULL: the kit's own */
};

/* Submit. The vector is copied; what it points to must live until the io has ended. */
struct check_io *check_io_submit(struct hws_host_endpoint *endpoint, enum hws_io_kind kind, const struct hws_iov *vec,
                                 uint32_t count);
/* The same in two steps, so that it can be known before it ends. */
struct check_io *check_io_new(struct hws_host_endpoint *endpoint, enum hws_io_kind kind, const struct hws_iov *vec,
                              uint32_t count);
void check_io_start(struct check_io *io);

/* The same for a part of a file, which stays the caller's. */
struct check_io *check_io_submit_file(struct hws_host_endpoint *endpoint, int64_t file, uint64_t offset,
                                      uint64_t length);
bool check_io_ended(const struct check_io *io);

/* Ask for an early end, from any thread. Harmless if it has ended. */
void check_io_cancel(struct check_io *io);

/* host->complete. */
void check_io_complete(struct hws_host_endpoint *endpoint, struct hws_io *io);

const char *check_status_name(int32_t status);

#endif
