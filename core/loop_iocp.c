/* SPDX-License-Identifier: Apache-2.0
 *
 * The poller over a completion port. What it hands on are the packets of handles that plugins bound to it, and what the
 * readiness service tells of those that are watched (watch_iocp.c).
 *
 * The port is closed by the last owner, after the threads that waited at it have left: they are woken by packets, as a
 * port that is closed under a waiter need not wake it.
 */
#include <stdlib.h>
#include <windows.h>
#include <winternl.h>

#include "core/endpoint.h"
#include "core/loop.h"
#include "core/park.h"
#include "core/park_win32.h"
#include "core/port_iocp.h"

struct poller *poller_new(void) {
  struct poller *poller = calloc(1, sizeof *poller);
  if (!poller) return NULL;
  for (int type = 0; type < PORT_KEYS; type++) poller->keys[type].type = (enum port_key_type)type;
  /* One thread drives at a time (wait.c), so one is all that may run. */
  poller->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  if (poller->port) return poller;
  free(poller);
  return NULL;
}

void poller_free(struct poller *poller) {
  notify_free(atomic_load(&poller->notify));
  CloseHandle(poller->port);
  free(poller);
}

static ULONG_PTR key_of(const struct poller *poller, enum port_key_type type) {
  return (ULONG_PTR)&poller->keys[type];
}

int poller_bind(struct poller *poller, int64_t handle, int *os_error) {
  HANDLE bound = CreateIoCompletionPort((HANDLE)(intptr_t)handle, poller->port, key_of(poller, PORT_PACKET), 0);
  if (bound) return HWS_OK;
  *os_error = (int)GetLastError();
  return *os_error == ERROR_NOT_ENOUGH_MEMORY ? HWS_E_NOMEM : HWS_E_PLUGIN;
}

/* ---- waiting ---- */

int poller_wait(struct poller *poller, uint64_t until) {
  struct notify *notify = atomic_load_explicit(&poller->notify, memory_order_acquire);
  ULONG count = 0;
  DWORD ms = until ? park_ms(until) : 0;
  if (notify)
    count = notify_harvest(notify, poller->entries, PORT_BATCH, ms);
  else if (!GetQueuedCompletionStatusEx(poller->port, poller->entries, PORT_BATCH, &count, ms, FALSE))
    count = 0;
  poller->fired = until && until != PARK_FOREVER && clock_now() >= until;
  return (int)count;
}

bool poller_timer_fired(const struct poller *poller) {
  return poller->fired;
}

/* The error of a finished call. Internal is its NTSTATUS, as the documentation of OVERLAPPED has it. */
static int32_t error_of(const OVERLAPPED *overlapped) {
  return overlapped->Internal ? (int32_t)RtlNtStatusToDosError((NTSTATUS)overlapped->Internal) : 0;
}

/* False: nobody's. */
static bool dispatch_packet(const OVERLAPPED_ENTRY *entry) {
  struct hws_packet *packet = (struct hws_packet *)entry->lpOverlapped; /* which its storage begins with */
  if (!packet || !packet->endpoint || packet->direction > HWS_WRITE) return false;
  endpoint_packet((struct endpoint *)packet->endpoint, packet, entry->dwNumberOfBytesTransferred,
                  error_of(entry->lpOverlapped));
  return true;
}

static const struct port_key *find_key(const struct poller *poller, ULONG_PTR key) {
  for (int type = 0; type < PORT_KEYS; type++)
    if (key == key_of(poller, (enum port_key_type)type)) return &poller->keys[type];
  return NULL;
}

/* False: nobody's. */
static bool dispatch_told(struct poller *poller, const OVERLAPPED_ENTRY *entry) {
  struct notify *notify = atomic_load_explicit(&poller->notify, memory_order_acquire);
  struct notify_told told;
  if (!notify || !notify_read(notify, entry, &told)) return false;
  if (told.whose) watch_told(&told);
  return true;
}

static bool dispatch(struct poller *poller, const OVERLAPPED_ENTRY *entry) {
  const struct port_key *key = find_key(poller, entry->lpCompletionKey);
  if (!key) return dispatch_told(poller, entry);
  return key->type != PORT_PACKET || dispatch_packet(entry);
}

unsigned poller_dispatch(struct poller *poller, int count) {
  unsigned strays = 0;
  for (int i = 0; i < count; i++) strays += !dispatch(poller, &poller->entries[i]);
  return strays;
}

void poller_wake(struct poller *poller) {
  PostQueuedCompletionStatus(poller->port, 0, key_of(poller, PORT_WAKE), NULL);
}
