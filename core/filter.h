/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters: endpoints that stand on another endpoint instead of on the system.
 *
 * A filter is asked for reads, writes and shutdowns like any endpoint, and asks what is below it for the same, one in
 * each direction: that io is carried by the transfer of the endpoint below, which is nobody else's once the filter
 * stands. Its result comes up as a task of the loop, never from within a call, with both directions of the filter held.
 * So a thread goes down through the directions of a stack as it would through locks, and nothing ever comes up but from
 * the loop.
 */
#ifndef HAWSER_CORE_FILTER_H
#define HAWSER_CORE_FILTER_H

#include "core/endpoint.h"
#include "core/route.h"

struct filter {
  struct endpoint endpoint; /* first: an endpoint with `filter` set is turned back into this */
  /* Under the endpoint's lock. */
  struct hws_io *out[2]; /* the plugin's ios that are below, by direction */
  bool asked[2];         /* to end them early */
  bool ended;            /* nothing goes down any more */
};

enum filter_role { FILTER_DIALLED = 0, FILTER_ACCEPTED = 1 };

/* The filters of a stream yet to come, by their places in the route, or NULL if there are none. Each gets a reference
 * of the route. HWS_OK or HWS_E_NOMEM. */
int filters_new(struct route *route, struct object *owner, void (*read_done)(struct transfer *),
                void (*write_done)(struct transfer *), struct filter **filters);

/* Free what filters_new made of that many; after they have gone, or when they never stood. */
void filters_free(struct filter *filters, size_t count);

/* Make one of each and take it down again: so that a bad parameter is refused by the call, with what the plugin says to
 * it, and not by a connection some day. HWS_OK, or a refusal that is remembered with the runtime. */
int filters_try(struct filter *filters, size_t count, enum filter_role role);

/* Set them up on a transport's endpoint that is open and has no transfer out. *top is the highest that stands, which is
 * to be closed also if it failed. HWS_OK, or why not, with *cause. */
int filters_wrap(struct filter *filters, size_t count, struct endpoint *transport, enum filter_role role,
                 struct endpoint **top, struct cause **cause);

/* host->under_submit and host->under_cancel. Any thread. */
int32_t filter_submit(struct endpoint *endpoint, struct hws_io *io);
int32_t filter_cancel(struct endpoint *endpoint, struct hws_io *io);

/* A closing filter has nothing to do any more. True: nothing of it is out below, and from now on nothing will be. */
bool filter_end(struct endpoint *endpoint);

#endif
