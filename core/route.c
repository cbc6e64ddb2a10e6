/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes: found, asked for parameters, shared.
 */
#include "core/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/endpoint.h"
#include "core/refused.h"
#include "core/runtime.h"

enum { ERROR_MAX = 256 };

/* ---- finding ---- */

/* Is the plugin what its place in the URL asks for? */
static struct cause *misplaced(const struct route *route, size_t place) {
  const struct plugin *plugin = route->plugins[place];
  bool filter = plugin->manifest->capabilities & HWS_CAP_FILTER;
  bool last = place == route_filters(route);
  const char *scheme = route->url.schemes[place];
  if (last && filter)
    return cause_make(HWS_E_ADDRESS, 0, 0, "'%s' is a filter (%s): it needs a transport below, as in %s+unix://",
                      scheme, plugin->manifest->name, scheme);
  if (!last && !filter)
    return cause_make(HWS_E_ADDRESS, 0, 0, "'%s' is a transport (%s): nothing can stand below it, as '%s' would",
                      scheme, plugin->manifest->name, route->url.schemes[place + 1]);
  return NULL;
}

static int find_plugins(struct runtime *runtime, struct route *route) {
  for (size_t i = 0; i < route->url.scheme_count; i++) {
    struct plugin_error error = {.text = ""};
    route->plugins[i] = registry_find(host_services(), runtime->dirs, route->url.schemes[i], &error);
    int status = error.short_of ? HWS_E_LIMIT : HWS_E_ADDRESS;
    struct cause *cause = route->plugins[i] ? misplaced(route, i) : cause_make(status, 0, 0, "%s", error.text);
    if (cause) return refused_set(cause);
  }
  return HWS_OK;
}

int route_find(struct runtime *runtime, const char *text, struct route **out) {
  char error[ERROR_MAX];
  struct route *route = calloc(1, sizeof *route);
  if (!route) return HWS_E_NOMEM;
  atomic_init(&route->refs, 1);
  int status = url_parse(text, &route->url, error, sizeof error);
  if (status == HWS_E_ADDRESS)
    refused_say(status, "%s", error);
  else if (status == HWS_OK)
    status = find_plugins(runtime, route);
  if (status == HWS_OK)
    *out = route;
  else
    route_unref(route);
  return status;
}

struct route *route_ref(struct route *route) {
  atomic_fetch_add_explicit(&route->refs, 1, memory_order_relaxed);
  return route;
}

void route_unref(struct route *route) {
  if (!route || atomic_fetch_sub_explicit(&route->refs, 1, memory_order_acq_rel) > 1) return;
  url_free(&route->url);
  free(route);
}

size_t route_filters(const struct route *route) {
  return route->url.scheme_count - 1;
}

const struct plugin *route_transport(const struct route *route) {
  return route->plugins[route_filters(route)];
}

/* ---- parameters ---- */

static const char *ask(struct route *route, const char *key) {
  return route->checked ? url_peek(&route->url, key) : url_param(&route->url, key);
}

/* Which of its name it is, from the left, from 1. */
static unsigned ordinal(const struct route *route, size_t place) {
  unsigned number = 1;
  for (size_t i = 0; i < place; i++)
    if (strcmp(route->url.schemes[i], route->url.schemes[place]) == 0) number++;
  return number;
}

const char *route_config(struct route *route, size_t place, const char *key) {
  char full[URL_MAX_KEY + 1];
  const char *scheme = route->url.schemes[place];
  if (place == route_filters(route)) return ask(route, key);
  int length = snprintf(full, sizeof full, "%s.%u.%s", scheme, ordinal(route, place), key);
  const char *own = length < (int)sizeof full ? ask(route, full) : NULL;
  length = snprintf(full, sizeof full, "%s.%s", scheme, key);
  const char *shared = length < (int)sizeof full ? ask(route, full) : NULL;
  return own ? own : shared;
}

/* Whose parameter it would be. */
static const struct plugin *owner_of(const struct route *route, const char *key) {
  for (size_t i = 0; i < route_filters(route); i++) {
    size_t length = strlen(route->url.schemes[i]);
    if (strncmp(key, route->url.schemes[i], length) == 0 && key[length] == '.') return route->plugins[i];
  }
  return route_transport(route);
}

int route_check(struct route *route) {
  const char *unused = url_unused(&route->url);
  if (unused)
    return refused_say(HWS_E_ADDRESS, "%s does not know the parameter '%s'", owner_of(route, unused)->manifest->name,
                       unused);
  route->checked = true;
  return HWS_OK;
}
