/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of this process's pipes.
 *
 * An instance is made under the lock, and no longer counted when it is closed. So where one is counted it exists: the
 * name is ours without a gap, and nobody can have taken it.
 */
#include "transports/npipe_iocp/name.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct pipe_name *names;

/* Pipes have one name in any case of its letters. */
static bool is_same(const struct npipe_address *one, const struct npipe_address *other) {
  return CompareStringOrdinal(pipe_text(one->path), (int)one->length, pipe_text(other->path), (int)other->length,
                              TRUE) == CSTR_EQUAL;
}

static struct pipe_name *find(const struct npipe_address *address) {
  struct pipe_name *name = names;
  while (name && !is_same(&name->address, address)) name = name->next;
  return name;
}

static struct pipe_name *add(const struct hws_host *host, const struct npipe_address *address) {
  struct pipe_name *name = host->alloc(sizeof *name);
  if (!name) return NULL;
  name->address = *address;
  name->next = names;
  names = name;
  return name;
}

struct pipe_name *pipe_name_get(const struct hws_host *host, const struct npipe_address *address) {
  AcquireSRWLockExclusive(&lock);
  struct pipe_name *name = find(address);
  if (!name) name = add(host, address);
  if (name) name->refs++;
  ReleaseSRWLockExclusive(&lock);
  return name;
}

void pipe_name_ref(struct pipe_name *name) {
  AcquireSRWLockExclusive(&lock);
  name->refs++;
  ReleaseSRWLockExclusive(&lock);
}

static void forget(const struct pipe_name *name) {
  struct pipe_name **at = &names;
  while (*at != name) at = &(*at)->next;
  *at = name->next;
}

void pipe_name_unref(struct pipe_name *name, const struct hws_host *host) {
  if (!name) return;
  AcquireSRWLockExclusive(&lock);
  bool last = --name->refs == 0;
  if (last) forget(name);
  ReleaseSRWLockExclusive(&lock);
  if (last) host->release(name);
}

bool pipe_name_is_ours(struct pipe_name *name) {
  AcquireSRWLockExclusive(&lock);
  bool ours = name->instances > 0;
  ReleaseSRWLockExclusive(&lock);
  return ours;
}

bool pipe_name_listen(struct pipe_name *name) {
  AcquireSRWLockExclusive(&lock);
  bool free = !name->listening;
  name->listening = true;
  ReleaseSRWLockExclusive(&lock);
  return free;
}

void pipe_name_unlisten(struct pipe_name *name) {
  AcquireSRWLockExclusive(&lock);
  name->listening = false;
  ReleaseSRWLockExclusive(&lock);
}

HANDLE pipe_name_create(struct pipe_name *name, const struct pipe_kind *kind) {
  AcquireSRWLockExclusive(&lock);
  HANDLE pipe = pipe_create(&name->address, kind, name->instances == 0);
  DWORD error = GetLastError();
  if (pipe != INVALID_HANDLE_VALUE) name->instances++;
  ReleaseSRWLockExclusive(&lock);
  SetLastError(error);
  return pipe;
}

void pipe_name_close(struct pipe_name *name, HANDLE pipe) {
  AcquireSRWLockExclusive(&lock);
  name->instances--;
  ReleaseSRWLockExclusive(&lock);
  (void)CloseHandle(pipe);
}
