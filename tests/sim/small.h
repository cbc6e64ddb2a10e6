/* SPDX-License-Identifier: Apache-2.0
 *
 * Small stories: two or three acts that meet, for the search of all their schedules (search.h). Each is told in all
 * variants of carrier, place and progress mode, which are numbers behind its name.
 */
#ifndef HAWSER_TESTS_SIM_SMALL_H
#define HAWSER_TESTS_SIM_SMALL_H

#include <stdbool.h>

#include "tests/sim/story.h"

enum { SMALL_NAME_MAX = 40, SMALL_VARIANTS = 20 };

/* Numbers of stories: those of small ones are behind all others. */
#define SMALL_FIRST (UINT64_C(1) << 63)

unsigned small_count(void);

static inline bool small_is(uint64_t story) {
  return story >= SMALL_FIRST;
}

/* Make a small story; one that there is none of has no acts. */
void small_make(struct story *story, uint64_t number);

/* The name of a story, which for others is its number; and the story of that name. False: there is none. */
void small_name(uint64_t story, char name[SMALL_NAME_MAX]);
bool small_find(const char *name, uint64_t *story);

#endif
