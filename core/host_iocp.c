/* SPDX-License-Identifier: Apache-2.0
 *
 * The services of a system with completion ports: handles are bound to the loop's port.
 */
#include "core/host.h"

static int32_t host_bind_port(struct hws_host_endpoint *host, int64_t handle) {
  int os_error = 0;
  return poller_bind(host_endpoint(host)->loop->poller, handle, &os_error);
}

const struct hws_host *host_services(void) {
  static const struct hws_host host = {
      HOST_ON_EVERY_SYSTEM,
      .capabilities = HOST_CAPABILITIES_EVERYWHERE | HWS_HOST_PORT,
      .bind_port = host_bind_port,
  };
  return &host;
}
