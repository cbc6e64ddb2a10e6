/* SPDX-License-Identifier: Apache-2.0
 *
 * The services of the simulated system: readiness of descriptors as over epoll, and a completion port too.
 */
#include "core/host.h"
#include "core/scheduler_sim.h"

static int32_t host_bind_port(struct hws_host_endpoint *host, int64_t handle) {
  int os_error = 0;
  return poller_bind(host_endpoint(host)->loop->poller, handle, &os_error);
}

static int32_t host_watch(struct hws_host_endpoint *host, int64_t descriptor) {
  struct endpoint *endpoint = host_endpoint(host);
  if (endpoint->descriptor >= 0 || descriptor < 0) return HWS_IO_FAULT;
  sim_point("watch");
  int os_error = 0;
  endpoint->descriptor = descriptor;
  int status = poller_watch(endpoint->loop->poller, descriptor, endpoint, endpoint->loop->caller_driven, &os_error);
  if (status != HWS_OK) endpoint->descriptor = -1;
  return status;
}

static void host_unwatch(struct hws_host_endpoint *host) {
  struct endpoint *endpoint = host_endpoint(host);
  if (endpoint->descriptor < 0) return;
  sim_point("unwatch");
  (void)poller_unwatch(endpoint->loop->poller, endpoint, false);
  atomic_store(&endpoint->directions[HWS_WRITE].armed, false);
  endpoint->descriptor = -1;
}

static void host_rearm(struct hws_host_endpoint *host, uint32_t direction) {
  struct endpoint *endpoint = host_endpoint(host);
  if (direction != HWS_WRITE || endpoint->loop->caller_driven || endpoint->descriptor < 0) return;
  if (atomic_exchange(&endpoint->directions[HWS_WRITE].armed, true)) return;
  poller_arm_write(endpoint->loop->poller, endpoint->descriptor, endpoint);
}

const struct hws_host *host_services(void) {
  static const struct hws_host host = {
      HOST_ON_EVERY_SYSTEM,
      .capabilities =
          HOST_CAPABILITIES_EVERYWHERE | HWS_HOST_PORT | HWS_HOST_WATCH | HWS_HOST_HANGUP | HWS_HOST_UNWATCH,
      .bind_port = host_bind_port,
      .watch = host_watch,
      .rearm = host_rearm,
      .unwatch = host_unwatch,
  };
  return &host;
}
