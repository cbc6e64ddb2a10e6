/* SPDX-License-Identifier: Apache-2.0
 *
 * A ProcessSocketNotifications of our own.
 */
#include "tests/core/fake_psn_win32.h"

#include <stdatomic.h>
#include <string.h>

#include "core/lock.h"
#include "tests/core/notify_win32.h"
#include "tests/core/places.h"

enum { REGISTRATIONS = 512, LOOK_MS = 5, EVENTS_TOLD = NOTIFY_IN | NOTIFY_OUT | NOTIFY_HANGUP };

static struct {
  struct lock lock; /* all below */
  struct fake_registration list[REGISTRATIONS];
  struct fake_call last;
  unsigned calls;
  unsigned fail_times;
  DWORD fail_error;
  unsigned whole_times;
  DWORD whole_error;
  bool holds;
} fake;

static atomic_bool running;
static struct thread *thread;

static void post(const struct fake_registration *registration, unsigned events) {
  assert_true(PostQueuedCompletionStatus(registration->port, events, (ULONG_PTR)registration->key, NULL));
}

static struct fake_registration *find(SOCKET socket) {
  for (int i = 0; i < REGISTRATIONS; i++)
    if (fake.list[i].socket == socket) return &fake.list[i];
  return NULL;
}

static void over(struct fake_registration *registration) {
  post(registration, NOTIFY_REMOVED);
  *registration = (struct fake_registration){.socket = INVALID_SOCKET};
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static bool is_socket(SOCKET socket) {
  int type = 0;
  int size = sizeof type;
  return getsockopt(socket, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0;
}

static DWORD enable(HANDLE port, const struct psn_registration *asked) {
  struct fake_registration *registration = find(asked->socket);
  unsigned level = asked->triggers & (NOTIFY_LEVEL | NOTIFY_EDGE);
  assert_true(level == NOTIFY_LEVEL || level == NOTIFY_EDGE);
  if (!registration) {
    registration = find(INVALID_SOCKET);
    assert_non_null(registration);
    registration->key = (uint64_t)(uintptr_t)asked->key; /* kept from the first on */
  }
  assert_false(registration->removing);
  assert_int_equal(registration->key, (uint64_t)(uintptr_t)asked->key);
  registration->socket = asked->socket;
  registration->port = port;
  registration->events = asked->events;
  registration->triggers = asked->triggers;
  registration->enabled = true;
  return ERROR_SUCCESS;
}

static DWORD removed(const struct psn_registration *asked) {
  struct fake_registration *registration = find(asked->socket);
  if (!registration || registration->removing) return ERROR_NOT_FOUND;
  registration->enabled = false;
  registration->removing = true;
  if (!fake.holds) over(registration);
  return ERROR_SUCCESS;
}

static DWORD do_one(HANDLE port, const struct psn_registration *asked) {
  if (fake.fail_times > 0) {
    fake.fail_times--;
    return fake.fail_error;
  }
  /* By the documentation a closed socket has lost its registration. */
  struct fake_registration *registration = find(asked->socket);
  if (!is_socket(asked->socket)) {
    if (registration) *registration = (struct fake_registration){.socket = INVALID_SOCKET};
    return ERROR_INVALID_HANDLE;
  }
  return asked->operation == PSN_REMOVE ? removed(asked) : enable(port, asked);
}

static DWORD WSAAPI process(HANDLE port, uint32_t count, struct psn_registration *asked, uint32_t ms, ULONG room,
                            OVERLAPPED_ENTRY *entries, uint32_t *received) {
  assert_true(count > 0 ? asked != NULL : asked == NULL);
  assert_true(room > 0 ? entries && received : !entries && !received && ms == 0);
  lock_take(&fake.lock);
  bool whole = count > 0 && fake.whole_times > 0;
  if (whole) fake.whole_times--;
  if (count > 0) {
    fake.calls++;
    fake.last = (struct fake_call){.count = count, .room = room, .ms = ms, .first = asked[0]};
  }
  for (uint32_t i = 0; !whole && i < count; i++) asked[i].result = do_one(port, &asked[i]);
  lock_drop(&fake.lock);
  if (whole) return fake.whole_error;
  ULONG got = 0;
  if (room == 0) return ERROR_SUCCESS;
  if (!GetQueuedCompletionStatusEx(port, entries, room, &got, ms, FALSE)) return WAIT_TIMEOUT;
  *received = got;
  return ERROR_SUCCESS;
}

/* ---- what tests do ----------------------------------------------------------------------------------------------- */

void fake_psn_begin(void) {
  memset(&fake, 0, sizeof fake);
  for (int i = 0; i < REGISTRATIONS; i++) fake.list[i].socket = INVALID_SOCKET;
  notify_psn_use(process);
}

void fake_psn_end(void) {
  for (int i = 0; i < REGISTRATIONS; i++) assert_int_equal(fake.list[i].socket, INVALID_SOCKET);
  notify_psn_use(NULL);
}

unsigned fake_psn_calls(void) {
  lock_take(&fake.lock);
  unsigned calls = fake.calls;
  lock_drop(&fake.lock);
  return calls;
}

struct fake_call fake_psn_last(void) {
  lock_take(&fake.lock);
  struct fake_call last = fake.last;
  lock_drop(&fake.lock);
  return last;
}

void fake_psn_fail(unsigned times, DWORD error) {
  lock_take(&fake.lock);
  fake.fail_times = times;
  fake.fail_error = error;
  lock_drop(&fake.lock);
}

void fake_psn_fail_whole(unsigned times, DWORD error) {
  lock_take(&fake.lock);
  fake.whole_times = times;
  fake.whole_error = error;
  lock_drop(&fake.lock);
}

void fake_psn_hold_removals(void) {
  lock_take(&fake.lock);
  fake.holds = true;
  lock_drop(&fake.lock);
}

unsigned fake_psn_release_removals(void) {
  unsigned released = 0;
  lock_take(&fake.lock);
  fake.holds = false;
  for (int i = 0; i < REGISTRATIONS; i++) {
    if (!fake.list[i].removing) continue;
    over(&fake.list[i]);
    released++;
  }
  lock_drop(&fake.lock);
  return released;
}

struct fake_registration fake_psn_find(SOCKET socket) {
  lock_take(&fake.lock);
  const struct fake_registration *found = find(socket);
  struct fake_registration copy = found ? *found : (struct fake_registration){.socket = INVALID_SOCKET};
  lock_drop(&fake.lock);
  return copy;
}

unsigned fake_psn_sockets(SOCKET *sockets, unsigned room) {
  unsigned count = 0;
  lock_take(&fake.lock);
  for (int i = 0; i < REGISTRATIONS; i++) {
    if (fake.list[i].socket == INVALID_SOCKET) continue;
    if (count < room) sockets[count] = fake.list[i].socket;
    count++;
  }
  lock_drop(&fake.lock);
  return count;
}

bool fake_psn_tell(SOCKET socket, unsigned events) {
  lock_take(&fake.lock);
  struct fake_registration *found = find(socket);
  unsigned told = found && found->enabled ? events & (found->events | ~(unsigned)EVENTS_TOLD) : 0;
  if (told) post(found, told);
  if (told && (found->triggers & NOTIFY_ONE_SHOT)) found->enabled = false;
  lock_drop(&fake.lock);
  return told != 0;
}

/* ---- the system's part ------------------------------------------------------------------------------------------- */

static ULONG list_enabled(WSAPOLLFD *items) {
  ULONG count = 0;
  lock_take(&fake.lock);
  for (int i = 0; i < REGISTRATIONS; i++) {
    const struct fake_registration *at = &fake.list[i];
    if (at->socket == INVALID_SOCKET || !at->enabled || !(at->triggers & NOTIFY_ONE_SHOT)) continue;
    SHORT wanted = (SHORT)((at->events & NOTIFY_IN ? POLLRDNORM : 0) | (at->events & NOTIFY_OUT ? POLLWRNORM : 0));
    items[count++] = (WSAPOLLFD){.fd = at->socket, .events = wanted};
  }
  lock_drop(&fake.lock);
  return count;
}

static void look(void *argument) {
  static WSAPOLLFD items[REGISTRATIONS];
  HANDLE nothing = argument;
  while (atomic_load(&running)) {
    ULONG count = list_enabled(items);
    if (count == 0 || WSAPoll(items, count, LOOK_MS) < 0) (void)WaitForSingleObject(nothing, LOOK_MS);
    for (ULONG i = 0; i < count; i++) {
      unsigned events = 0;
      if (items[i].revents & POLLRDNORM) events |= NOTIFY_IN;
      if (items[i].revents & POLLWRNORM) events |= NOTIFY_OUT;
      if (items[i].revents & POLLHUP) events |= NOTIFY_HANGUP;
      if (items[i].revents & POLLERR) events |= NOTIFY_ERROR;
      if (events) (void)fake_psn_tell(items[i].fd, events);
    }
  }
}

static HANDLE never;

void fake_psn_run(void) {
  never = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(never);
  atomic_store(&running, true);
  thread = thread_start(look, never);
}

void fake_psn_halt(void) {
  atomic_store(&running, false);
  SetEvent(never);
  thread_join(thread);
  CloseHandle(never);
}
