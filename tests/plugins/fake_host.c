/* SPDX-License-Identifier: Apache-2.0
 *
 * The services of the fake host.
 */
#include "tests/plugins/fake_host.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct fake_host fake;

static void host_complete(struct hws_host_endpoint *endpoint, struct hws_io *io) {
  struct fake_io *completed = (struct fake_io *)io;
  sem_t *bell = completed->bell;
  (void)endpoint;
  atomic_fetch_add(&completed->completions, 1);
  if (bell != NULL) sem_post(bell);
}

static void *host_alloc(uint64_t bytes) {
  if (atomic_load(&fake.fail_at) >= 0 && atomic_fetch_sub(&fake.fail_at, 1) == 0) return NULL;
  void *memory = calloc(1, bytes);
  if (memory != NULL) atomic_fetch_add(&fake.allocations, 1);
  return memory;
}

static void host_release(void *memory) {
  if (memory != NULL) atomic_fetch_sub(&fake.allocations, 1);
  free(memory);
}

static uint64_t host_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void host_post(struct hws_host_endpoint *endpoint) {
  atomic_fetch_add(&endpoint->posts, 1);
  if (endpoint->bell != NULL) sem_post(endpoint->bell);
}

static void host_log(struct hws_host_endpoint *endpoint, uint32_t level, const char *text) {
  size_t used = strlen(fake.log);
  (void)level;
  if (endpoint == NULL) registry_heard(text);
  (void)snprintf(fake.log + used, sizeof fake.log - used, "%s\n", text);
}

static void host_explain(struct hws_host_endpoint *endpoint, const char *text) {
  (void)snprintf(endpoint->explained, sizeof endpoint->explained, "%s", text);
}

static const char *host_config(struct hws_host_endpoint *endpoint, const char *key) {
  for (const struct fake_setting *at = endpoint->settings; at != NULL && at->key != NULL; at++)
    if (strcmp(at->key, key) == 0) return at->value;
  return NULL;
}

void fake_host_reset(void) {
  static const struct hws_host host = {
      .size = sizeof host,
      .major = HWS_PLUGIN_MAJOR,
      .minor = HWS_PLUGIN_MINOR,
      .capabilities = HWS_HOST_WATCH | HWS_HOST_UNDER,
      .complete = host_complete,
      .alloc = host_alloc,
      .release = host_release,
      .now = host_now,
      .post = host_post,
      .log = host_log,
      .explain = host_explain,
      .config = host_config,
  };
  fake.host = host;
  fake.log[0] = '\0';
  atomic_store(&fake.allocations, 0);
  atomic_store(&fake.fail_at, -1);
}
