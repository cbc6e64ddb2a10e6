/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kit's host offers of the system: readiness of descriptors, armed in the ways that hawser_plugin.h allows a
 * host, and where there is one a completion port.
 */
#ifndef HAWSER_CHECK_POLLER_H
#define HAWSER_CHECK_POLLER_H

#include <stdbool.h>
#include <stdint.h>

struct check_host;
struct hws_host_endpoint;

enum check_arming {
  CHECK_ARM_AT_ONCE,   /* both directions, edge-triggered, for good */
  CHECK_ARM_ON_DEMAND, /* reading for good; writing from a rearm to the next on_ready */
  CHECK_ARM_ONE_SHOT   /* each direction at first, and then from a rearm to the next on_ready */
};

struct check_poller *check_poller_new(void);
void check_poller_free(struct check_poller *poller);

int32_t check_poller_watch(struct hws_host_endpoint *endpoint, int64_t descriptor);
void check_poller_unwatch(struct hws_host_endpoint *endpoint);
void check_poller_rearm(struct hws_host_endpoint *endpoint, uint32_t direction);

/* As bind_port of the host. */
int32_t check_poller_bind(struct hws_host_endpoint *endpoint, int64_t handle);

/* HWS_HOST_WATCH, maybe HWS_HOST_PORT, and what goes with it. */
uint64_t check_poller_offers(void);

/* In how many of those ways it can arm. 1: in one, whatever it is called. */
unsigned check_poller_armings(void);

/* on_ready is about to be called; false: it was not asked for. */
bool check_poller_disarm(struct hws_host_endpoint *endpoint, uint32_t direction);

/* Wait and call check_endpoint_ready for what became ready. */
void check_poller_wait(struct check_poller *poller, struct check_host *host, int timeout_ms);
void check_poller_wake(struct check_poller *poller);

#endif
