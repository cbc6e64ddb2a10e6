/* SPDX-License-Identifier: Apache-2.0
 *
 * The poller of the simulated system. Watches are edge-triggered, as epoll's are; what the edges of one wait are told
 * in is the dice's choice.
 */
#include "core/loop_sim.h"

#include <errno.h>
#include <stdlib.h>

#include "core/endpoint.h"
#include "core/failing_sim.h"
#include "core/loop.h"
#include "core/scheduler_sim.h"

enum { BATCH = 64 };

struct told {
  struct endpoint *endpoint;
  unsigned bits;
  struct ported ported;
};

struct poller {
  struct poller *next_freed;
  bool freed;
  bool woken;
  bool fired;
  struct watched *ready;
  struct ported *first; /* packets come in the order in which their calls ended */
  struct ported *last;
  struct told told[BATCH];
};

struct poller *poller_new(void) {
  return failing_sim("poller") ? NULL : calloc(1, sizeof(struct poller));
}

/* It stays until all is over, as whoever uses it then would on a real system write into another's descriptor. */
static struct poller *freed;
static unsigned strays;

void poller_free(struct poller *poller) {
  poller->freed = true;
  poller->next_freed = freed;
  freed = poller;
}

unsigned poller_sim_forget(void) {
  unsigned count = strays;
  strays = 0;
  for (struct poller *poller; (poller = freed);) {
    freed = poller->next_freed;
    free(poller);
  }
  return count;
}

/* ---- watches ---- */

static struct watched *watched_of(int64_t descriptor) {
  return (struct watched *)(intptr_t)descriptor;
}

void watched_edge(struct watched *watched, unsigned bits) {
  watched->ready |= bits & (watched->asked | READY_HANGUP);
  if (!watched->poller || watched->listed || !watched->ready) return;
  watched->listed = true;
  watched->next = watched->poller->ready;
  watched->poller->ready = watched;
  sim_wake(watched->poller, 1);
}

int poller_watch(struct poller *poller, int64_t descriptor, struct endpoint *endpoint, bool both, int *os_error) {
  struct watched *watched = watched_of(descriptor);
  if (failing_sim("watch")) {
    *os_error = ENOSPC;
    return HWS_E_LIMIT;
  }
  watched->poller = poller;
  watched->endpoint = endpoint;
  watched->asked = READY_READ | (both ? READY_WRITE : 0U);
  watched->ready = 0;
  watched_edge(watched, watched->level);
  return HWS_OK;
}

void poller_arm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint) {
  (void)poller, (void)endpoint;
  struct watched *watched = watched_of(descriptor);
  watched->asked |= READY_WRITE;
  watched_edge(watched, watched->level); /* to change a watch asks anew */
}

void poller_disarm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint) {
  (void)poller, (void)endpoint;
  watched_of(descriptor)->asked &= ~(unsigned)READY_WRITE;
  watched_edge(watched_of(descriptor), watched_of(descriptor)->level);
}

static void unlist(struct watched *watched) {
  if (!watched->listed) return;
  struct watched **place = &watched->poller->ready;
  while (*place != watched) place = &(*place)->next;
  *place = watched->next;
  watched->listed = false;
}

bool poller_unwatch(struct poller *poller, struct endpoint *endpoint, bool tell) {
  (void)poller, (void)tell;
  struct watched *watched = watched_of(endpoint->descriptor);
  unlist(watched);
  watched->poller = NULL;
  return true;
}

enum readiness_means poller_readiness(void) {
  return READINESS_EPOLL;
}

/* ---- the port ---- */

int poller_bind(struct poller *poller, int64_t handle, int *os_error) {
  if (failing_sim("bind")) {
    *os_error = ENOMEM;
    return HWS_E_NOMEM;
  }
  ((struct bound *)(intptr_t)handle)->poller = poller;
  return HWS_OK;
}

void bound_end(const struct bound *bound, struct ported *ported) {
  struct poller *poller = bound->poller;
  ported->next = NULL;
  *(poller->last ? &poller->last->next : &poller->first) = ported;
  poller->last = ported;
  sim_wake(poller, 1);
}

/* ---- waiting ---- */

static struct watched *take_any(struct poller *poller) {
  unsigned count = 0;
  for (const struct watched *each = poller->ready; each; each = each->next) count++;
  struct watched *chosen = poller->ready;
  for (unsigned skip = (unsigned)sim_dice(count); skip; skip--) chosen = chosen->next;
  unlist(chosen);
  return chosen;
}

static int collect(struct poller *poller) {
  int count = 0;
  for (; count < BATCH && poller->ready; count++) {
    struct watched *watched = take_any(poller);
    poller->told[count] = (struct told){.endpoint = watched->endpoint, .bits = watched->ready};
    watched->ready = 0;
  }
  for (; count < BATCH && poller->first; count++) {
    struct ported *ported = poller->first;
    poller->first = ported->next;
    if (!poller->first) poller->last = NULL;
    poller->told[count] = (struct told){.ported = *ported};
  }
  return count;
}

int poller_wait(struct poller *poller, uint64_t until) {
  sim_point("poll");
  enum sim_wake woken = SIM_WOKEN;
  while (!poller->woken && !poller->ready && !poller->first && until > sim_now() && woken == SIM_WOKEN)
    woken = sim_sleep(poller, until, true, "polling");
  poller->fired = until && until != SIM_NEVER && sim_now() >= until;
  if (woken == SIM_INTERRUPTED) return -1;
  int count = collect(poller);
  if (poller->woken && count < BATCH) poller->told[count++] = (struct told){0}; /* that is all it says */
  poller->woken = false;
  return count;
}

unsigned poller_dispatch(struct poller *poller, int count) {
  for (int i = 0; i < count && i < BATCH; i++) {
    const struct told *told = &poller->told[i];
    if (told->endpoint)
      endpoint_ready(told->endpoint, told->bits);
    else if (told->ported.packet)
      endpoint_packet((struct endpoint *)told->ported.packet->endpoint, told->ported.packet, told->ported.bytes,
                      told->ported.os_error);
  }
  return 0;
}

bool poller_timer_fired(const struct poller *poller) {
  return poller->fired;
}

void poller_wake(struct poller *poller) {
  strays += poller->freed;
  poller->woken = true;
  sim_wake(poller, 1);
  sim_point("kick");
}
