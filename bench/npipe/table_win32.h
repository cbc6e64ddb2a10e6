/* SPDX-License-Identifier: Apache-2.0
 *
 * How many clients of a pipe find it busy: clients as other languages have them, which call CreateFile once and do not
 * try again, against a listener with a backlog.
 */
#ifndef HAWSER_BENCH_NPIPE_TABLE_H
#define HAWSER_BENCH_NPIPE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

struct table_offer {
  const char *plugin_dir; /* NULL: beside the library */
  unsigned rate;          /* opens a second, all clients together */
  unsigned opens;         /* of each row */
  unsigned work_ms;       /* what the application does with each accept, on its only thread */
};

struct table_row {
  bool at_accept;   /* an instance is replaced when it was accepted, not when it was connected */
  unsigned queue;   /* the backlog */
  unsigned accepts; /* how many the application has posted */
  unsigned clients; /* threads */
  /* what came of it */
  unsigned connects;
  unsigned busy;
  unsigned other;
  double seconds;
};

/* False: the listener could not be had, and why was printed. */
bool table_run(const struct table_offer *offer, struct table_row *row);

double table_busy_percent(const struct table_row *row);

void table_print_head(FILE *out, const struct table_offer *offer);
void table_print(FILE *out, const struct table_row *row);

#endif
