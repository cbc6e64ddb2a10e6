/* SPDX-License-Identifier: Apache-2.0
 *
 * The registrations of the readiness service, and what becomes of them.
 *
 * A registration lives from notify_register until its NOTIFY_REMOVED was read, or until its removal turned out to be of
 * nothing. Its slot is used again under the next generation, so that a packet of the old one finds nobody.
 */
#include <stdlib.h>

#include "core/notify_arm_win32.h"
#include "core/park.h"

_Static_assert(sizeof(ULONG_PTR) == sizeof(uint64_t), "a completion key holds a key of ours");

enum { NO_SLOT = UINT32_MAX, SLOTS_FIRST = 16, GENERATION_MAX = INT32_MAX, STARVED_MS = 10, DRAIN_BATCH = 64 };

#define DRAIN_NS UINT64_C(2000000000)

struct notify *notify_new(HANDLE port, const struct notify_arm *arm) {
  struct notify *notify = calloc(1, sizeof *notify);
  if (!notify) return NULL;
  if (!arm) arm = notify_psn_found() ? &notify_arm_psn : &notify_arm_afd;
  notify->arm = arm;
  notify->port = port;
  notify->free_slot = NO_SLOT;
  if (arm->open(notify)) return notify;
  free(notify);
  return NULL;
}

const char *notify_name(const struct notify *notify) {
  return notify->arm->name;
}

bool notify_offers(const struct notify *notify, unsigned triggers) {
  switch (triggers) {
  case NOTIFY_ONE_SHOT | NOTIFY_LEVEL:
  case NOTIFY_PERSISTENT | NOTIFY_LEVEL:
    return true;
  case NOTIFY_PERSISTENT | NOTIFY_EDGE:
    return notify->arm->edge;
  default:
    return false;
  }
}

/* ---- slots; the lock is held ------------------------------------------------------------------------------------- */

static uint64_t key_of(uint32_t slot, uint32_t generation) {
  return NOTIFY_KEY_BIT | (uint64_t)generation << 32 | slot;
}

static bool grow(struct notify *notify) {
  uint32_t count = notify->slot_count ? notify->slot_count * 2 : SLOTS_FIRST;
  struct notify_slot *slots = count < NO_SLOT ? realloc(notify->slots, count * sizeof *slots) : NULL;
  if (!slots) return false;
  for (uint32_t i = notify->slot_count; i < count; i++)
    slots[i] = (struct notify_slot){.generation = 1, .next_free = i + 1 < count ? i + 1 : NO_SLOT};
  notify->free_slot = notify->slot_count;
  notify->slots = slots;
  notify->slot_count = count;
  return true;
}

static bool slot_take(struct notify *notify, struct notify_entry *entry) {
  if (notify->free_slot == NO_SLOT && !grow(notify)) return false;
  uint32_t at = notify->free_slot;
  struct notify_slot *slot = &notify->slots[at];
  notify->free_slot = slot->next_free;
  slot->entry = entry;
  entry->key = key_of(at, slot->generation);
  notify->live++;
  return true;
}

/* A slot that has had all its generations is not used again. */
static void slot_give_back(struct notify *notify, const struct notify_entry *entry) {
  uint32_t at = (uint32_t)entry->key;
  struct notify_slot *slot = &notify->slots[at];
  slot->entry = NULL;
  notify->live--;
  if (slot->generation++ == GENERATION_MAX) return;
  slot->next_free = notify->free_slot;
  notify->free_slot = at;
}

static struct notify_entry *find(const struct notify *notify, uint64_t key) {
  uint32_t at = (uint32_t)key;
  struct notify_entry *entry = at < notify->slot_count ? notify->slots[at].entry : NULL;
  return entry && entry->key == key ? entry : NULL;
}

/* ---- what is due; the lock is held ------------------------------------------------------------------------------- */

static void push(struct notify_entry **list, struct notify_entry *entry) {
  entry->due = true;
  entry->due_next = *list;
  *list = entry;
}

void notify_make_due(struct notify *notify, struct notify_entry *entry) {
  if (!entry->due) push(&notify->due, entry);
}

struct notify_entry *notify_take_due(struct notify *notify) {
  struct notify_entry *entry = notify->due;
  if (!entry) return NULL;
  notify->due = entry->due_next;
  entry->due = false;
  return entry;
}

static void forget_due(struct notify *notify, struct notify_entry *entry) {
  struct notify_entry **lists[] = {&notify->due, &notify->starved};
  for (int i = 0; entry->due && i < 2; i++) {
    struct notify_entry **at = lists[i];
    while (*at && *at != entry) at = &(*at)->due_next;
    if (!*at) continue;
    *at = entry->due_next;
    entry->due = false;
  }
}

static enum notify_step say(struct notify *notify, uint64_t key, unsigned events) {
  bool said = PostQueuedCompletionStatus(notify->port, events, (ULONG_PTR)key, NULL);
  return said ? NOTIFY_DONE : NOTIFY_STARVED;
}

enum notify_step notify_say_removed(struct notify *notify, const struct notify_entry *entry) {
  return say(notify, entry->key, NOTIFY_REMOVED);
}

/* What failed for good is told to the owner; a removal that failed leaves nothing that could be told of. */
void notify_settle(struct notify *notify, struct notify_entry *entry, enum notify_step step) {
  if (step == NOTIFY_FAILED) step = say(notify, entry->key, entry->removing ? NOTIFY_REMOVED : NOTIFY_ERROR);
  if (step == NOTIFY_STARVED && !entry->due) push(&notify->starved, entry);
}

enum notify_step notify_carry_out_one(struct notify *notify, struct notify_entry *entry) {
  int error = 0;
  if (!entry->removing) return notify->arm->apply(notify, entry, &error);
  return entry->known ? notify->arm->end(notify, entry) : notify_say_removed(notify, entry);
}

enum notify_step notify_step_of(DWORD error) {
  switch (error) {
  case 0:
    return NOTIFY_DONE;
  case ERROR_NOT_ENOUGH_MEMORY:
  case ERROR_OUTOFMEMORY:
  case ERROR_NO_SYSTEM_RESOURCES:
  case ERROR_NOT_ENOUGH_QUOTA:
  case ERROR_COMMITMENT_LIMIT:
  case WSAENOBUFS:
    return NOTIFY_STARVED;
  default:
    return NOTIFY_FAILED;
  }
}

/* ---- registrations ----------------------------------------------------------------------------------------------- */

static void entry_free(struct notify *notify, struct notify_entry *entry) {
  forget_due(notify, entry);
  if (notify->arm->release) notify->arm->release(notify, entry);
  slot_give_back(notify, entry);
  free(entry);
}

static int triggers_error(const struct notify *notify, unsigned triggers) {
  if (notify_offers(notify, triggers)) return 0;
  return triggers == (NOTIFY_PERSISTENT | NOTIFY_EDGE) ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER;
}

static int begin(struct notify *notify, struct notify_entry *entry, uint64_t *key) {
  int error = ERROR_NOT_ENOUGH_MEMORY;
  if (!slot_take(notify, entry)) {
    free(entry);
    return error;
  }
  *key = entry->key;
  enum notify_step step = notify->arm->apply(notify, entry, &error);
  if (step == NOTIFY_FAILED) {
    entry_free(notify, entry);
    return error;
  }
  notify_settle(notify, entry, step);
  return 0;
}

int notify_register(struct notify *notify, SOCKET socket, void *whose, unsigned events, unsigned triggers,
                    uint64_t *key) {
  int error = triggers_error(notify, triggers);
  if (error) return error;
  struct notify_entry *entry = calloc(1, notify->arm->entry_bytes);
  if (!entry) return ERROR_NOT_ENOUGH_MEMORY;
  entry->socket = socket;
  entry->whose = whose;
  entry->wanted = (uint8_t)events;
  entry->triggers = (uint8_t)triggers;
  lock_take(&notify->lock);
  error = begin(notify, entry, key);
  lock_drop(&notify->lock);
  return error;
}

void notify_want(struct notify *notify, uint64_t key, unsigned events) {
  lock_take(&notify->lock);
  struct notify_entry *entry = find(notify, key);
  if (entry && !entry->removing && (events & ~(unsigned)entry->wanted)) {
    entry->wanted |= (uint8_t)events;
    notify_make_due(notify, entry);
  }
  lock_drop(&notify->lock);
}

void notify_flush(struct notify *notify) {
  lock_take(&notify->lock);
  if (notify->due) (void)notify->arm->carry_out(notify, NULL, 0);
  bool starved = notify->starved;
  lock_drop(&notify->lock);
  if (starved) (void)say(notify, NOTIFY_KEY_BIT, 0); /* of nobody: who sleeps is to try again in a while */
}

static bool begin_end(struct notify *notify, struct notify_entry *entry, bool silently) {
  forget_due(notify, entry);
  entry->removing = true;
  if (silently) entry->whose = NULL;
  enum notify_step step = notify_carry_out_one(notify, entry);
  if (step == NOTIFY_FAILED) {
    entry_free(notify, entry);
    return false;
  }
  notify_settle(notify, entry, step);
  return true;
}

bool notify_remove(struct notify *notify, uint64_t key, bool silently) {
  lock_take(&notify->lock);
  struct notify_entry *entry = find(notify, key);
  bool comes = entry && (entry->removing || begin_end(notify, entry, silently));
  lock_drop(&notify->lock);
  return comes;
}

/* ---- harvest ----------------------------------------------------------------------------------------------------- */

/* Lock held. Those that were without memory have another try. */
static void revive_starved(struct notify *notify) {
  for (struct notify_entry *entry; (entry = notify->starved);) {
    notify->starved = entry->due_next;
    push(&notify->due, entry);
  }
}

unsigned notify_harvest(struct notify *notify, OVERLAPPED_ENTRY *entries, unsigned room, DWORD ms) {
  ULONG count = 0;
  lock_take(&notify->lock);
  revive_starved(notify);
  if (notify->due) count = notify->arm->carry_out(notify, entries, room);
  if (notify->starved && ms > STARVED_MS) ms = STARVED_MS;
  lock_drop(&notify->lock);
  if (count) return count;
  return GetQueuedCompletionStatusEx(notify->port, entries, room, &count, ms, FALSE) ? count : 0;
}

/* Lock held. */
static void tell(struct notify *notify, struct notify_entry *entry, unsigned events, struct notify_told *told) {
  told->whose = entry->whose;
  if (events & NOTIFY_REMOVED) {
    told->events = NOTIFY_REMOVED;
    entry_free(notify, entry);
  } else if (events && !entry->removing) {
    told->events = events;
    if (entry->triggers & NOTIFY_ONE_SHOT) entry->wanted = 0;
  }
}

bool notify_read(struct notify *notify, const OVERLAPPED_ENTRY *packet, struct notify_told *told) {
  const struct notify_arm *arm = notify->arm;
  uint64_t key = packet->lpCompletionKey;
  bool claimed = arm->claims && arm->claims(packet, &key);
  *told = (struct notify_told){.key = key};
  if (!(key & NOTIFY_KEY_BIT)) return false;
  lock_take(&notify->lock);
  struct notify_entry *entry = find(notify, key);
  bool ours = key == NOTIFY_KEY_BIT || (uint32_t)key < notify->slot_count;
  if (entry)
    tell(notify, entry, claimed ? arm->read(notify, entry) : packet->dwNumberOfBytesTransferred, told);
  else if (key != NOTIFY_KEY_BIT)
    notify->stale += ours;
  lock_drop(&notify->lock);
  return ours;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

unsigned notify_count(struct notify *notify) {
  lock_take(&notify->lock);
  unsigned count = notify->live;
  lock_drop(&notify->lock);
  return count;
}

unsigned notify_stale(struct notify *notify) {
  lock_take(&notify->lock);
  unsigned count = notify->stale;
  lock_drop(&notify->lock);
  return count;
}

/* The system may still write to what is polled: whatever does not come back in time is left behind with its memory. */
static bool drain(struct notify *notify) {
  OVERLAPPED_ENTRY entries[DRAIN_BATCH];
  struct notify_told told;
  uint64_t until = clock_now() + DRAIN_NS;
  for (uint32_t i = 0; i < notify->slot_count; i++)
    if (notify->slots[i].entry) (void)notify_remove(notify, notify->slots[i].entry->key, true);
  while (notify->live && clock_now() < until) {
    unsigned count = notify_harvest(notify, entries, DRAIN_BATCH, STARVED_MS);
    for (unsigned i = 0; i < count; i++) (void)notify_read(notify, &entries[i], &told);
  }
  return notify->live == 0;
}

void notify_free(struct notify *notify) {
  if (!notify || !drain(notify)) return;
  notify->arm->close(notify);
  free(notify->slots);
  free(notify);
}
