/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets that came back from a completion port, and wait for their direction.
 */
#ifndef HAWSER_CORE_PACKET_H
#define HAWSER_CORE_PACKET_H

#include "core/endpoint.h"

/* What a packet came back with. */
struct packet_end {
  struct hws_packet *packet;
  uint64_t bytes;
  int32_t os_error;
};

/* Driver only. */
void packet_put(struct direction *direction, struct packet_end end);

/* Under the direction: all that wait, in the order in which they came. */
struct hws_packet *packet_take(struct direction *direction);

/* The first of that list, which loses it: the packet is the plugin's again. */
struct packet_end packet_next(struct hws_packet **list);

#endif
