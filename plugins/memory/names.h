/* SPDX-License-Identifier: Apache-2.0
 *
 * The names that listeners hold, and the connections that wait there to be accepted. One table for each open of the
 * plugin, so that a forked child begins with none.
 */
#ifndef HAWSER_PLUGINS_MEMORY_NAMES_H
#define HAWSER_PLUGINS_MEMORY_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "plugins/hawser_plugin.h"

enum { NAME_MAX_LENGTH = 64 };

struct endpoint;
struct lock;

struct names {
  const struct hws_host *host;
  struct lock *lock;       /* guards the table and every listener's part in it; taken before a pipe's lock */
  struct endpoint *holder; /* the first of those who listen */
};

/* A listener's part. */
struct listening {
  uint64_t backlog; /* constant: at most this many connections wait */
  uint64_t count;   /* how many do */
  struct endpoint *first;
  struct endpoint *last;
  struct endpoint *next_holder;
  bool waits; /* an accept pends: post when a connection comes */
};

/* NULL: no memory. */
struct names *names_new(const struct hws_host *host);
void names_free(struct names *names);

/* Carry out HWS_IO_LISTEN, HWS_IO_DIAL, HWS_IO_ACCEPT. As with pipes, false: it pends, and the endpoint is posted to.
 */
bool names_listen(struct endpoint *listener, struct hws_io *io);
bool names_dial(struct endpoint *dialler, struct hws_io *io);
bool names_accept(struct endpoint *listener, struct hws_io *io);

/* Give the name back, if held, and dispose of the connections that nobody accepted. */
void names_leave(struct endpoint *listener);

#endif
