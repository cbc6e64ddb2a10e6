/* SPDX-License-Identifier: Apache-2.0
 *
 * The transport `tcp`: TCP over IPv4 and IPv6 under the host's edge-triggered watch. The manifest.
 */
#include "plugins/hawser_plugin.h"

#include <stddef.h>

#include "transports/socket_endpoint.h"
#include "transports/tcp_epoll/connection.h"
#include "transports/tcp_epoll/listener.h"

static const struct socket_makers makers = {
    .readiness = true, .listen = tcp_listener_make, .dial = tcp_connection_dial, .adopt = tcp_connection_adopt};

static int32_t tcp_open(const struct hws_host *host, struct hws_vtable *vtable) {
  return socket_open(&makers, host, vtable);
}

static const char *const schemes[] = {"tcp", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof(struct hws_plugin),
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_HALF_CLOSE | HWS_CAP_REVOKE | HWS_CAP_SENDFILE,
    .host_needs = HWS_HOST_WATCH | HWS_HOST_RESOLVE | HWS_HOST_UNWATCH,
    .name = "tcp_epoll",
    .version = "0.1.0",
    .schemes = schemes,
    .open = tcp_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
