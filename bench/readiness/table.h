/* SPDX-License-Identifier: Apache-2.0
 *
 * What was measured, in both modes and many rounds, and the table of it.
 */
#ifndef HAWSER_BENCH_READINESS_TABLE_H
#define HAWSER_BENCH_READINESS_TABLE_H

enum { TABLE_MODES = 2, TABLE_ROUNDS_MAX = 99 };

enum table_what {
  ALONE_RATE, /* of messages there and back, with the busy connections alone */
  ALONE_TURNS,
  ALONE_TRANSFERS,
  ALONE_BULK,
  HELD, /* by one idle connection */
  HELD_ALL,
  CONNECTS,
  BESIDE_RATE, /* and with the idle ones beside them */
  BESIDE_TURNS,
  BESIDE_TRANSFERS,
  BESIDE_BULK,
  TABLE_WHATS
};

struct table {
  unsigned idle;
  unsigned busy;
  unsigned rounds;
  double values[TABLE_WHATS][TABLE_MODES][TABLE_ROUNDS_MAX];
};

extern const char *const table_modes[TABLE_MODES];

/* Of each the median of the rounds, with the least and the greatest; and the median of the rounds' own ratios. */
void table_print(const struct table *table);

#endif
