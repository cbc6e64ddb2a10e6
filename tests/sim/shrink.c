/* SPDX-License-Identifier: Apache-2.0
 *
 * An act is left out if some schedule of a few hundred shows the same fault without it.
 */
#include "tests/sim/shrink.h"

#include <ctype.h>
#include <string.h>

enum { SCHEDULES = 300 };

bool fault_is_like(const char *fault, const char *other) {
  for (;; fault++, other++) {
    while (isdigit((unsigned char)*fault)) fault++;
    while (isdigit((unsigned char)*other)) other++;
    if (*fault != *other) return false;
    if (!*fault || *fault == '\n') return true;
  }
}

static bool still_fails(struct telling *telling, const char *fault) {
  struct telling tried = *telling;
  for (uint64_t i = 0; i < SCHEDULES; i++) {
    struct told told;
    if (i) tried.schedule = telling->story * 1000 + i;
    tell_apart(&tried, &told);
    if (told.fine || !fault_is_like(told.fault, fault)) continue;
    telling->schedule = tried.schedule;
    return true;
  }
  return false;
}

bool shrink(struct telling *telling) {
  struct told told;
  tell_apart(telling, &told);
  if (told.fine) return false;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (unsigned i = 0; i < STORY_ACTS_MAX; i++) {
      if (telling->dropped[i]) continue;
      telling->dropped[i] = true;
      if (still_fails(telling, told.fault))
        smaller = true;
      else
        telling->dropped[i] = false;
    }
  }
  return true;
}
