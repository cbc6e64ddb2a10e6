/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's completion port: packets of handles that the plugin bound, and of sockets that it watches.
 */
#include "plugins/check/poller.h"

#include <stdlib.h>
#include <windows.h>
#include <winternl.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"
#include "plugins/check/watch_afd.h"

enum { BATCH = 64 };

struct check_poller {
  HANDLE port;
  char wake; /* whose addresses are the keys */
  char packet;
  char watch;
  struct check_watches *watches;
};

struct check_poller *check_poller_new(void) {
  struct check_poller *poller = calloc(1, sizeof *poller);
  CHECK(poller, "the kit itself is out of memory");
  poller->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  CHECK(poller->port, "the kit cannot make a completion port");
  poller->watches = check_watches_new(poller->port, (ULONG_PTR)&poller->watch);
  return poller;
}

void check_poller_free(struct check_poller *poller) {
  check_watches_free(poller->watches);
  (void)CloseHandle(poller->port);
  free(poller);
}

uint64_t check_poller_offers(void) {
  return HWS_HOST_PORT | HWS_HOST_WATCH | HWS_HOST_UNWATCH;
}

unsigned check_poller_armings(void) {
  return 1;
}

int32_t check_poller_bind(struct hws_host_endpoint *endpoint, int64_t handle) {
  struct check_poller *poller = endpoint->host->poller;
  HANDLE bound = CreateIoCompletionPort((HANDLE)(intptr_t)handle, poller->port, (ULONG_PTR)&poller->packet, 0);
  CHECK(bound, "bound a handle that cannot be (error %lu)", GetLastError());
  return HWS_IO_OK;
}

int32_t check_poller_watch(struct hws_host_endpoint *endpoint, int64_t descriptor) {
  check_watches_add(endpoint->host->poller->watches, endpoint, descriptor);
  return HWS_IO_OK;
}

void check_poller_unwatch(struct hws_host_endpoint *endpoint) {
  check_watches_remove(endpoint->host->poller->watches, endpoint);
}

void check_poller_rearm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  check_watches_rearm(endpoint->host->poller->watches, endpoint, direction);
}

bool check_poller_disarm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  return check_watches_disarm(endpoint->host->poller->watches, endpoint, direction);
}

static void dispatch(const OVERLAPPED_ENTRY *entry) {
  struct hws_packet *packet = (struct hws_packet *)entry->lpOverlapped;
  NTSTATUS status = (NTSTATUS)entry->lpOverlapped->Internal;
  CHECK(packet->endpoint, "a packet came back that names no endpoint");
  CHECK(packet->direction <= HWS_WRITE, "a packet came back of direction %u", packet->direction);
  check_endpoint_packet(packet->endpoint, packet, entry->dwNumberOfBytesTransferred,
                        status ? (int32_t)RtlNtStatusToDosError(status) : 0);
}

void check_poller_wait(struct check_poller *poller, struct check_host *host, int timeout_ms) {
  OVERLAPPED_ENTRY entries[BATCH];
  ULONG count = 0;
  (void)host;
  if (!GetQueuedCompletionStatusEx(poller->port, entries, BATCH, &count, (DWORD)timeout_ms, FALSE)) return;
  for (ULONG i = 0; i < count; i++) {
    if (entries[i].lpCompletionKey == (ULONG_PTR)&poller->packet) dispatch(&entries[i]);
    if (entries[i].lpCompletionKey == (ULONG_PTR)&poller->watch) check_watches_dispatch(poller->watches, &entries[i]);
  }
}

void check_poller_wake(struct check_poller *poller) {
  (void)PostQueuedCompletionStatus(poller->port, 0, (ULONG_PTR)&poller->wake, NULL);
}
