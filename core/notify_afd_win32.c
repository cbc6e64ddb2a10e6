/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness by polls of the driver under Winsock (AFD): what WSAPoll and select are made of, but a poll ends with a
 * packet at the port. The device has been the same since before completion ports, though no document says so; the
 * system's own ProcessSocketNotifications goes before it where there is one.
 *
 * A poll names one socket, tells of what holds when it is made or comes to hold later, and ends with that: it is
 * one-shot and level-triggered by nature. Persistence is a poll again at the next harvest. There is no edge.
 *
 * Invariant: at most one poll of an entry is out, and the entry lives until it has come back; a cancelled one comes
 * back too. Polls are made of handles of the device, a few dozen on each: the system searches a handle's list for one
 * that is to be cancelled.
 */
#include <stdlib.h>
#include <winsock2.h>
/* after winsock2.h */
#include <mswsock.h>
#include <winternl.h>

#include "core/notify_arm_win32.h"

/* ---- the device -------------------------------------------------------------------------------------------------- */

enum { IOCTL_AFD_POLL = 0x12024, GROUP_MAX = 32 };

enum afd_event {
  AFD_RECEIVE = 0x1,
  AFD_SEND = 0x4,
  AFD_DISCONNECT = 0x8, /* the peer sends no more */
  AFD_ABORT = 0x10,
  AFD_LOCAL_CLOSE = 0x20,
  AFD_ACCEPT = 0x80,
  AFD_CONNECT_FAIL = 0x100
};

struct afd_poll {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG exclusive;
  HANDLE socket;
  ULONG events;
  NTSTATUS status;
};

/* A handle of the device, and how many entries poll by it. */
struct afd_group {
  struct afd_group *next;
  HANDLE device;
  uint32_t used;
};

struct afd_entry {
  struct notify_entry entry;
  struct afd_group *group; /* NULL: the system does not know it yet */
  uint32_t asked;          /* of the poll that is out, enum afd_event; 0: none is */
  bool cancelled;          /* that poll was */
  IO_STATUS_BLOCK io;
  struct afd_poll poll;
};

/* Under which the device's packets come; what each is about stands where others have their OVERLAPPED. */
#define AFD_KEY UINT64_MAX

#ifndef STATUS_CANCELLED
#define STATUS_CANCELLED ((NTSTATUS)0xC0000120)
#endif

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID context, PIO_STATUS_BLOCK io,
                                     ULONG code, PVOID input, ULONG input_bytes, PVOID output, ULONG output_bytes);

static HANDLE device_open(NTSTATUS *status) {
  static const wchar_t name[] = L"\\Device\\Afd\\hawser";
  UNICODE_STRING path = {
      .Length = sizeof name - sizeof *name, .MaximumLength = sizeof name, .Buffer = (wchar_t *)(uintptr_t)name};
  OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &path};
  IO_STATUS_BLOCK io;
  HANDLE device = NULL;
  *status = NtCreateFile(&device, SYNCHRONIZE, &attributes, &io, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN,
                         0, NULL, 0);
  return *status >= 0 ? device : NULL;
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

static struct afd_group *group_new(struct notify *notify, int *error) {
  NTSTATUS status;
  struct afd_group *group = calloc(1, sizeof *group);
  *error = ERROR_NOT_ENOUGH_MEMORY;
  if (!group) return NULL;
  group->device = device_open(&status);
  if (group->device && CreateIoCompletionPort(group->device, notify->port, (ULONG_PTR)AFD_KEY, 0)) {
    (void)SetFileCompletionNotificationModes(group->device, FILE_SKIP_SET_EVENT_ON_HANDLE);
    group->next = notify->state;
    notify->state = group;
    return group;
  }
  *error = group->device ? (int)GetLastError() : (int)RtlNtStatusToDosError(status);
  if (group->device) CloseHandle(group->device);
  free(group);
  return NULL;
}

static struct afd_group *group_join(struct notify *notify, int *error) {
  struct afd_group *group = notify->state;
  while (group && group->used == GROUP_MAX) group = group->next;
  if (!group) group = group_new(notify, error);
  if (group) group->used++;
  return group;
}

static void group_free(struct notify *notify, struct afd_group *group) {
  struct afd_group **at = (struct afd_group **)&notify->state;
  while (*at != group) at = &(*at)->next;
  *at = group->next;
  CloseHandle(group->device);
  free(group);
}

/* ---- polls ------------------------------------------------------------------------------------------------------- */

/* The socket below what others may have put between us and the system. */
static HANDLE base_of(SOCKET socket, int *error) {
  SOCKET base = INVALID_SOCKET;
  DWORD bytes = 0;
  int failed = WSAIoctl(socket, (DWORD)SIO_BASE_HANDLE, NULL, 0, &base, sizeof base, &bytes, NULL, NULL);
  if (failed) *error = WSAGetLastError();
  return failed ? NULL : (HANDLE)base;
}

static uint32_t asked_for(unsigned wanted) {
  uint32_t asked = AFD_ABORT | AFD_CONNECT_FAIL | AFD_LOCAL_CLOSE;
  if (wanted & NOTIFY_IN) asked |= AFD_RECEIVE | AFD_ACCEPT | AFD_DISCONNECT;
  if (wanted & NOTIFY_OUT) asked |= AFD_SEND;
  if (wanted & NOTIFY_HANGUP) asked |= AFD_DISCONNECT;
  return asked;
}

static unsigned told_by(uint32_t events) {
  unsigned told = 0;
  if (events & (AFD_RECEIVE | AFD_ACCEPT | AFD_DISCONNECT)) told |= NOTIFY_IN;
  if (events & AFD_SEND) told |= NOTIFY_OUT;
  if (events & AFD_DISCONNECT) told |= NOTIFY_HANGUP;
  if (events & AFD_ABORT) told |= NOTIFY_HANGUP | NOTIFY_ERROR;
  if (events & AFD_CONNECT_FAIL) told |= NOTIFY_ERROR;
  return told;
}

static enum notify_step step_of(DWORD error, int *out) {
  *out = (int)error;
  return notify_step_of(error);
}

static enum notify_step submit(struct afd_entry *afd, int *error) {
  uint32_t asked = asked_for(afd->entry.wanted);
  afd->poll.timeout.QuadPart = INT64_MAX;
  afd->poll.count = 1;
  afd->poll.exclusive = FALSE;
  afd->poll.events = asked;
  afd->poll.status = 0;
  NTSTATUS status = NtDeviceIoControlFile(afd->group->device, NULL, NULL, (void *)(uintptr_t)afd->entry.key, &afd->io,
                                          IOCTL_AFD_POLL, &afd->poll, sizeof afd->poll, &afd->poll, sizeof afd->poll);
  if (status < 0) return step_of(RtlNtStatusToDosError(status), error);
  afd->asked = asked; /* also of one that has ended already: its packet comes */
  afd->cancelled = false;
  return NOTIFY_DONE;
}

static void cancel(struct afd_entry *afd) {
  if (!afd->cancelled) (void)CancelIoEx(afd->group->device, (OVERLAPPED *)(void *)&afd->io);
  afd->cancelled = true;
}

static enum notify_step join(struct notify *notify, struct afd_entry *afd, int *error) {
  afd->poll.socket = base_of(afd->entry.socket, error);
  if (afd->poll.socket) afd->group = group_join(notify, error);
  if (!afd->group) return notify_step_of((DWORD)*error);
  afd->entry.known = true;
  return NOTIFY_DONE;
}

/* ---- the arm ----------------------------------------------------------------------------------------------------- */

static bool afd_open(struct notify *notify) {
  notify->state = NULL; /* the list of groups */
  return true;
}

static void afd_close(struct notify *notify) {
  while (notify->state) group_free(notify, notify->state);
}

/* A poll that asks for too little is cancelled, and made anew when it has come back. */
static enum notify_step afd_apply(struct notify *notify, struct notify_entry *entry, int *error) {
  struct afd_entry *afd = (struct afd_entry *)entry;
  enum notify_step step = afd->group ? NOTIFY_DONE : join(notify, afd, error);
  if (step != NOTIFY_DONE || !entry->wanted) return step;
  if (!afd->asked) return submit(afd, error);
  if (asked_for(entry->wanted) & ~afd->asked) cancel(afd);
  return NOTIFY_DONE;
}

static enum notify_step afd_end(struct notify *notify, struct notify_entry *entry) {
  struct afd_entry *afd = (struct afd_entry *)entry;
  if (!afd->asked) return notify_say_removed(notify, entry);
  cancel(afd);
  return NOTIFY_DONE;
}

static bool afd_claims(const OVERLAPPED_ENTRY *packet, uint64_t *key) {
  if (packet->lpCompletionKey != (ULONG_PTR)AFD_KEY) return false;
  *key = (uint64_t)(uintptr_t)packet->lpOverlapped;
  return true;
}

static uint32_t events_of(const struct afd_entry *afd) {
  return afd->io.Status >= 0 && afd->poll.count > 0 ? afd->poll.events : 0;
}

/* The poll has come back. One that tells nothing of what is wanted is made again. */
static unsigned afd_read(struct notify *notify, struct notify_entry *entry) {
  struct afd_entry *afd = (struct afd_entry *)entry;
  uint32_t events = events_of(afd);
  bool broken = afd->io.Status < 0 && afd->io.Status != STATUS_CANCELLED;
  afd->asked = 0;
  if (entry->removing) return NOTIFY_REMOVED;
  if (events & AFD_LOCAL_CLOSE) entry->wanted = 0; /* nothing can be told of it any more */
  unsigned told = told_by(events & asked_for(entry->wanted));
  if (broken) told = NOTIFY_ERROR;
  bool again = !told || (!broken && (entry->triggers & NOTIFY_PERSISTENT));
  if (again && entry->wanted) notify_make_due(notify, entry);
  return told;
}

static unsigned afd_carry_out(struct notify *notify, OVERLAPPED_ENTRY *entries, unsigned room) {
  (void)entries, (void)room;
  for (struct notify_entry *entry; (entry = notify_take_due(notify));)
    notify_settle(notify, entry, notify_carry_out_one(notify, entry));
  return 0;
}

static void afd_release(struct notify *notify, struct notify_entry *entry) {
  struct afd_group *group = ((struct afd_entry *)entry)->group;
  if (group && --group->used == 0) group_free(notify, group);
}

const struct notify_arm notify_arm_afd = {
    .name = "AFD",
    .entry_bytes = sizeof(struct afd_entry),
    .edge = false,
    .open = afd_open,
    .close = afd_close,
    .apply = afd_apply,
    .end = afd_end,
    .claims = afd_claims,
    .read = afd_read,
    .carry_out = afd_carry_out,
    .release = afd_release,
};
