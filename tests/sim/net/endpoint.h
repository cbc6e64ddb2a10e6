/* SPDX-License-Identifier: Apache-2.0
 *
 * An endpoint of the simulated network. How its calls are done is one of two ways (way_ready.c, way_port.c).
 */
#ifndef HAWSER_TESTS_SIM_NET_ENDPOINT_H
#define HAWSER_TESTS_SIM_NET_ENDPOINT_H

#include "tests/sim/net/wire.h"

enum { NAME_BYTES = 64 };

enum role { ROLE_LISTENER, ROLE_DIALLER, ROLE_ACCEPTED };

/* A call in a direction of a connection. */
struct call {
  struct hws_io *io; /* NULL: none */
  uint64_t moved;
  struct ep *ep;
  /* way_port.c: */
  struct hws_packet packet;
  struct ported ported;
  bool out;                /* the system has it */
  struct sim_event cancel; /* of the system, which takes its time */
};

struct ep {
  const struct hws_host *host;
  struct hws_host_endpoint *self;
  enum role role;
  char name[NAME_BYTES];
  struct settings settings;
  struct sock *sock; /* NULL: none yet */
  struct call calls[2];
  struct hws_io *connecting; /* an accept or a dial that waits */
  bool looked_up;
  /* a listener's */
  struct sock *first; /* who waits to be accepted */
  struct sock *last;
  bool listens;
  bool backs_off; /* accepting failed, and is tried again later */
  uint64_t back_off_ns;
  uint64_t accepted;
  struct ep *next;  /* that listens */
  unsigned posting; /* who dials is about to tell it, and needs it till then */
};

enum hws_direction direction_of(const struct hws_io *io);

/* The manifest's. */
int32_t network_open(const struct hws_host *host, struct hws_vtable *vtable);

/* Fill in the results. Returns 1. */
int32_t finish(struct hws_io *io, int32_t status, uint64_t bytes);
int32_t finish_error(struct hws_io *io, int32_t status, int os_error);

/* ---- stream.c: go on with a call. True: it has ended, its results are filled in. Blocks for a file at most where
 * `may_block` ---- */

bool stream_advance(struct ep *ep, struct call *call, bool to_the_last, bool may_block);

/* ---- connect.c ---- */

int32_t connect_submit(struct ep *ep, struct hws_io *io);
int32_t connect_cancel(struct ep *ep, struct hws_io *io);
void connect_on_post(struct ep *ep);
void connect_on_timer(struct ep *ep);
void connect_destroy(struct ep *ep);

/* ---- the way ---- */

extern const char *const way_scheme;

int32_t way_attach(struct ep *ep);
int32_t way_submit(struct ep *ep, struct call *call);
int32_t way_cancel(struct ep *ep, struct call *call);
void way_on_ready(void *self, uint32_t direction);
void way_on_packet(void *self, struct hws_packet *packet, uint64_t bytes, int32_t os_error);

#endif
