/* SPDX-License-Identifier: Apache-2.0
 *
 * What an endpoint of this transport is: a listener, or one end of a connection.
 */
#ifndef HAWSER_PLUGINS_MEMORY_ENDPOINT_H
#define HAWSER_PLUGINS_MEMORY_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "plugins/hawser_plugin.h"
#include "plugins/memory/names.h"
#include "plugins/memory/pipe.h"

enum role {
  ROLE_LISTENER, /* holds its name from HWS_IO_LISTEN on */
  ROLE_DIALLER,  /* connected from HWS_IO_DIAL on */
  ROLE_ACCEPTED  /* connected when it was made; has no host before it was adopted */
};

/* Guarded by the host's directions, except where it says otherwise. */
struct endpoint {
  struct names *names;
  const struct hws_host *host;
  struct hws_host_endpoint *self;
  enum role role;
  char name[NAME_MAX_LENGTH + 1]; /* constant */
  uint64_t buffer;                /* constant: how much this end lets wait unread */
  struct hws_io *pending[2];      /* by direction */
  struct pipe *pipes[2];          /* by direction: where it reads and where it writes; NULL: not connected */
  struct listening listening;     /* guarded by names->lock */
  struct endpoint *next;          /* in a backlog; guarded by names->lock */
};

/* Slots of the vtable. */
int32_t endpoint_listen(void *self, struct hws_host_endpoint *host, const char *address, void **ep);
int32_t endpoint_dial(void *self, struct hws_host_endpoint *host, const char *address, void **ep);
int32_t endpoint_adopt(void *self, struct hws_host_endpoint *host, void *accepted, void **ep);
int32_t endpoint_query(void *ep, uint32_t what, void *answer, uint32_t size);
void endpoint_destroy(void *ep, uint32_t abort);

int32_t endpoint_submit(void *ep, struct hws_io *io);
int32_t endpoint_cancel(void *ep, struct hws_io *io);
void endpoint_on_post(void *ep);

#endif
