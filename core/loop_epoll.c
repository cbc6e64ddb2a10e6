/* SPDX-License-Identifier: Apache-2.0
 *
 * The poller over epoll.
 *
 * Descriptors are registered once, edge-triggered. A caller-driven loop asks for both directions at once; a loop with
 * an I/O thread asks for writability only between a would-block and the event that ends it: left armed it costs a
 * wake-up for whatever the peer reads.
 *
 * Time is a descriptor too. A wait with a limit of its own costs the system a timer each time, and us a look at the
 * clock; a keep-alive half a minute away is no reason for that. So a timerfd is set to the earliest time that anybody
 * waited for, and is only moved when somebody has less time: one that fires for nothing costs a turn.
 *
 * An endpoint is freed by the driver between two waits, never between a wait and
 * the handling of its events, so an event's pointer is always good.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/endpoint.h"
#include "core/loop.h"
#include "core/park.h"

enum { BATCH = 64, NS_PER_S = 1000000000 };

struct poller {
  int epoll;
  int wake;  /* never read: an edge needs no reset */
  int timer; /* likewise */
  /* When the timer fires; PARK_FOREVER: it does not. The driver's, like what stands below. */
  uint64_t timer_at;
  bool timer_fired;
  /* Orders what stood before a watch before the handling of its events: the system does, no memory model says so. */
  atomic_uint watches;
  struct epoll_event events[BATCH];
};

/* Events of our own descriptors have no endpoint; the timer's are told by the poller's address. */
static bool watch_own(struct poller *poller, int descriptor, void *tag) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = tag};
  return descriptor >= 0 && epoll_ctl(poller->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

struct poller *poller_new(void) {
  struct poller *poller = calloc(1, sizeof *poller);
  if (!poller) return NULL;
  poller->timer_at = PARK_FOREVER;
  poller->epoll = epoll_create1(EPOLL_CLOEXEC);
  poller->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  poller->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (poller->epoll < 0 || !watch_own(poller, poller->wake, NULL) || !watch_own(poller, poller->timer, poller)) {
    poller_free(poller);
    return NULL;
  }
  return poller;
}

void poller_free(struct poller *poller) {
  if (poller->epoll >= 0) close(poller->epoll);
  if (poller->wake >= 0) close(poller->wake);
  if (poller->timer >= 0) close(poller->timer);
  free(poller);
}

static int control(struct poller *poller, int op, int64_t descriptor, struct endpoint *endpoint, uint32_t more) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET | more, .data.ptr = endpoint};
  return epoll_ctl(poller->epoll, op, (int)descriptor, &event);
}

int poller_watch(struct poller *poller, int64_t descriptor, struct endpoint *endpoint, bool both, int *os_error) {
  atomic_fetch_add_explicit(&poller->watches, 1, memory_order_release);
  if (control(poller, EPOLL_CTL_ADD, descriptor, endpoint, both ? EPOLLOUT : 0) == 0) return HWS_OK;
  *os_error = errno;
  return errno == ENOMEM ? HWS_E_NOMEM : errno == ENOSPC ? HWS_E_LIMIT : HWS_E_PLUGIN;
}

void poller_arm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint) {
  control(poller, EPOLL_CTL_MOD, descriptor, endpoint, EPOLLOUT);
}

void poller_disarm_write(struct poller *poller, int64_t descriptor, struct endpoint *endpoint) {
  control(poller, EPOLL_CTL_MOD, descriptor, endpoint, 0);
}

/* Explicitly: closing the descriptor is not enough while a forked child holds a copy. */
bool poller_unwatch(struct poller *poller, struct endpoint *endpoint, bool tell) {
  (void)tell;
  epoll_ctl(poller->epoll, EPOLL_CTL_DEL, (int)endpoint->descriptor, NULL);
  return true;
}

enum readiness_means poller_readiness(void) {
  return READINESS_EPOLL;
}

/* Have the timer fire by `until`. */
static void set_timer(struct poller *poller, uint64_t until) {
  if (until >= poller->timer_at) return;
  struct itimerspec when = {.it_value = {.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S)}};
  if (timerfd_settime(poller->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0) poller->timer_at = until;
}

static unsigned ready_bits(uint32_t events) {
  unsigned bits = (events & EPOLLIN ? READY_READ : 0U) | (events & EPOLLOUT ? READY_WRITE : 0U);
  if (events & EPOLLRDHUP) bits |= READY_READ | READY_HANGUP;
  if (events & (EPOLLERR | EPOLLHUP)) bits |= READY_READ | READY_WRITE | READY_HANGUP;
  return bits;
}

int poller_wait(struct poller *poller, uint64_t until) {
  poller->timer_fired = false;
  if (until != 0) set_timer(poller, until);
  int count = epoll_wait(poller->epoll, poller->events, BATCH, until == 0 ? 0 : -1);
  return count < 0 && errno != EINTR ? 0 : count;
}

unsigned poller_dispatch(struct poller *poller, int count) {
  atomic_load_explicit(&poller->watches, memory_order_acquire);
  for (int i = 0; i < count; i++) {
    void *whose = poller->events[i].data.ptr;
    if (whose == poller) {
      poller->timer_at = PARK_FOREVER;
      poller->timer_fired = true;
    } else if (whose) {
      endpoint_ready(whose, ready_bits(poller->events[i].events));
    }
  }
  return 0;
}

bool poller_timer_fired(const struct poller *poller) {
  return poller->timer_fired;
}

void poller_wake(struct poller *poller) {
  uint64_t one = 1;
  ssize_t done;
  do done = write(poller->wake, &one, sizeof one);
  while (done < 0 && errno == EINTR);
}

int poller_bind(struct poller *poller, int64_t handle, int *os_error) {
  (void)poller, (void)handle;
  *os_error = ENOSYS; /* no completion ports here */
  return HWS_E_UNSUPPORTED;
}
