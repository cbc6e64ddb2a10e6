/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's host: what hws_host promises, no more, with every misuse of it a failure. One in a process, as some
 * services carry no context.
 */
#ifndef HAWSER_CHECK_HOST_H
#define HAWSER_CHECK_HOST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plugins/check/io.h"
#include "plugins/check/poller.h"
#include "plugins/check/sync.h"
#include "plugins/hawser_plugin.h"

struct check_host {
  /* Who listens and dials. */
  const struct hws_plugin *manifest;
  struct hws_vtable vtable;
  /* The filter under test, which stands on that; NULL: the transport is under test. */
  const struct hws_plugin *filter;
  struct hws_vtable filter_vtable;
  enum check_arming arming;
  bool tells_hangups; /* HWS_HOST_HANGUP */
  bool refuse_watch;  /* the next watch fails */
  unsigned patience_ms;
  struct check_poller *poller;
  struct check_signal *changed; /* an io ended, or a thread wants to be noticed */
  struct check_mutex *lists;
  struct hws_host_endpoint *_Atomic endpoints; /* newest first */
  struct check_io *ios;                        /* under lists */
  struct check_thread *driver;                 /* NULL: who waits drives */
  atomic_bool stopping;
  atomic_uint logged; /* lines */
};

/* Start a transport on a new host. */
struct check_host *check_host_start(const struct hws_plugin *manifest, enum check_arming arming, bool tells_hangups,
                                    unsigned patience_ms);
/* And the filter that is to stand on it. */
void check_host_start_filter(struct check_host *host, const struct hws_plugin *manifest);
/* Free the host and all that is left on it; every endpoint was destroyed. */
void check_host_stop(struct check_host *host);

/* One turn of the loop, by the only thread that drives: readiness, posts, timers. Waits at most that long. */
void check_host_turn(struct check_host *host, unsigned timeout_ms);

/* From here on a thread of its own drives. */
void check_host_drive(struct check_host *host);
void check_host_undrive(struct check_host *host);

/* Drive, or let drive, until the condition holds; fails the case when patience ends: "waited in vain for WHAT". */
void check_until(struct check_host *host, bool (*holds)(void *argument), void *argument, const char *what);

/* A few turns, to see that something does not happen. */
void check_host_settle(struct check_host *host);

/* For endpoint.c, io.c and under.c. */
void check_alive(const struct hws_host_endpoint *endpoint, const char *service);
void check_host_add(struct check_host *host, struct hws_host_endpoint *endpoint);
void check_host_keep(struct check_host *host, struct check_io *io);

#endif
