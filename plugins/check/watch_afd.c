/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness of sockets for the kit's host, over AFD. A poll for each direction; one that is out while its direction is
 * not armed says nothing when it comes back.
 */
#include "plugins/check/watch_afd.h"

#include <stdlib.h>
#include <winsock2.h>
/* after winsock2.h */
#include <mswsock.h>
#include <winternl.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"

enum { IOCTL_AFD_POLL = 0x12024, FREE_BATCH = 16 };

enum afd_event { AFD_RECEIVE = 1, AFD_SEND = 4, AFD_DISCONNECT = 8, AFD_ABORT = 16, AFD_ACCEPT = 128, AFD_FAIL = 256 };

struct afd_poll {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG exclusive;
  HANDLE socket;
  ULONG events;
  NTSTATUS status;
};

struct poll {
  IO_STATUS_BLOCK io;
  struct afd_poll poll;
  struct check_watch *watch;
  uint32_t direction;
  bool out;
};

/* Lives until the host ends: a poll may come back after the watch was removed. */
struct check_watch {
  struct check_watch *next;
  struct hws_host_endpoint *endpoint; /* NULL: removed */
  struct poll polls[2];               /* by direction */
};

struct check_watches {
  HANDLE port;
  HANDLE device;
  struct check_mutex *mutex; /* what is below, and what endpoints have armed */
  struct check_watch *list;
  unsigned out;
};

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID context, PIO_STATUS_BLOCK io,
                                     ULONG code, PVOID input, ULONG input_bytes, PVOID output, ULONG output_bytes);

static HANDLE device_open(void) {
  static const wchar_t name[] = L"\\Device\\Afd\\hawser-check";
  UNICODE_STRING path = {
      .Length = sizeof name - sizeof *name, .MaximumLength = sizeof name, .Buffer = (wchar_t *)(uintptr_t)name};
  OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &path};
  IO_STATUS_BLOCK io;
  HANDLE device = NULL;
  NTSTATUS status = NtCreateFile(&device, SYNCHRONIZE, &attributes, &io, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 FILE_OPEN, 0, NULL, 0);
  CHECK(status >= 0, "the kit cannot open the device of sockets (status 0x%lx)", (unsigned long)status);
  return device;
}

struct check_watches *check_watches_new(HANDLE port, ULONG_PTR key) {
  struct check_watches *watches = calloc(1, sizeof *watches);
  CHECK(watches, "the kit itself is out of memory");
  watches->port = port;
  watches->device = device_open();
  watches->mutex = check_mutex_new();
  CHECK(CreateIoCompletionPort(watches->device, port, key, 0), "the kit cannot bind the device of sockets");
  return watches;
}

/* What is removed has been cancelled, so all that is out comes back. */
void check_watches_free(struct check_watches *watches) {
  OVERLAPPED_ENTRY entries[FREE_BATCH];
  while (watches->out > 0) {
    ULONG count = 0;
    CHECK(GetQueuedCompletionStatusEx(watches->port, entries, FREE_BATCH, &count, 5000, FALSE),
          "the kit's polls do not come back");
    for (ULONG i = 0; i < count; i++) watches->out -= entries[i].lpOverlapped != NULL;
  }
  for (struct check_watch *watch = watches->list, *next; watch; watch = next) {
    next = watch->next;
    free(watch);
  }
  (void)CloseHandle(watches->device);
  check_mutex_free(watches->mutex);
  free(watches);
}

/* The mutex is held, like below. */
static void submit(struct check_watches *watches, struct poll *poll) {
  bool reads = poll->direction == HWS_READ;
  if (poll->out) return;
  poll->poll.timeout.QuadPart = INT64_MAX;
  poll->poll.count = 1;
  poll->poll.events = AFD_ABORT | AFD_FAIL | (reads ? AFD_RECEIVE | AFD_ACCEPT | AFD_DISCONNECT : AFD_SEND);
  NTSTATUS status = NtDeviceIoControlFile(watches->device, NULL, NULL, poll, &poll->io, IOCTL_AFD_POLL, &poll->poll,
                                          sizeof poll->poll, &poll->poll, sizeof poll->poll);
  CHECK(status >= 0, "watched a descriptor that cannot be (status 0x%lx)", (unsigned long)status);
  poll->out = true;
  watches->out++;
}

static HANDLE base_of(int64_t descriptor) {
  SOCKET base = INVALID_SOCKET;
  DWORD bytes = 0;
  int failed = WSAIoctl((SOCKET)descriptor, (DWORD)SIO_BASE_HANDLE, NULL, 0, &base, sizeof base, &bytes, NULL, NULL);
  CHECK(!failed, "watched a descriptor that is no socket (error %d)", WSAGetLastError());
  return (HANDLE)base;
}

void check_watches_add(struct check_watches *watches, struct hws_host_endpoint *endpoint, int64_t descriptor) {
  struct check_watch *watch = calloc(1, sizeof *watch);
  CHECK(watch, "the kit itself is out of memory");
  watch->endpoint = endpoint;
  check_mutex_lock(watches->mutex);
  CHECK(endpoint->descriptor < 0, "watched twice");
  endpoint->descriptor = descriptor;
  endpoint->watch = watch;
  watch->next = watches->list;
  watches->list = watch;
  for (uint32_t direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct poll *poll = &watch->polls[direction];
    poll->watch = watch;
    poll->direction = direction;
    poll->poll.socket = base_of(descriptor);
    endpoint->armed[direction] = true;
    submit(watches, poll);
  }
  check_mutex_unlock(watches->mutex);
}

void check_watches_remove(struct check_watches *watches, struct hws_host_endpoint *endpoint) {
  int type = 0;
  int size = sizeof type;
  check_mutex_lock(watches->mutex);
  struct check_watch *watch = endpoint->watch;
  if (watch) {
    int failed = getsockopt((SOCKET)endpoint->descriptor, SOL_SOCKET, SO_TYPE, (char *)&type, &size);
    CHECK(!failed, "closed the watched descriptor before destroy");
    for (int direction = HWS_READ; direction <= HWS_WRITE; direction++)
      if (watch->polls[direction].out)
        (void)CancelIoEx(watches->device, (OVERLAPPED *)(void *)&watch->polls[direction].io);
    watch->endpoint = NULL;
  }
  endpoint->watch = NULL;
  endpoint->descriptor = -1;
  check_mutex_unlock(watches->mutex);
}

void check_watches_rearm(struct check_watches *watches, struct hws_host_endpoint *endpoint, uint32_t direction) {
  CHECK(direction == HWS_READ || direction == HWS_WRITE, "rearm of direction %u", direction);
  check_mutex_lock(watches->mutex);
  CHECK(endpoint->watch, "rearm of an endpoint that is not watched");
  endpoint->armed[direction] = true;
  submit(watches, &endpoint->watch->polls[direction]);
  check_mutex_unlock(watches->mutex);
}

bool check_watches_disarm(struct check_watches *watches, struct hws_host_endpoint *endpoint, uint32_t direction) {
  check_mutex_lock(watches->mutex);
  bool was = endpoint->armed[direction];
  endpoint->armed[direction] = false;
  check_mutex_unlock(watches->mutex);
  return was;
}

void check_watches_dispatch(struct check_watches *watches, const OVERLAPPED_ENTRY *entry) {
  struct poll *poll = (struct poll *)(void *)entry->lpOverlapped;
  check_mutex_lock(watches->mutex);
  struct hws_host_endpoint *endpoint = poll->watch->endpoint;
  ULONG events = poll->io.Status >= 0 && poll->poll.count > 0 ? poll->poll.events : 0;
  poll->out = false;
  watches->out--;
  check_mutex_unlock(watches->mutex);
  if (!endpoint || !events) return;
  bool hangup = endpoint->host->tells_hangups && (events & (AFD_DISCONNECT | AFD_ABORT | AFD_FAIL));
  check_endpoint_ready(endpoint, poll->direction | (hangup ? HWS_READY_HANGUP : 0U));
}
