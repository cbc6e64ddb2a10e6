/* SPDX-License-Identifier: Apache-2.0
 *
 * The instances of a listener's pipe: a pool of those that wait for a client.
 */
#ifndef HAWSER_NPIPE_IOCP_INSTANCES_H
#define HAWSER_NPIPE_IOCP_INSTANCES_H

#include "transports/npipe_iocp/name.h"
#include "transports/packet_pool_iocp.h"

struct instances {
  struct packet_pool pool;
  struct pipe_name *name;
  struct pipe_kind kind;
};

/* The name, and what the kind points to, outlive the instances. 0 or HWS_IO_NOMEM. */
int32_t instances_open(struct instances *instances, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                       struct pipe_name *name, const struct pipe_kind *kind);

/* End those that wait. How many packets are still to come. */
uint32_t instances_stop(struct instances *instances);

#endif
