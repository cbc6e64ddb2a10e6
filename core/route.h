/* SPDX-License-Identifier: Apache-2.0
 *
 * A URL with those who serve it: "chaos+unix:///p?chaos.seed=7&mode=0600" is the filter chaos on top of the transport
 * unix_epoll, and each of them may ask for its own parameters. Shared by reference: a listener's route is that of all
 * connections that it accepts.
 *
 * A transport's parameters have plain keys. Those of a filter stand behind its scheme, "chaos.seed"; where a scheme
 * stands in the URL more than once, that is for each of them, and "chaos.2.seed" for the second from the left alone,
 * which it prefers. A parameter that nobody asks for by the time of route_check is an error of the user's.
 */
#ifndef HAWSER_CORE_ROUTE_H
#define HAWSER_CORE_ROUTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/url.h"
#include "plugins/registry.h"

struct runtime;

struct route {
  atomic_uint refs;
  bool checked; /* from then on it is only read, from any thread */
  struct url url;
  const struct plugin *plugins[URL_MAX_SCHEMES]; /* by scheme: the filters, outermost first, then the transport */
};

/* Parse a URL, and find its plugins. HWS_OK with a reference, or a refusal that is remembered with the runtime. */
int route_find(struct runtime *runtime, const char *text, struct route **route);

struct route *route_ref(struct route *route);
void route_unref(struct route *route); /* NULL is fine */

/* How many of its schemes are filters: the places 0 to that, exclusive; the transport stands at that place itself. */
size_t route_filters(const struct route *route);

const struct plugin *route_transport(const struct route *route);

/* A parameter of who stands at that place, or NULL. */
const char *route_config(struct route *route, size_t place, const char *key);

/* HWS_OK, or HWS_E_ADDRESS, remembered with the runtime, if there is a parameter that nobody has asked for. */
int route_check(struct route *route);

#endif
