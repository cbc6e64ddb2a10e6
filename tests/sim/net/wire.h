/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated network: what two kernels and the cable between them do to a connection. Bytes travel in segments that
 * take their time; a buffer is full until somebody reads; a socket that was closed answers what still comes by a reset,
 * and a reset destroys whatever was not read yet, in both directions, as TCP's does.
 */
#ifndef HAWSER_TESTS_SIM_NET_WIRE_H
#define HAWSER_TESTS_SIM_NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/loop_sim.h"
#include "core/scheduler_sim.h"
#include "plugins/hawser_plugin.h"

struct wire_settings {
  uint64_t buffer;   /* bytes a direction holds, on its way or unread */
  uint64_t delay_ns; /* at most, of a segment */
  uint64_t cut;      /* percent of calls that move only a part */
};

struct segment {
  struct segment *next;
  uint64_t at; /* when it arrives */
  uint64_t from;
  uint64_t bytes;
  uint8_t data[];
};

struct sock;

/* One end. What it receives lies here. */
struct sock {
  struct watched watched; /* first: a descriptor is its address */
  struct bound bound;
  const struct hws_host *host;
  struct wire_settings settings;
  struct sock *peer; /* NULL: freed */
  struct segment *first;
  struct segment *last;
  uint64_t held;    /* bytes in segments */
  uint64_t arrives; /* the last segment does, and the end behind it */
  bool ended;       /* the peer has ended its direction: behind the last segment */
  bool shut;        /* this one has */
  bool reset;
  bool closed;
  void (*changed)(struct sock *sock, void *owner); /* something may go on; from an event of the system */
  void *owner;
  struct sim_event arrival;
  struct sim_event change; /* calls `changed` */
};

bool wire_pair(const struct hws_host *host, const struct wire_settings *settings, struct sock *pair[2]);

/* What came of a call: bytes moved; 0: would block, or the end (see wire_ended); negative: a hws_io_status. */
int64_t wire_read(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip);
int64_t wire_write(struct sock *sock, const struct hws_iov *vec, uint32_t count, uint64_t skip);
bool wire_ended(const struct sock *sock);
bool wire_readable(const struct sock *sock);
bool wire_writable(const struct sock *sock);

void wire_shut(struct sock *sock);

/* Close it: what was written still arrives, unless something comes for this end or was not read; abort: nothing does.
 */
void wire_close(struct sock *sock, bool abort);

#endif
