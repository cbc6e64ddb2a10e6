/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking names up off the loop.
 */
#include "core/lookup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/lock.h"
#include "core/pool.h"
#include "core/resolve.h"

enum { WHY_SIZE = 400 };

struct lookup {
  struct job job;
  struct pool *pool;
  void (*told)(struct hws_host_endpoint *endpoint);
  struct lock lock;                   /* all below; held while told runs */
  struct hws_host_endpoint *endpoint; /* NULL: it gave up */
  bool running;                       /* the job is the pool's: who is last frees it */
  int result;                         /* 0: none yet */
  char why[WHY_SIZE];
  char *name; /* behind the struct, like the service */
  char *service;
  struct hws_address addresses[HWS_ADDRESSES_MAX];
};

static void run(struct job *job) {
  struct lookup *lookup = (struct lookup *)job;
  lock_take(&lookup->lock);
  bool wanted = lookup->endpoint;
  lock_drop(&lookup->lock);
  int result = !wanted ? HWS_IO_CANCELED
                       : resolve_blocking(lookup->name, lookup->service, lookup->addresses, HWS_ADDRESSES_MAX,
                                          lookup->why, sizeof lookup->why);
  lock_take(&lookup->lock);
  lookup->running = false;
  lookup->result = result;
  bool last = !lookup->endpoint;
  if (!last) lookup->told(lookup->endpoint);
  lock_drop(&lookup->lock);
  if (last) free(lookup);
}

int lookup_begin(struct pool *pool, const char *name, const char *service, void (*told)(struct hws_host_endpoint *),
                 struct hws_host_endpoint *endpoint, struct lookup **out) {
  size_t name_size = strlen(name) + 1;
  size_t service_size = strlen(service) + 1;
  struct lookup *lookup = calloc(1, sizeof *lookup + name_size + service_size);
  if (!lookup) return HWS_IO_NOMEM;
  *lookup = (struct lookup){.job = {.run = run}, .pool = pool, .told = told, .endpoint = endpoint, .running = true};
  lookup->name = memcpy(lookup + 1, name, name_size);
  lookup->service = memcpy(lookup->name + name_size, service, service_size);
  *out = lookup; /* first: it may be told before the post returns */
  if (pool_post(pool, &lookup->job) == 0) return HWS_IO_OK;
  *out = NULL;
  free(lookup);
  return HWS_IO_LIMIT;
}

int lookup_answer(struct lookup *lookup, struct hws_address *addresses, uint32_t room, char *why, uint32_t why_size) {
  lock_take(&lookup->lock);
  int result = lookup->result;
  if (result > 0 && (uint32_t)result > room) result = (int)room;
  if (result > 0) memcpy(addresses, lookup->addresses, (size_t)result * sizeof *addresses);
  if (result < 0) (void)snprintf(why, why_size, "%s", lookup->why);
  lock_drop(&lookup->lock);
  return result;
}

void lookup_forget(struct lookup *lookup) {
  if (!lookup) return;
  lock_take(&lookup->lock);
  lookup->endpoint = NULL;
  /* One that only waits for a thread makes room for others at once. Under the lock, as a job that has begun needs it
   * before it can free itself. */
  bool mine = !lookup->running || pool_take_back(lookup->pool, &lookup->job);
  lock_drop(&lookup->lock);
  if (mine) free(lookup);
}
