/* SPDX-License-Identifier: Apache-2.0
 *
 * An act is left out if the schedule, or one of a hundred others, shows the same fault without it. Then the schedule
 * becomes a list of switches, and of those are left out as many at once as can be, at last each.
 */
#include "tests/sim/shrink.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/switches.h"

enum { SCHEDULES = 100 };

struct shrinking {
  struct telling *telling;
  char fault[FAULT_MAX];
  unsigned acts;
  time_t until;
};

bool fault_is_like(const char *fault, const char *other) {
  for (;; fault++, other++) {
    while (isdigit((unsigned char)*fault)) fault++;
    while (isdigit((unsigned char)*other)) other++;
    if (*fault != *other) return false;
    if (!*fault || *fault == '\n') return true;
  }
}

static bool is_late(const struct shrinking *shrinking) {
  return time(NULL) >= shrinking->until;
}

static bool fails_so(const struct telling *telling, const char *fault) {
  struct told told;
  tell_apart(telling, &told);
  return !told.fine && fault_is_like(told.fault, fault);
}

/* Free what a telling had, and give it another schedule. */
static void adopt(struct telling *telling, const struct sim_switches *switches) {
  free((void *)(uintptr_t)telling->switches);
  telling->switches = switches;
}

/* The schedule of the last telling, as a list. */
static void adopt_told(struct telling *telling) {
  adopt(telling, switches_copy(told_switches()));
}

/* ---- acts ---- */

static bool fails_without(const struct shrinking *shrinking, struct telling *tried) {
  if (fails_so(tried, shrinking->fault)) return true;
  for (uint64_t i = 1; i <= SCHEDULES && !is_late(shrinking); i++) {
    struct telling other = *tried;
    other.switches = NULL;
    other.schedule = tried->story * 1000 + i;
    if (!fails_so(&other, shrinking->fault)) continue;
    tried->schedule = other.schedule;
    tried->switches = NULL;
    return true;
  }
  return false;
}

/* Leave out up to `most` acts from the first-th on. */
static bool drop_acts(struct shrinking *shrinking, unsigned first, unsigned most) {
  struct telling tried = *shrinking->telling;
  unsigned dropped = 0;
  for (unsigned i = first; i < shrinking->acts && i < first + most; i++) {
    dropped += !tried.dropped[i];
    tried.dropped[i] = true;
  }
  if (!dropped || !fails_without(shrinking, &tried)) return false;
  if (!tried.switches) adopt(shrinking->telling, NULL);
  *shrinking->telling = tried;
  return true;
}

static bool shrink_acts(struct shrinking *shrinking) {
  bool any = false;
  for (unsigned most = STORY_ACTS_MAX / 2; most && !is_late(shrinking);) {
    bool smaller = false;
    for (unsigned i = 0; i < shrinking->acts && !is_late(shrinking); i += most)
      smaller = drop_acts(shrinking, i, most) || smaller;
    any = any || smaller;
    if (!smaller || most > 1) most /= 2;
  }
  return any;
}

/* ---- switches ---- */

static bool drop_switches(struct shrinking *shrinking, uint32_t first, uint32_t most) {
  struct sim_switches *fewer = switches_copy(shrinking->telling->switches);
  uint32_t behind = first + most < fewer->count ? first + most : fewer->count;
  memmove(fewer->list + first, fewer->list + behind, (fewer->count - behind) * sizeof *fewer->list);
  fewer->count -= behind - first;
  struct telling tried = *shrinking->telling;
  tried.switches = fewer;
  if (!fails_so(&tried, shrinking->fault)) {
    free(fewer);
    return false;
  }
  adopt(shrinking->telling, fewer);
  return true;
}

static bool shrink_switches(struct shrinking *shrinking) {
  const struct telling *telling = shrinking->telling;
  bool any = false;
  for (uint32_t most = telling->switches->count; most && !is_late(shrinking);) {
    bool smaller = false;
    for (uint32_t i = 0; i < telling->switches->count && !is_late(shrinking);)
      if (drop_switches(shrinking, i, most))
        smaller = true;
      else
        i += most;
    any = any || smaller;
    if (!smaller || most > 1) most /= 2;
  }
  return any;
}

/* ---- both ---- */

bool shrink(struct telling *telling, unsigned seconds) {
  struct shrinking shrinking = {
      .telling = telling, .acts = telling_acts(telling), .until = time(NULL) + (time_t)seconds};
  struct told told;
  if (telling->switches) telling->switches = switches_copy(telling->switches);
  tell_apart(telling, &told);
  if (told.fine) {
    adopt(telling, NULL);
    return false;
  }
  memcpy(shrinking.fault, told.fault, sizeof shrinking.fault);
  do {
    (void)shrink_acts(&shrinking);
    if (!telling->switches) {
      tell_apart(telling, &told);
      adopt_told(telling);
    }
  } while (shrink_switches(&shrinking) && shrink_acts(&shrinking));
  return true;
}

void shrink_print(const struct telling *telling) {
  struct told told;
  tell_apart(telling, &told);
  telling_print_story(telling);
  if (told_switches()->count) printf("everybody goes on for as long as it can, but\n");
  switches_explain(told_switches());
  printf("%s", told.fault);
  telling_print(telling);
}
