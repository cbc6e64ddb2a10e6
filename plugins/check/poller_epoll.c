/* SPDX-License-Identifier: Apache-2.0
 *
 * Readiness of descriptors for the kit's host, over epoll.
 */
#include "plugins/check/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "plugins/check/endpoint.h"
#include "plugins/check/fault.h"
#include "plugins/check/host.h"

enum { BATCH = 64 };

struct check_poller {
  int epoll;
  int wake;
};

struct check_poller *check_poller_new(void) {
  struct check_poller *poller = calloc(1, sizeof *poller);
  CHECK(poller, "the kit itself is out of memory");
  poller->epoll = epoll_create1(EPOLL_CLOEXEC);
  poller->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  CHECK(poller->epoll >= 0 && poller->wake >= 0 && epoll_ctl(poller->epoll, EPOLL_CTL_ADD, poller->wake, &event) == 0,
        "the kit cannot make an epoll descriptor");
  return poller;
}

void check_poller_free(struct check_poller *poller) {
  (void)close(poller->epoll);
  (void)close(poller->wake);
  free(poller);
}

uint64_t check_poller_offers(void) {
  return HWS_HOST_WATCH | HWS_HOST_UNWATCH;
}

unsigned check_poller_armings(void) {
  return CHECK_ARM_ONE_SHOT + 1;
}

int32_t check_poller_bind(struct hws_host_endpoint *endpoint, int64_t handle) {
  (void)endpoint, (void)handle;
  check_fail("called bind_port, which this host does not offer");
}

/* The endpoint's `arming` is held. */
static int control(struct hws_host_endpoint *endpoint, int operation) {
  struct epoll_event event = {.data.ptr = endpoint};
  if (endpoint->armed[HWS_READ]) event.events |= EPOLLIN | EPOLLRDHUP;
  if (endpoint->armed[HWS_WRITE]) event.events |= EPOLLOUT | EPOLLRDHUP;
  if (event.events == 0) return 0; /* one-shot: it is silent already */
  event.events |= endpoint->host->arming == CHECK_ARM_ONE_SHOT ? EPOLLONESHOT : EPOLLET;
  return epoll_ctl(endpoint->host->poller->epoll, operation, (int)endpoint->descriptor, &event);
}

int32_t check_poller_watch(struct hws_host_endpoint *endpoint, int64_t descriptor) {
  CHECK(endpoint->descriptor < 0, "watched twice");
  check_mutex_lock(endpoint->arming);
  endpoint->descriptor = descriptor;
  endpoint->armed[HWS_READ] = true;
  endpoint->armed[HWS_WRITE] = endpoint->host->arming != CHECK_ARM_ON_DEMAND;
  int failed = control(endpoint, EPOLL_CTL_ADD);
  int error = errno;
  if (failed) endpoint->descriptor = -1;
  check_mutex_unlock(endpoint->arming);
  CHECK(!failed, "watched a descriptor that cannot be (errno %d)", error);
  return HWS_IO_OK;
}

void check_poller_unwatch(struct hws_host_endpoint *endpoint) {
  check_mutex_lock(endpoint->arming);
  if (endpoint->descriptor >= 0) {
    int failed = epoll_ctl(endpoint->host->poller->epoll, EPOLL_CTL_DEL, (int)endpoint->descriptor, NULL);
    CHECK(!failed, "closed the watched descriptor before destroy");
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
  if (change) (void)control(endpoint, EPOLL_CTL_MOD);
  check_mutex_unlock(endpoint->arming);
}

bool check_poller_disarm(struct hws_host_endpoint *endpoint, uint32_t direction) {
  enum check_arming arming = endpoint->host->arming;
  if (arming == CHECK_ARM_AT_ONCE) return true;
  check_mutex_lock(endpoint->arming);
  bool was = endpoint->armed[direction];
  if (arming == CHECK_ARM_ONE_SHOT || direction == HWS_WRITE) endpoint->armed[direction] = false;
  if (was && arming == CHECK_ARM_ON_DEMAND && direction == HWS_WRITE) (void)control(endpoint, EPOLL_CTL_MOD);
  check_mutex_unlock(endpoint->arming);
  return was || arming == CHECK_ARM_ON_DEMAND;
}

/* One-shot: the event silenced the descriptor, also for a direction that is still armed. */
static void resume(struct hws_host_endpoint *endpoint) {
  if (endpoint->host->arming != CHECK_ARM_ONE_SHOT) return;
  check_mutex_lock(endpoint->arming);
  if (endpoint->descriptor >= 0) (void)control(endpoint, EPOLL_CTL_MOD);
  check_mutex_unlock(endpoint->arming);
}

static void dispatch(struct hws_host_endpoint *endpoint, uint32_t events) {
  uint32_t flags = 0;
  if (endpoint->host->tells_hangups && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) flags = HWS_READY_HANGUP;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) check_endpoint_ready(endpoint, HWS_READ | flags);
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) check_endpoint_ready(endpoint, HWS_WRITE | flags);
  resume(endpoint);
}

void check_poller_wait(struct check_poller *poller, struct check_host *host, int timeout_ms) {
  (void)host;
  struct epoll_event events[BATCH];
  int count = epoll_wait(poller->epoll, events, BATCH, timeout_ms);
  CHECK(count >= 0 || errno == EINTR, "the kit's epoll_wait failed (errno %d)", errno);
  for (int i = 0; i < count; i++) {
    if (events[i].data.ptr) dispatch(events[i].data.ptr, events[i].events);
  }
}

void check_poller_wake(struct check_poller *poller) {
  uint64_t one = 1;
  ssize_t done = write(poller->wake, &one, sizeof one);
  (void)done;
}
