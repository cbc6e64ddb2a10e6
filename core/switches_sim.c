/* SPDX-License-Identifier: Apache-2.0
 *
 * Going through lists of switches.
 */
#include "core/switches_sim.h"

#include <stddef.h>

static uint32_t bit(unsigned thread) {
  return UINT32_C(1) << thread;
}

unsigned sim_choice_usual(const struct sim_choice *choice) {
  if (choice->can_go_on) return choice->self;
  uint32_t higher = choice->able & ~(bit(choice->self) | (bit(choice->self) - 1));
  return (unsigned)__builtin_ctz(higher ? higher : choice->able);
}

void replay_begin(struct replay *replay, const struct sim_switches *switches, struct sim_forks *forks) {
  *replay = (struct replay){.switches = switches, .forks = forks};
  if (forks) forks->count = 0;
}

/* The switch at this point; NULL: none. One whose point was missed, as others were left out, is none at all. */
static const struct sim_switch *find(struct replay *replay, const struct sim_choice *choice) {
  const struct sim_switches *switches = replay->switches;
  uint32_t *at = &replay->after[choice->self];
  for (; *at < switches->count; (*at)++) {
    const struct sim_switch *each = &switches->list[*at];
    if (each->thread != choice->self || each->own < choice->own) continue;
    return each->own == choice->own ? each : NULL;
  }
  return NULL;
}

static bool is_searched(const struct sim_forks *forks, const struct sim_choice *choice) {
  return choice->part == SIM_ACTS || (choice->part == SIM_REST && forks->with_rest);
}

static void note_fork(struct sim_forks *forks, const struct sim_choice *choice, unsigned usual) {
  uint32_t others = choice->able & ~bit(usual);
  if (!others) return;
  if (forks->count++ >= forks->room) return;
  forks->list[forks->count - 1] =
      (struct sim_fork){.own = choice->own, .thread = (uint8_t)choice->self, .usual = (uint8_t)usual, .others = others};
}

unsigned replay_choose(struct replay *replay, const struct sim_choice *choice) {
  unsigned usual = sim_choice_usual(choice);
  const struct sim_switch *found = find(replay, choice);
  if (found) replay->used++;
  if (found && (choice->able & bit(found->to))) return found->to;
  if (replay->forks && is_searched(replay->forks, choice) && replay->used == replay->switches->count)
    note_fork(replay->forks, choice, usual);
  return usual;
}
