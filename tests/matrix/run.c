/* SPDX-License-Identifier: Apache-2.0
 *
 * Running cells on a real system.
 */
#include "tests/matrix/run.h"

#include <stdio.h>
#include <string.h>

#include "tests/matrix/choice.h"
#include "tests/matrix/play.h"

struct totals {
  unsigned played;
  unsigned faults;
  unsigned never;   /* cells that cannot be */
  unsigned skipped; /* cells that this transport cannot have */
};

static void play_one(const struct cell *cell, const struct transport *transport, bool driven, struct totals *totals) {
  const char *skipped;
  fault_forget();
  bool fine = play(cell, transport, driven, &skipped);
  if (skipped) {
    ++*(cell->never ? &totals->never : &totals->skipped);
    return;
  }
  totals->played++;
  if (fine) return;
  totals->faults++;
  char name[CELL_NAME];
  printf("FAIL %s (ends.txt:%d): %s\n", cell_name(cell, transport, driven, name), cell->line, fault_text());
  fflush(stdout);
}

/* Where all takes long each cell is played in one progress mode, and its neighbours in the other. */
static bool is_turn(unsigned cell, int driven) {
  return MATRIX_SLOWNESS == 1 || cell % 2 == (unsigned)driven;
}

int run(const char *scheme, int argc, char **argv) {
  struct totals totals = {0};
  struct choice choice;
  const struct transport *transport = transport_called(scheme);
  if (!choice_parse(&choice, argc, argv)) return 2;
  for (unsigned i = 0; i < cell_count; i++)
    for (int driven = 0; driven < 2; driven++)
      if (chosen(&choice, &cells[i], transport, driven) && is_turn(i, driven))
        play_one(&cells[i], transport, driven, &totals);
  printf("%s: %u cells played, %u failed; %u cannot be here, %u cannot be anywhere\n", scheme, totals.played,
         totals.faults, totals.skipped, totals.never);
  return totals.faults != 0 || !totals.played;
}
