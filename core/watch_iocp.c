/* SPDX-License-Identifier: Apache-2.0
 *
 * Watching sockets for endpoints, by the readiness service on the loop's port (notify_win32.h).
 *
 * A registration is one-shot and level-triggered, since a driver may hand over to another at any time. It tells of both
 * directions at once and is silent then; so what a direction asked for is kept with it (`armed`), and asked for again
 * if it was not it that became ready.
 */
#include "core/watch_iocp.h"

#include <stdlib.h>

#include "core/endpoint.h"
#include "core/loop.h"
#include "core/notify_arm_win32.h"
#include "core/port_iocp.h"

static const unsigned events_of[] = {[HWS_READ] = NOTIFY_IN | NOTIFY_HANGUP, [HWS_WRITE] = NOTIFY_OUT};

/* The service, made for the first who needs it: there may be none, and of two the second goes. */
static struct notify *service_of(struct poller *poller) {
  struct notify *notify = atomic_load_explicit(&poller->notify, memory_order_acquire);
  if (notify) return notify;
  struct notify *made = notify_new(poller->port, NULL);
  if (!made || atomic_compare_exchange_strong(&poller->notify, &notify, made)) return made;
  notify_free(made);
  return notify;
}

int poller_watch(struct poller *poller, int64_t descriptor, struct endpoint *endpoint, bool both, int *os_error) {
  struct notify *notify = service_of(poller);
  (void)both;
  if (!notify) return HWS_E_NOMEM;
  *os_error = notify_register(notify, (SOCKET)descriptor, endpoint, events_of[HWS_READ], NOTIFY_ONE_SHOT | NOTIFY_LEVEL,
                              &endpoint->watch);
  if (!*os_error) return HWS_OK;
  return *os_error == ERROR_NOT_ENOUGH_MEMORY ? HWS_E_NOMEM : HWS_E_PLUGIN;
}

bool poller_unwatch(struct poller *poller, struct endpoint *endpoint, bool tell) {
  return !notify_remove(atomic_load(&poller->notify), endpoint->watch, !tell);
}

void watch_arm(struct endpoint *endpoint, unsigned which) {
  notify_want(atomic_load(&endpoint->loop->poller->notify), endpoint->watch, events_of[which]);
}

void watch_flush(struct poller *poller) {
  notify_flush(atomic_load(&poller->notify));
}

enum readiness_means poller_readiness(void) {
  return notify_psn_found() ? READINESS_NOTIFICATIONS : READINESS_AFD;
}

static unsigned ready_bits(unsigned events) {
  unsigned bits = 0;
  if (events & NOTIFY_IN) bits |= READY_READ;
  if (events & NOTIFY_OUT) bits |= READY_WRITE;
  if (events & NOTIFY_HANGUP) bits |= READY_READ | READY_HANGUP;
  if (events & NOTIFY_ERROR) bits |= READY_READ | READY_WRITE | READY_HANGUP;
  return bits;
}

/* Before the endpoint hears of it: what it asks for from then on is new. */
static void arm_the_others(struct endpoint *endpoint, unsigned bits) {
  for (unsigned which = HWS_READ; which <= HWS_WRITE; which++) {
    if (bits & (1U << which))
      atomic_store(&endpoint->directions[which].armed, false);
    else if (atomic_load(&endpoint->directions[which].armed))
      watch_arm(endpoint, which);
  }
}

void watch_told(const struct notify_told *told) {
  struct endpoint *endpoint = told->whose;
  if (told->events & NOTIFY_REMOVED) {
    endpoint_unwatched(endpoint);
  } else if (told->events) {
    arm_the_others(endpoint, ready_bits(told->events));
    endpoint_ready(endpoint, ready_bits(told->events));
  }
}

/* Nothing stays armed that would have to be taken back. */
void poller_disarm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint) {
  (void)poller, (void)descriptor, (void)endpoint;
}
