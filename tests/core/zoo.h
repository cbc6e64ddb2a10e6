/* SPDX-License-Identifier: Apache-2.0
 *
 * An object of every type, alive, and the words of tests that refuse.
 */
#ifndef HAWSER_TESTS_CORE_ZOO_H
#define HAWSER_TESTS_CORE_ZOO_H

#include "tests/core/places.h"

enum type { T_RUNTIME, T_QUEUE, T_SCOPE, T_LISTENER, T_STREAM, T_SESSION, T_OP, T_LEASE, TYPES };

struct zoo {
  struct world *world;
  hws_handle of[TYPES];
  struct link link;
  struct link leased;
  uint64_t recv_tag;
  uint8_t byte[1];
};

void zoo_open(struct zoo *zoo, struct world *world);

/* Gives back what would pend for ever; the rest goes with the world. */
void zoo_close(struct zoo *zoo);

void expect_no_event(struct world *world);

#endif
