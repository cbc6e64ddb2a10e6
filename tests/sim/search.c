/* SPDX-License-Identifier: Apache-2.0
 *
 * A schedule is told, with a note of each point behind its last switch where another thread could have come. Each of
 * those and each of the others makes a schedule with one switch more. So all lists with fewer switches are told before
 * those with more, and those again where they lead to these.
 */
#include "tests/sim/search.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/switches.h"

enum { BOUND_MAX = 4, FORKS_MAX = 1 << 16 };

struct search {
  struct telling *telling;
  struct searched *searched;
  struct sim_switch list[BOUND_MAX];
  struct sim_switches switches;
  struct sim_forks forks[BOUND_MAX];
};

/* False: it failed. */
static bool tell_one(struct search *search, struct sim_forks *forks) {
  struct told told;
  search->telling->switches = &search->switches;
  search->telling->forks = forks;
  tell(search->telling, &told);
  search->searched->schedules += !forks;
  if (forks && forks->count > forks->room) search->searched->complete = false;
  return told.fine;
}

/* All schedules that have `left` switches more than the list. */
static bool tell_all(struct search *search, unsigned left) {
  struct sim_forks *forks = left ? &search->forks[left - 1] : NULL;
  unsigned at = search->switches.count;
  if (!tell_one(search, forks)) return false;
  for (uint32_t i = 0; left && i < forks->count && i < forks->room; i++)
    for (uint32_t others = forks->list[i].others; others; others &= others - 1) {
      search->list[at] = (struct sim_switch){
          .own = forks->list[i].own, .thread = forks->list[i].thread, .to = (uint8_t)__builtin_ctz(others)};
      search->switches.count = at + 1;
      if (!tell_all(search, left - 1)) return false;
      search->switches.count = at;
    }
  return true;
}

void search(struct telling *telling, unsigned bound, struct searched *searched) {
  struct search *search = calloc(1, sizeof *search);
  struct sim_fork *lists = malloc(sizeof *lists * FORKS_MAX * BOUND_MAX);
  if (!search || !lists) abort();
  *searched = (struct searched){.complete = true, .fine = true};
  *search = (struct search){.telling = telling, .searched = searched};
  search->switches = (struct sim_switches){.room = BOUND_MAX, .list = search->list};
  for (unsigned i = 0; i < BOUND_MAX; i++)
    search->forks[i] = (struct sim_forks){.room = FORKS_MAX, .list = lists + (size_t)i * FORKS_MAX};
  for (unsigned each = 0; each <= bound && each <= BOUND_MAX && searched->fine; each++) {
    for (unsigned i = 0; i < BOUND_MAX; i++) search->forks[i].with_rest = each == 1;
    searched->fine = tell_all(search, each);
    if (each == 1) searched->points = search->forks[0].count;
  }
  telling->forks = NULL;
  telling->switches = searched->fine ? NULL : switches_copy(&search->switches);
  free(lists);
  free(search);
}
