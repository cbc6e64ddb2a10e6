/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulated network does to a story's connections (net/settings.h), drawn from the story's seed.
 */
#ifndef HAWSER_TESTS_SIM_NETWORK_H
#define HAWSER_TESTS_SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/story.h"

enum { NETWORK_TEXT = 256 };

struct network {
  char mood[NETWORK_TEXT];  /* parameters of all that is dialled */
  char harm[NETWORK_TEXT];  /* and of the connections to be hurt */
  char late[NETWORK_TEXT];  /* and of what is dialled once the story stands */
  char heard[NETWORK_TEXT]; /* of what listens */
  bool slow;                /* what was taken may need longer than all limits */
  unsigned hurt;            /* raw: the pair to be hurt. The others notice nothing */
};

void network_make(struct network *network, const struct story *story);
void network_print(const struct story *story);

#endif
