/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching all schedules of a small story that differ from the usual one (core/switches_sim.h) at no more than so many
 * points. One alone is tried from the beginning of the acts to the end of the story, two and more while acts are done.
 */
#ifndef HAWSER_TESTS_SIM_SEARCH_H
#define HAWSER_TESTS_SIM_SEARCH_H

#include "tests/sim/telling.h"

struct searched {
  uint64_t schedules;
  uint64_t points; /* of the usual schedule at which another could have come */
  bool complete;   /* there was room for all */
  bool fine;
};

/* Until all are told, or one fails: that one is in *telling then, with switches that the caller frees. */
void search(struct telling *telling, unsigned bound, struct searched *searched);

#endif
