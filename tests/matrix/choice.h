/* SPDX-License-Identifier: Apache-2.0
 *
 * Which cells a command line means, and what they are called.
 */
#ifndef HAWSER_TESTS_MATRIX_CHOICE_H
#define HAWSER_TESTS_MATRIX_CHOICE_H

#include <stddef.h>

#include "tests/matrix/cell.h"

enum { CELL_NAME = 128 };

struct choice {
  uint64_t ops;
  uint64_t ways;
  uint64_t classes;
  unsigned modes;
};

/* False: a word names nothing, and that was said. */
bool choice_parse(struct choice *choice, int argc, char **argv);

/* Raw classes are played on transports that are of them. */
bool chosen(const struct choice *choice, const struct cell *cell, const struct transport *transport, int driven);

const struct transport *transport_called(const char *scheme);
const char *cell_name(const struct cell *cell, const struct transport *transport, int driven, char name[CELL_NAME]);

#endif
