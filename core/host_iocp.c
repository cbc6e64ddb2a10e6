/* SPDX-License-Identifier: Apache-2.0
 *
 * The services of a system with completion ports: handles are bound to the loop's port, and sockets are watched by it.
 */
#include "core/host.h"
#include "core/watch_iocp.h"

static int32_t host_bind_port(struct hws_host_endpoint *host, int64_t handle) {
  int os_error = 0;
  return poller_bind(host_endpoint(host)->loop->poller, handle, &os_error);
}

static int32_t host_watch(struct hws_host_endpoint *host, int64_t descriptor) {
  struct endpoint *endpoint = host_endpoint(host);
  if (endpoint->descriptor >= 0 || descriptor < 0) return HWS_IO_FAULT;
  int os_error = 0;
  atomic_store(&endpoint->directions[HWS_READ].armed, true);
  endpoint->descriptor = descriptor;
  endpoint->lean = true;
  int status = poller_watch(endpoint->loop->poller, descriptor, endpoint, false, &os_error);
  if (status == HWS_OK) return HWS_IO_OK;
  atomic_store(&endpoint->directions[HWS_READ].armed, false);
  endpoint->descriptor = -1;
  return status;
}

static void host_unwatch(struct hws_host_endpoint *host) {
  struct endpoint *endpoint = host_endpoint(host);
  if (endpoint->descriptor < 0) return;
  (void)poller_unwatch(endpoint->loop->poller, endpoint, false);
  for (int which = HWS_READ; which <= HWS_WRITE; which++) atomic_store(&endpoint->directions[which].armed, false);
  endpoint->descriptor = -1;
}

/* One that drives puts it in force when it waits next. Dekker: it says that it may sleep and then looks for what is to
 * be armed; we say that and then look whether it sleeps. */
static void host_rearm(struct hws_host_endpoint *host, uint32_t direction) {
  struct endpoint *endpoint = host_endpoint(host);
  if (direction > HWS_WRITE || endpoint->descriptor < 0) return;
  if (atomic_exchange(&endpoint->directions[direction].armed, true)) return;
  watch_arm(endpoint, direction);
  if (atomic_load_explicit(&endpoint->loop->polling, memory_order_seq_cst)) watch_flush(endpoint->loop->poller);
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
