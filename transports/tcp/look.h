/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a URL leads: at once where it says so itself, else once the host has looked its name up.
 */
#ifndef HAWSER_TRANSPORTS_TCP_LOOK_H
#define HAWSER_TRANSPORTS_TCP_LOOK_H

#include "plugins/hawser_plugin.h"
#include "transports/tcp/place.h"

/* Has the name, or the service, of that address to be looked up? */
static inline bool look_is_needed(const struct tcp_address *address) {
  return address->is_name || address->is_service;
}

/* 1: the places are there. 0: on_post tells of them, maybe before this returned, and look_take then has them. Else a
 * hws_io_status, explained to the user. */
int32_t look_begin(const struct hws_host *host, struct hws_host_endpoint *endpoint, const struct tcp_address *address,
                   struct places *places);

/* After a 0: the same. */
int32_t look_take(const struct hws_host *host, struct hws_host_endpoint *endpoint, struct places *places);

#endif
