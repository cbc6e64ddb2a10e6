/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing cells.
 */
#include "tests/matrix/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool find(const char *word, const char *const *names, unsigned count, uint64_t *chosen) {
  for (unsigned i = 0; i < count; i++)
    if (strcmp(word, names[i]) == 0) {
      *chosen |= UINT64_C(1) << i;
      return true;
    }
  return false;
}

static bool is_way(const char *word, uint64_t *chosen) {
  return strncmp(word, "by-", 3) == 0 && find(word + 3, way_names, WAYS, chosen);
}

bool choice_parse(struct choice *choice, int argc, char **argv) {
  static const char *const modes[] = {"io", "caller"};
  uint64_t driven = 0;
  *choice = (struct choice){0};
  for (int i = 1; i < argc; i++) {
    if (find(argv[i], op_names, OPS, &choice->ops) || is_way(argv[i], &choice->ways) ||
        find(argv[i], class_names, CLASSES, &choice->classes) || find(argv[i], modes, 2, &driven))
      continue;
    fprintf(stderr, "nothing is called '%s': ops, classes and by-WAY of tests/matrix/ends.txt, io, caller\n", argv[i]);
    return false;
  }
  if (!choice->ops) choice->ops = UINT64_MAX;
  if (!choice->ways) choice->ways = UINT64_MAX;
  if (!choice->classes) choice->classes = UINT64_MAX;
  choice->modes = driven ? (unsigned)driven : 3;
  return true;
}

bool chosen(const struct choice *choice, const struct cell *cell, const struct transport *transport, int driven) {
  if ((cell->at.class == ON_READY || cell->at.class == ON_PACKET) && cell->at.class != transport->raw) return false;
  return choice->ops >> cell->at.op & 1 && choice->ways >> cell->at.way & 1 && choice->classes >> cell->at.class & 1 &&
         choice->modes >> driven & 1;
}

const struct transport *transport_called(const char *scheme) {
  for (unsigned i = 0; i < transport_count; i++)
    if (strcmp(transports[i].scheme, scheme) == 0) return &transports[i];
  fprintf(stderr, "no transport is called '%s'\n", scheme);
  exit(2);
}

const char *cell_name(const struct cell *cell, const struct transport *transport, int driven, char name[CELL_NAME]) {
  (void)snprintf(name, CELL_NAME, "%s: %s %s %s %s", transport->scheme, op_names[cell->at.op], way_names[cell->at.way],
                 class_names[cell->at.class], driven ? "caller" : "io");
  return name;
}
