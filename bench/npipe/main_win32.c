/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_npipe [RATE [WORK_MS [OPENS]]]: the table of clients that find a pipe busy, by queue, accepts and clients, as a
 * listener without a backlog has them and as one with a backlog has.
 */
#include "bench/npipe/table_win32.h"

#include <stdlib.h>

static unsigned argument(int count, char **words, int index, unsigned initial) {
  unsigned long value = index < count ? strtoul(words[index], NULL, 10) : initial;
  return value <= 1000000 ? (unsigned)value : initial;
}

int main(int count, char **words) {
  static const unsigned queues[] = {1, 2, 4, 8, 16};
  static const unsigned accepts[] = {1, 8};
  static const unsigned clients[] = {4, 16};
  const struct table_offer offer = {.rate = argument(count, words, 1, 800),
                                    .work_ms = argument(count, words, 2, 1),
                                    .opens = argument(count, words, 3, 800)};
  bool good = offer.rate > 0;
  table_print_head(stdout, &offer);
  for (unsigned i = 0; good && i < 2 * 2 * 2 * 5; i++) {
    struct table_row row = {.at_accept = i / 20 == 0,
                            .accepts = accepts[i / 10 % 2],
                            .clients = clients[i / 5 % 2],
                            .queue = queues[i % 5]};
    good = table_run(&offer, &row);
    if (good) table_print(stdout, &row);
  }
  return good ? 0 : 1;
}
