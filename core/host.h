/* SPDX-License-Identifier: Apache-2.0
 *
 * The services that plugins get: those that every system has, and how the table of a system begins.
 */
#ifndef HAWSER_CORE_HOST_H
#define HAWSER_CORE_HOST_H

#include "core/endpoint.h"
#include "core/park.h"

static inline struct endpoint *host_endpoint(struct hws_host_endpoint *host) {
  return (struct endpoint *)host;
}

void host_complete(struct hws_host_endpoint *host, struct hws_io *io);
void *host_alloc(uint64_t bytes);
void host_release(void *memory);
void host_timer_at(struct hws_host_endpoint *host, uint64_t ns);
void host_post(struct hws_host_endpoint *host);
void host_log(struct hws_host_endpoint *host, uint32_t level, const char *text);
void host_explain(struct hws_host_endpoint *host, const char *text);
const char *host_config(struct hws_host_endpoint *host, const char *key);
int32_t host_resolve(struct hws_host_endpoint *host, const char *name, const char *service);
int32_t host_resolved(struct hws_host_endpoint *host, struct hws_address *addresses, uint32_t room);
void host_unresolve(struct hws_host_endpoint *host);
int32_t host_under_submit(struct hws_host_endpoint *host, struct hws_io *io);
int32_t host_under_cancel(struct hws_host_endpoint *host, struct hws_io *io);

/* In the initialiser of the table of host_services, which each system has in a file of its own: it adds what the system
 * offers beside these, and the capabilities. */
#define HOST_ON_EVERY_SYSTEM                                                                                           \
  .size = sizeof(struct hws_host), .major = HWS_PLUGIN_MAJOR, .minor = HWS_PLUGIN_MINOR, .complete = host_complete,    \
  .alloc = host_alloc, .release = host_release, .now = clock_now, .timer_at = host_timer_at, .post = host_post,        \
  .log = host_log, .explain = host_explain, .config = host_config, .resolve = host_resolve, .resolved = host_resolved, \
  .unresolve = host_unresolve, .under_submit = host_under_submit, .under_cancel = host_under_cancel

enum { HOST_CAPABILITIES_EVERYWHERE = HWS_HOST_RESOLVE | HWS_HOST_UNDER };

#endif
