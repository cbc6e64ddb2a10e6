/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated network: what two kernels and the cable between them do to a connection. Bytes travel in segments that
 * take their time; a buffer is full until somebody reads; an end that is told arrives behind the bytes; a reset takes
 * its time too, and destroys what is under way, and mostly what was not read yet. What is done besides, the settings
 * say.
 */
#ifndef HAWSER_TESTS_SIM_NET_WIRE_H
#define HAWSER_TESTS_SIM_NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/loop_sim.h"
#include "core/scheduler_sim.h"
#include "tests/sim/net/settings.h"

struct segment {
  struct segment *next;
  uint64_t at; /* when it arrives */
  uint64_t from;
  uint64_t bytes;
  bool eom; /* its last byte ends a message */
  uint8_t data[];
};

struct sock;

/* One end. What it receives lies here. */
struct sock {
  struct watched watched; /* first: a descriptor is its address */
  struct bound bound;
  const struct hws_host *host;
  struct settings settings;
  struct sock *peer;
  struct sock *next; /* of those that wait to be accepted */
  struct segment *first;
  struct segment *last;
  uint64_t held;     /* bytes in segments */
  uint64_t arrives;  /* when the last segment does, and the end behind it */
  uint64_t sent;     /* bytes that were written here */
  uint64_t reset_at; /* the connection breaks behind so many of them; 0: it does not */
  uint8_t kept;      /* messages: the last byte of a write that may have ended one */
  bool keeps;        /* there is such a byte */
  bool ended;        /* the peer has ended its direction: behind the last segment */
  bool shut;         /* this one has */
  bool reset;
  bool closed;
  unsigned late_bits;                              /* readiness that is told late */
  void (*changed)(struct sock *sock, void *owner); /* something may go on; from an event of the system */
  void *owner;
  struct sim_event arrival;
  struct sim_event change; /* calls `changed` */
  struct sim_event late;   /* tells of late_bits */
  struct sim_event doom;   /* a reset arrives */
};

/* dialled, accepted. */
bool wire_pair(const struct hws_host *host, const struct settings *settings, struct sock *pair[2]);

/* What came of a call: bytes moved; 0: would block, or the end (see wire_ended); negative: a hws_io_status. */
int64_t wire_read(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip, bool *eom);
int64_t wire_write(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip, bool more);

/* What was written and kept back is a message. Negative: a hws_io_status. */
int32_t wire_end_message(struct sock *sock);

bool wire_ended(const struct sock *sock);
bool wire_readable(const struct sock *sock);
bool wire_writable(const struct sock *sock);

/* Bytes that the peer has not read; and those that are under way, with the end, which counts as one. */
uint64_t wire_untaken(const struct sock *sock);
uint64_t wire_under_way(const struct sock *sock);

void wire_shut(struct sock *sock);

/* The reset of a router on the way, or of a kernel that gave up: both ends are told, each in its time. */
void wire_break(struct sock *sock);

/* Close it: what was written still arrives, unless something comes for this end (SET_LINGER); abort: nothing does, and
 * the peer is told. */
void wire_close(struct sock *sock, bool abort);

#endif
