/* SPDX-License-Identifier: Apache-2.0
 *
 * The poller of the simulated system, as its network sees it: both the way of epoll and that of completion ports.
 */
#ifndef HAWSER_CORE_LOOP_SIM_H
#define HAWSER_CORE_LOOP_SIM_H

#include <stdbool.h>
#include <stdint.h>

struct endpoint;
struct hws_packet;
struct poller;

/* The network is a plugin, and finds these in the program. */
#pragma GCC visibility push(default)

/* What is watched: the network's side of a descriptor, whose address the descriptor is. */
struct watched {
  struct poller *poller; /* NULL: by nobody */
  struct endpoint *endpoint;
  unsigned asked; /* ready_bits that are to be told */
  unsigned ready; /* edges that were not told yet */
  unsigned level; /* what is ready now; a watch that begins tells it */
  bool listed;
  struct watched *next;
};

/* Edges: those directions have become ready. */
void watched_edge(struct watched *watched, unsigned bits);

/* A call that was bound to the poller by poller_bind has ended. */
struct ported {
  struct ported *next;
  struct hws_packet *packet;
  uint64_t bytes;
  int32_t os_error;
};

/* The poller that a handle is bound to; NULL: none. A handle is the address of such a word. */
struct bound {
  struct poller *poller;
};

void bound_end(const struct bound *bound, struct ported *ported);

/* Free the pollers that were freed. Returns how many wakes came after that. */
unsigned poller_sim_forget(void);

#pragma GCC visibility pop

#endif
