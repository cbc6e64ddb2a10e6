/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching sockets for endpoints: what the poller's watches need here beside loop.h.
 */
#ifndef HAWSER_CORE_WATCH_IOCP_H
#define HAWSER_CORE_WATCH_IOCP_H

#include <stdint.h>

struct endpoint;
struct poller;

/* Ask for the next readiness of that direction, in force at the driver's next wait. */
void watch_arm(struct endpoint *endpoint, unsigned which);

/* Put in force what was asked for, as the driver may be asleep. */
void watch_flush(struct poller *poller);

#endif
