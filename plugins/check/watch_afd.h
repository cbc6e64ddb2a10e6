/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness of sockets for the kit's host on Windows: polls of AFD, which end with a packet at the kit's port. Each
 * direction is armed at first, and then from a rearm to the next on_ready; there is no other way here.
 */
#ifndef HAWSER_CHECK_WATCH_AFD_H
#define HAWSER_CHECK_WATCH_AFD_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

struct hws_host_endpoint;

struct check_watches *check_watches_new(HANDLE port, ULONG_PTR key);
/* The driver has come to its end. */
void check_watches_free(struct check_watches *watches);

void check_watches_add(struct check_watches *watches, struct hws_host_endpoint *endpoint, int64_t descriptor);
void check_watches_remove(struct check_watches *watches, struct hws_host_endpoint *endpoint);
void check_watches_rearm(struct check_watches *watches, struct hws_host_endpoint *endpoint, uint32_t direction);
bool check_watches_disarm(struct check_watches *watches, struct hws_host_endpoint *endpoint, uint32_t direction);

/* A packet under the key. */
void check_watches_dispatch(struct check_watches *watches, const OVERLAPPED_ENTRY *entry);

#endif
