/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow: so many bytes from one end to the other, one write and one read at a time, byte by byte as sent.
 */
#ifndef HAWSER_CHECK_FLOW_H
#define HAWSER_CHECK_FLOW_H

#include <stddef.h>

#include "plugins/check/fixture.h"

struct flow {
  struct hws_host_endpoint *from;
  struct hws_host_endpoint *to;
  uint64_t bytes; /* in all */
  uint64_t begin; /* offset in the pattern */
  size_t write_bytes;
  size_t read_bytes;
  uint64_t sent;
  uint64_t received;
  struct check_io *writing;
  struct check_io *reading;
  void *write_buffer;
  void *read_buffer;
};

/* Run them at once, in one thread, until all have moved all. */
void flow_run(struct check_host *host, struct flow *flows, size_t count);

/* The two halves of one flow, for a thread each. */
void flow_send(struct flow *flow);
void flow_receive(struct flow *flow);

#endif
