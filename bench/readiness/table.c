/* SPDX-License-Identifier: Apache-2.0
 *
 * Medians and their rows; see table.h.
 */
#include "bench/readiness/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const table_modes[TABLE_MODES] = {"overlapped", "readiness"};

static const struct {
  const char *what;
  const char *unit;
  int digits;
} rows[TABLE_WHATS] = {
    [ALONE_RATE] = {"64 bytes there and back, busy ones alone", "1/s", 0},
    [ALONE_TURNS] = {"  turns of the loop for one", "", 2},
    [ALONE_TRANSFERS] = {"  reads and writes for one", "", 2},
    [ALONE_BULK] = {"64 KiB there and back, busy ones alone", "MB/s", 1},
    [HELD] = {"memory held for an idle one", "bytes", 0},
    [HELD_ALL] = {"  for all of them", "MiB", 1},
    [CONNECTS] = {"connections made and used once", "1/s", 0},
    [BESIDE_RATE] = {"64 bytes there and back, beside idle ones", "1/s", 0},
    [BESIDE_TURNS] = {"  turns of the loop for one", "", 2},
    [BESIDE_TRANSFERS] = {"  reads and writes for one", "", 2},
    [BESIDE_BULK] = {"64 KiB there and back, beside idle ones", "MB/s", 1},
};

static int compare(const void *left, const void *right) {
  double a = *(const double *)left;
  double b = *(const double *)right;
  return (a > b) - (a < b);
}

static void print_values(const double *values, unsigned count, int digits) {
  double sorted[TABLE_ROUNDS_MAX];
  char text[64];
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  (void)snprintf(text, sizeof text, "%.*f [%.*f-%.*f]", digits, sorted[count / 2], digits, sorted[0], digits,
                 sorted[count - 1]);
  (void)printf(" %26s", text);
}

static void print_ratio(const struct table *table, enum table_what what) {
  double ratios[TABLE_ROUNDS_MAX];
  for (unsigned i = 0; i < table->rounds; i++) {
    double overlapped = table->values[what][0][i];
    ratios[i] = overlapped > 0 ? table->values[what][1][i] / overlapped : 0;
  }
  qsort(ratios, table->rounds, sizeof *ratios, compare);
  (void)printf(" %7.2f\n", ratios[table->rounds / 2]);
}

void table_print(const struct table *table) {
  (void)printf("%u busy connections, %u idle ones, %u rounds: median [least-greatest]\n", table->busy, table->idle,
               table->rounds);
  (void)printf("%-42s %5s %26s %26s %7s\n", "", "", table_modes[0], table_modes[1], "ratio");
  for (unsigned i = 0; i < TABLE_WHATS; i++) {
    (void)printf("%-42s %5s", rows[i].what, rows[i].unit);
    for (unsigned mode = 0; mode < TABLE_MODES; mode++)
      print_values(table->values[i][mode], table->rounds, rows[i].digits);
    print_ratio(table, i);
  }
  (void)fflush(stdout);
}
