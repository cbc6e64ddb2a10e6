/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness and packets of the simulated network, for the kit's host.
 */
#include <stdlib.h>

#include "core/loop_sim.h"
#include "core/scheduler_sim.h"
#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"
#include "plugins/check/poller.h"

#define MS UINT64_C(1000000)

enum { READY_READ = 1, READY_WRITE = 2, READY_HANGUP = 4 }; /* as core/loop.h has them */

struct poller {
  bool woken;
  struct watched *ready;
  struct ported *first;
  struct ported *last;
};

struct check_poller {
  struct poller poller;
};

struct check_poller *check_poller_new(void) {
  struct check_poller *poller = calloc(1, sizeof *poller);
  CHECK(poller, "the kit itself is out of memory");
  return poller;
}

void check_poller_free(struct check_poller *poller) {
  free(poller);
}

uint64_t check_poller_offers(void) {
  return HWS_HOST_WATCH | HWS_HOST_UNWATCH | HWS_HOST_PORT;
}

unsigned check_poller_armings(void) {
  return CHECK_ARM_ONE_SHOT + 1;
}

/* ---- what the network calls ---- */

void watched_edge(struct watched *watched, unsigned bits) {
  watched->ready |= bits & (watched->asked | READY_HANGUP);
  if (!watched->poller || watched->listed || !watched->ready) return;
  watched->listed = true;
  watched->next = watched->poller->ready;
  watched->poller->ready = watched;
  sim_wake(watched->poller, 1);
}

void bound_end(const struct bound *bound, struct ported *ported) {
  struct poller *poller = bound->poller;
  ported->next = NULL;
  *(poller->last ? &poller->last->next : &poller->first) = ported;
  poller->last = ported;
  sim_wake(poller, 1);
}

/* ---- watches ---- */

static struct watched *watched_of(const struct hws_host_endpoint *endpoint) {
  return (struct watched *)(intptr_t)endpoint->descriptor;
}

/* The endpoint's `arming` is held. To arm asks anew. */
static void arm(struct hws_host_endpoint *endpoint) {
  struct watched *watched = watched_of(endpoint);
  watched->asked = (endpoint->armed[HWS_READ] ? READY_READ : 0U) | (endpoint->armed[HWS_WRITE] ? READY_WRITE : 0U);
  watched->ready &= watched->asked | READY_HANGUP;
  if (watched->asked) watched_edge(watched, watched->level & (watched->asked | READY_HANGUP));
}

int32_t check_poller_watch(struct hws_host_endpoint *endpoint, int64_t descriptor) {
  CHECK(endpoint->descriptor < 0, "watched twice");
  check_mutex_lock(endpoint->arming);
  endpoint->descriptor = descriptor;
  endpoint->armed[HWS_READ] = true;
  endpoint->armed[HWS_WRITE] = endpoint->host->arming != CHECK_ARM_ON_DEMAND;
  watched_of(endpoint)->poller = &endpoint->host->poller->poller;
  watched_of(endpoint)->endpoint = (struct endpoint *)endpoint;
  arm(endpoint);
  check_mutex_unlock(endpoint->arming);
  return HWS_IO_OK;
}

static void unlist(struct watched *watched) {
  if (!watched->listed) return;
  struct watched **place = &watched->poller->ready;
  while (*place != watched) place = &(*place)->next;
  *place = watched->next;
  watched->listed = false;
}

void check_poller_unwatch(struct hws_host_endpoint *endpoint) {
  check_mutex_lock(endpoint->arming);
  if (endpoint->descriptor >= 0) {
    unlist(watched_of(endpoint));
    watched_of(endpoint)->poller = NULL;
  }
  endpoint->descriptor = -1;
  check_mutex_unlock(endpoint->arming);
}

void check_poller_rearm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  CHECK(direction == HWS_READ || direction == HWS_WRITE, "rearm of direction %u", direction);
  check_mutex_lock(endpoint->arming);
  CHECK(endpoint->descriptor >= 0, "rearm of an endpoint that is not watched");
  bool change = !endpoint->armed[direction];
  endpoint->armed[direction] = true;
  if (change) arm(endpoint);
  check_mutex_unlock(endpoint->arming);
}

bool check_poller_disarm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  enum check_arming arming = endpoint->host->arming;
  if (arming == CHECK_ARM_AT_ONCE) return true;
  check_mutex_lock(endpoint->arming);
  bool was = endpoint->armed[direction];
  if (arming == CHECK_ARM_ONE_SHOT || direction == HWS_WRITE) endpoint->armed[direction] = false;
  if (endpoint->descriptor >= 0 && arming == CHECK_ARM_ON_DEMAND) arm(endpoint);
  check_mutex_unlock(endpoint->arming);
  return was || arming == CHECK_ARM_ON_DEMAND;
}

int32_t check_poller_bind(struct hws_host_endpoint *endpoint, int64_t handle) {
  struct bound *bound = (struct bound *)(intptr_t)handle;
  bool refuse = endpoint->host->refuse_watch;
  endpoint->host->refuse_watch = false;
  if (!refuse) bound->poller = &endpoint->host->poller->poller;
  return refuse ? HWS_IO_NOMEM : HWS_IO_OK;
}

/* ---- waiting ---- */

/* One-shot: the event silenced the descriptor, also for a direction that is still armed. */
static void resume(struct hws_host_endpoint *endpoint) {
  if (endpoint->host->arming != CHECK_ARM_ONE_SHOT) return;
  check_mutex_lock(endpoint->arming);
  if (endpoint->descriptor >= 0) arm(endpoint);
  check_mutex_unlock(endpoint->arming);
}

static void dispatch_any(struct poller *poller) {
  unsigned count = 0;
  for (const struct watched *each = poller->ready; each; each = each->next) count++;
  struct watched *watched = poller->ready;
  for (unsigned skip = (unsigned)sim_dice(count); skip; skip--) watched = watched->next;
  struct hws_host_endpoint *endpoint = (struct hws_host_endpoint *)watched->endpoint;
  unsigned bits = watched->ready;
  unlist(watched);
  watched->ready = 0;
  if (endpoint->host->arming == CHECK_ARM_ONE_SHOT) watched->asked = 0;
  uint32_t flags = endpoint->host->tells_hangups && (bits & READY_HANGUP) ? HWS_READY_HANGUP : 0;
  if (bits & (READY_READ | READY_HANGUP)) check_endpoint_ready(endpoint, HWS_READ | flags);
  if (bits & READY_WRITE) check_endpoint_ready(endpoint, HWS_WRITE | flags);
  resume(endpoint);
}

static void dispatch_packet(struct poller *poller) {
  struct ported ported = *poller->first;
  poller->first = ported.next;
  if (!poller->first) poller->last = NULL;
  struct hws_packet *packet = ported.packet;
  CHECK(packet->endpoint, "a packet came back that names no endpoint");
  CHECK(packet->direction <= HWS_WRITE, "a packet came back of direction %u", packet->direction);
  check_endpoint_packet(packet->endpoint, packet, ported.bytes, ported.os_error);
}

void check_poller_wait(struct check_poller *kit, struct check_host *host, int timeout_ms) {
  enum { BATCH = 64 };
  struct poller *poller = &kit->poller;
  (void)host;
  sim_point("poll");
  uint64_t until = sim_now() + (uint64_t)timeout_ms * MS;
  while (!poller->woken && !poller->ready && !poller->first && sim_now() < until)
    if (sim_sleep(poller, until, false, "polling") == SIM_LATE) break;
  poller->woken = false;
  for (int i = 0; i < BATCH && (poller->ready || poller->first); i++)
    if (poller->ready)
      dispatch_any(poller);
    else
      dispatch_packet(poller);
}

void check_poller_wake(struct check_poller *kit) {
  kit->poller.woken = true;
  sim_wake(&kit->poller, 1);
  sim_point("kick");
}
