/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport `npipe`: named pipes by overlapped calls on the host's completion port. The manifest.
 */
#include "plugins/hawser_plugin.h"

#include <stddef.h>

#include "transports/npipe_iocp/connection.h"
#include "transports/npipe_iocp/listener.h"
#include "transports/socket_endpoint.h"

static const struct socket_makers makers = {
    .packets = true, .listen = npipe_listener_make, .dial = npipe_connection_dial, .adopt = npipe_connection_adopt};

static int32_t npipe_open(const struct hws_host *host, struct hws_vtable *vtable) {
  return socket_open(&makers, host, vtable);
}

static const char *const schemes[] = {"npipe", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof(struct hws_plugin),
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_PEER | HWS_CAP_MESSAGES,
    .host_needs = HWS_HOST_PORT,
    .name = "npipe_iocp",
    .version = "0.1.0",
    .schemes = schemes,
    .open = npipe_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
