/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's completion port. Readiness is not offered here.
 */
#include "plugins/check/poller.h"

#include <stdlib.h>
#include <windows.h>
#include <winternl.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"

enum { BATCH = 64 };

struct check_poller {
  HANDLE port;
  char wake; /* whose addresses are the keys */
  char packet;
};

struct check_poller *check_poller_new(void) {
  struct check_poller *poller = calloc(1, sizeof *poller);
  CHECK(poller, "the kit itself is out of memory");
  poller->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  CHECK(poller->port, "the kit cannot make a completion port");
  return poller;
}

void check_poller_free(struct check_poller *poller) {
  (void)CloseHandle(poller->port);
  free(poller);
}

uint64_t check_poller_offers(void) {
  return HWS_HOST_PORT;
}

int32_t check_poller_bind(struct hws_host_endpoint *endpoint, int64_t handle) {
  struct check_poller *poller = endpoint->host->poller;
  HANDLE bound = CreateIoCompletionPort((HANDLE)(intptr_t)handle, poller->port, (ULONG_PTR)&poller->packet, 0);
  CHECK(bound, "bound a handle that cannot be (error %lu)", GetLastError());
  return HWS_IO_OK;
}

int32_t check_poller_watch(struct hws_host_endpoint *endpoint, int64_t descriptor) {
  (void)endpoint, (void)descriptor;
  check_fail("called watch, which this host does not offer");
}

void check_poller_unwatch(struct hws_host_endpoint *endpoint) {
  (void)endpoint;
}

void check_poller_rearm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  (void)endpoint, (void)direction;
  check_fail("called rearm, which this host does not offer");
}

bool check_poller_disarm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  (void)endpoint, (void)direction;
  return false;
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
  for (ULONG i = 0; i < count; i++)
    if (entries[i].lpCompletionKey == (ULONG_PTR)&poller->packet) dispatch(&entries[i]);
}

void check_poller_wake(struct check_poller *poller) {
  (void)PostQueuedCompletionStatus(poller->port, 0, (ULONG_PTR)&poller->wake, NULL);
}
