/* SPDX-License-Identifier: Apache-2.0
 *
 * A host without a core: it counts what a plugin asks of it, and delivers posts when a test says so.
 */
#ifndef HAWSER_TESTS_PLUGINS_FAKE_HOST_H
#define HAWSER_TESTS_PLUGINS_FAKE_HOST_H

#include <semaphore.h>
#include <stdatomic.h>

#include "plugins/hawser_plugin.h"
#include "plugins/registry.h"

struct fake_setting {
  const char *key;
  const char *value;
};

struct hws_host_endpoint {
  const struct fake_setting *settings; /* ends with a NULL key; NULL: none */
  atomic_uint posts;                   /* not delivered yet */
  char explained[256];                 /* the last explanation */
  sem_t *bell;                         /* rung at each post; may be NULL */
};

/* An io and how often it was completed; the host finds the one from the other. */
struct fake_io {
  struct hws_io io;
  atomic_uint completions;
  struct hws_iov vec; /* for one piece */
  sem_t *bell;        /* rung at each completion; may be NULL */
};

struct fake_host {
  struct hws_host host;
  atomic_int allocations; /* outstanding */
  atomic_int fail_at;     /* the allocation that fails, counting down; below 0: none */
  char log[4096];         /* lines */
};

extern struct fake_host fake;

/* As a host of minor 0 that offers HWS_HOST_WATCH and HWS_HOST_UNDER. */
void fake_host_reset(void);

#endif
