/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness by ProcessSocketNotifications. The system holds the registration; all that is kept here is what it was told
 * last.
 *
 * The call can wait as well, but what came of each registration is known only when it returns, and one that the system
 * had no memory for would sleep on. So it re-arms and takes what is there in one call, without waiting; where nothing
 * is, the wait follows.
 */
#include "core/notify_psn_win32.h"

#include "core/notify_arm_win32.h"

_Static_assert(sizeof(struct psn_registration) == 24, "as the system has it");

enum { BATCH = 64 };

static psn_function given;

void notify_psn_use(psn_function function) {
  given = function;
}

static psn_function find_function(void) {
  HMODULE module = given ? NULL : GetModuleHandleW(L"ws2_32.dll");
  FARPROC found = module ? GetProcAddress(module, "ProcessSocketNotifications") : NULL;
  return given ? given : (psn_function)(void (*)(void))found;
}

bool notify_psn_found(void) {
  return find_function() != NULL;
}

static bool psn_open(struct notify *notify) {
  notify->state = (void *)(uintptr_t)find_function();
  return notify->state != NULL;
}

static void psn_close(struct notify *notify) {
  notify->state = NULL;
}

static struct psn_registration registration_of(const struct notify_entry *entry) {
  struct psn_registration registration = {.socket = entry->socket,
                                          .key = (void *)(uintptr_t)entry->key,
                                          .events = entry->wanted,
                                          .operation = PSN_ENABLE,
                                          .triggers = entry->triggers};
  if (!entry->removing) return registration;
  registration.operation = PSN_REMOVE;
  registration.events = 0;
  registration.triggers = 0;
  return registration;
}

/* Each registration's own result is what counts; without success of the whole nothing has changed. */
static uint32_t process(struct notify *notify, struct psn_registration *list, uint32_t count, OVERLAPPED_ENTRY *entries,
                        unsigned room) {
  psn_function call = (psn_function)(uintptr_t)notify->state;
  uint32_t received = 0;
  DWORD error = call(notify->port, count, list, 0, room, room ? entries : NULL, room ? &received : NULL);
  bool whole = error == ERROR_SUCCESS || error == WAIT_TIMEOUT || error == ERROR_TIMEOUT;
  for (uint32_t i = 0; !whole && i < count; i++) list[i].result = error;
  return whole ? received : 0;
}

static enum notify_step step_of(struct notify_entry *entry, const struct psn_registration *registration) {
  enum notify_step step = notify_step_of(registration->result);
  if (step == NOTIFY_DONE) entry->known = true;
  return step;
}

/* What wants nothing, and what was never registered and is over, the system does not hear of. */
static bool is_for_the_system(const struct notify_entry *entry) {
  return entry->removing ? entry->known : entry->wanted != 0;
}

static enum notify_step psn_apply(struct notify *notify, struct notify_entry *entry, int *error) {
  struct psn_registration registration = registration_of(entry);
  *error = 0;
  if (!is_for_the_system(entry)) return NOTIFY_DONE;
  (void)process(notify, &registration, 1, NULL, 0);
  *error = (int)registration.result;
  return step_of(entry, &registration);
}

static enum notify_step psn_end(struct notify *notify, struct notify_entry *entry) {
  int error;
  return psn_apply(notify, entry, &error);
}

static unsigned psn_carry_out(struct notify *notify, OVERLAPPED_ENTRY *entries, unsigned room) {
  struct psn_registration list[BATCH];
  struct notify_entry *whose[BATCH];
  uint32_t received = 0;
  while (notify->due && !received) {
    uint32_t count = 0;
    for (struct notify_entry *entry; count < BATCH && (entry = notify_take_due(notify));) {
      if (is_for_the_system(entry)) {
        list[count] = registration_of(entry);
        whose[count++] = entry;
      } else {
        notify_settle(notify, entry, notify_carry_out_one(notify, entry));
      }
    }
    received = count ? process(notify, list, count, entries, room) : 0;
    for (uint32_t i = 0; i < count; i++) notify_settle(notify, whose[i], step_of(whose[i], &list[i]));
  }
  return received;
}

const struct notify_arm notify_arm_psn = {
    .name = "ProcessSocketNotifications",
    .entry_bytes = sizeof(struct notify_entry),
    .edge = true,
    .open = psn_open,
    .close = psn_close,
    .apply = psn_apply,
    .end = psn_end,
    .carry_out = psn_carry_out,
};
