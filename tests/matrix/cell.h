/* SPDX-License-Identifier: Apache-2.0
 *
 * A cell of the matrix of ends: an op, a way to end it and a class of transports, and what must come of it. The table
 * is ends.txt; the build makes these arrays of it.
 */
#ifndef HAWSER_TESTS_MATRIX_CELL_H
#define HAWSER_TESTS_MATRIX_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/hawser.h"
#include "matrix_cells.inc"

enum { MATRIX_CODE = HWS_CODE_APPLICATION + 7 }; /* of whatever is reset or cancelled here */

enum data { DATA_NONE, DATA_LOST, DATA_ANY };

/* How much an end takes with it: so much may not go on, and all else must. */
enum width { WIDTH_STREAM, WIDTH_SESSION, WIDTH_RUNTIME };

struct cell {
  struct {
    enum matrix_op op;
    enum matrix_way way;
    enum matrix_class class;
  } at;
  int line;          /* of ends.txt */
  const char *never; /* why it cannot be; NULL: it can */
  uint64_t code;
  int32_t status;
  uint32_t needs; /* traits of the transport, a bit each */
  enum data data;
  enum matrix_after after;
  enum matrix_peer peer;
  uint16_t flags;
  bool maybe;   /* where the transport has it */
  bool already; /* what ends it also lets it go well */
  bool or_ok;   /* or it goes well all the same: that is a race */
  bool made;    /* the event names an object */
};

struct transport {
  const char *scheme;
  enum matrix_class raw; /* what a connection of its own is */
  uint32_t traits;
};

extern const struct cell cells[];
extern const unsigned cell_count;
extern const struct transport transports[];
extern const unsigned transport_count;
extern const char *const op_names[];
extern const char *const way_names[];
extern const char *const class_names[];
extern const char *const trait_reasons[];
extern const uint16_t op_kinds[];
extern const enum width op_widths[];
extern const enum width way_widths[];

#endif
