/* SPDX-License-Identifier: Apache-2.0
 *
 * The poller over epoll.
 *
 * Descriptors are registered once, edge-triggered. A caller-driven loop asks for both directions at once; a loop with
 * an I/O thread asks for writability only between a would-block and the event that ends it: left armed it costs a
 * wake-up for whatever the peer reads. An endpoint is freed by the driver between two waits, never between a wait and
 * the handling of its events, so an event's pointer is always good.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/endpoint.h"
#include "core/loop.h"
#include "core/park.h"

enum { BATCH = 64, NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

struct poller {
  int epoll;
  int wake;    /* never read: an edge needs no reset */
  bool coarse; /* no epoll_pwait2 here (older kernels, filters, valgrind): milliseconds have to do */
  /* Orders what stood before a watch before the handling of its events: the system does, no memory model says so. */
  atomic_uint watches;
  struct epoll_event events[BATCH];
};

struct poller *poller_new(void) {
  struct poller *poller = calloc(1, sizeof *poller);
  if (!poller) return NULL;
  poller->epoll = epoll_create1(EPOLL_CLOEXEC);
  poller->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  if (poller->epoll < 0 || poller->wake < 0 || epoll_ctl(poller->epoll, EPOLL_CTL_ADD, poller->wake, &event) != 0) {
    poller_free(poller);
    return NULL;
  }
  return poller;
}

void poller_free(struct poller *poller) {
  if (poller->epoll >= 0) close(poller->epoll);
  if (poller->wake >= 0) close(poller->wake);
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
void poller_unwatch(struct poller *poller, int64_t descriptor) {
  epoll_ctl(poller->epoll, EPOLL_CTL_DEL, (int)descriptor, NULL);
}

static int wait_for_events(struct poller *poller, uint64_t until) {
  if (until == 0) return epoll_wait(poller->epoll, poller->events, BATCH, 0);
  if (until == PARK_FOREVER) return epoll_wait(poller->epoll, poller->events, BATCH, -1);
  uint64_t now = clock_now();
  uint64_t left = until > now ? until - now : 0;
  if (!poller->coarse) {
    struct timespec timeout = {.tv_sec = (time_t)(left / NS_PER_S), .tv_nsec = (long)(left % NS_PER_S)};
    int count = epoll_pwait2(poller->epoll, poller->events, BATCH, &timeout, NULL);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    poller->coarse = true;
  }
  uint64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS; /* late rather than early, and then again */
  return epoll_wait(poller->epoll, poller->events, BATCH, ms < INT_MAX ? (int)ms : INT_MAX);
}

static unsigned ready_bits(uint32_t events) {
  unsigned bits = (events & EPOLLIN ? READY_READ : 0U) | (events & EPOLLOUT ? READY_WRITE : 0U);
  if (events & EPOLLRDHUP) bits |= READY_READ | READY_HANGUP;
  if (events & (EPOLLERR | EPOLLHUP)) bits |= READY_READ | READY_WRITE | READY_HANGUP;
  return bits;
}

int poller_wait(struct poller *poller, uint64_t until) {
  int count = wait_for_events(poller, until);
  return count < 0 && errno != EINTR ? 0 : count;
}

unsigned poller_dispatch(struct poller *poller, int count) {
  atomic_load_explicit(&poller->watches, memory_order_acquire);
  for (int i = 0; i < count; i++) {
    struct endpoint *endpoint = poller->events[i].data.ptr;
    if (endpoint) endpoint_ready(endpoint, ready_bits(poller->events[i].events));
  }
  return 0;
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
