/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling many stories, each in a few schedules, and counting.
 */
#ifndef HAWSER_TESTS_SIM_MANY_H
#define HAWSER_TESTS_SIM_MANY_H

#include <stdbool.h>
#include <stdint.h>

struct many {
  uint64_t from;
  uint64_t count;
  uint64_t schedules; /* of each story */
  uint64_t seconds;   /* no new story is begun after so many */
  unsigned shrink_seconds;
  bool survey;       /* go on behind faults, and list them */
  bool twice;        /* each must go the same way again */
  uint64_t failures; /* of each story, with something failing in it; 0: nothing does */
  bool traces;       /* print each */
};

/* False: one failed. */
bool many_tell(const struct many *many);

/* All schedules with up to `bound` switches of each small story, or of those whose name has that in it (NULL: all):
 * each parts-th of them, from the part-th on. */
bool many_search(const char *name, unsigned bound, unsigned part, unsigned parts, unsigned shrink_seconds);

#endif
