/* SPDX-License-Identifier: Apache-2.0
 *
 * The kit's side of an endpoint: two directions, each a mutex, as hawser_plugin.h promises them to a plugin.
 *
 * Endpoints and ios are never freed while the host lives, so that whatever a plugin still does to one that is over is
 * seen, not undefined.
 */
#ifndef HAWSER_CHECK_ENDPOINT_H
#define HAWSER_CHECK_ENDPOINT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plugins/check/sync.h"
#include "plugins/check/url.h"
#include "plugins/hawser_plugin.h"

enum check_life {
  CHECK_MAKING,   /* inside listen, dial, adopt or wrap */
  CHECK_OPEN,     /* ep is the plugin's */
  CHECK_DESTROYED /* destroy was called, or it was never made */
};

/* What a look-up came to; kept until it is asked for. */
struct check_names {
  int32_t count; /* or a negative hws_io_status */
  struct hws_address list[HWS_ADDRESSES_MAX];
};

struct hws_host_endpoint {
  struct check_host *host;
  const struct hws_plugin *manifest; /* its plugin's */
  const struct hws_vtable *vtable;
  struct hws_host_endpoint *next; /* in the host's list; never changes */
  void *ep;
  _Atomic(enum check_life) life;
  atomic_uint pending; /* ios that have not ended */
  struct check_mutex *directions[2];
  struct check_io *_Atomic latest[2]; /* of each direction */
  struct check_url url;
  /* of a filter */
  struct hws_host_endpoint *under; /* NULL: it was only tried */
  struct hws_host_endpoint *over;  /* the filter that stands on this one */
  struct check_mutex *below;       /* `ending` and the two that follow */
  struct hws_io *out[2];           /* the filter's ios, by direction */
  struct check_io *carriers[2];    /* what carries them, at `under` */
  atomic_bool came_back[2];        /* on_done is due */
  bool filter;
  bool ending; /* nothing goes below any more */
  char explained[256];
  /* what the plugin asked for */
  int64_t descriptor;        /* watched; -1: none */
  struct check_watch *watch; /* the poller's, where it keeps one */
  struct check_mutex *arming;
  struct check_names *names; /* a look-up is under way */
  _Atomic uint64_t timer;    /* 0: none */
  atomic_uint calls;         /* of on_ready, on_packet, on_timer and on_post */
  atomic_int packets_left;   /* once it was retired: how many are still to come */
  bool armed[2];             /* under arming */
  atomic_bool posted;
  bool has_url;
  bool retired; /* written under both directions */
};

/* Make one of each kind by the plugin's slot. Returns the status; on success *made is open. */
int32_t check_endpoint_listen(struct check_host *host, const char *url, struct hws_host_endpoint **made);
int32_t check_endpoint_dial(struct check_host *host, const char *url, struct hws_host_endpoint **made);
int32_t check_endpoint_adopt(struct check_host *host, void *accepted, struct hws_host_endpoint **made);

/* Put the filter under test on it. role: 0 dialled, 1 accepted; `under` NULL: try only, and `url` says the parameters.
 */
int32_t check_endpoint_wrap(struct check_host *host, struct hws_host_endpoint *under, uint32_t role, const char *url,
                            struct hws_host_endpoint **made);

/* Take it out of the loop and destroy it, after its last packet has come back, and then what it stands on. No io of the
 * kit's may be pending; what a filter has below is brought back. */
void check_endpoint_destroy(struct hws_host_endpoint *endpoint, bool abort);

/* Run a slot with its direction taken, unless the endpoint is not open. `direction` as on_ready gets it. */
void check_endpoint_ready(struct hws_host_endpoint *endpoint, uint32_t direction);
void check_endpoint_packet(struct hws_host_endpoint *endpoint, struct hws_packet *packet, uint64_t bytes,
                           int32_t os_error);
void check_endpoint_timer(struct hws_host_endpoint *endpoint);
void check_endpoint_post(struct hws_host_endpoint *endpoint);
void check_endpoint_done(struct hws_host_endpoint *endpoint, struct hws_io *io);

/* Free it with what it holds; when the host ends. */
void check_endpoint_free(struct hws_host_endpoint *endpoint);

#endif
