/* SPDX-License-Identifier: Apache-2.0
 *
 * PIP-2, PIP-11: the table of clients that call CreateFile once and find the pipe busy, the old behaviour beside the
 * new. What it costs depends on the machine, so only what holds on any is asserted: no error but "busy" is ever met,
 * and a backlog is better than none. That fewer clients than the backlog are never refused is shown without a clock by
 * npipe_listen_iocp.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/npipe/table_win32.h"

static const struct table_offer offer = {.plugin_dir = TEST_PLUGIN_DIR, .rate = 400, .opens = 120, .work_ms = 1};

static unsigned run(bool at_accept, unsigned queue, unsigned accepts, unsigned clients) {
  struct table_row row = {.at_accept = at_accept, .queue = queue, .accepts = accepts, .clients = clients};
  assert_true(table_run(&offer, &row));
  table_print(stdout, &row);
  assert_int_equal(row.other, 0);
  assert_int_equal(row.connects + row.busy, offer.opens);
  return row.busy;
}

static void a_backlog_is_better_than_none(void **state) {
  static const unsigned queues[] = {2, 4, 16};
  unsigned old = 0;
  unsigned deep = 0;
  (void)state;
  table_print_head(stdout, &offer);
  for (unsigned clients = 4; clients <= 16; clients *= 4) {
    for (unsigned accepts = 1; accepts <= 8; accepts *= 8) {
      old += run(true, 1, accepts, clients);
      for (unsigned i = 0; i < 3; i++) {
        unsigned busy = run(false, queues[i], accepts, clients);
        if (queues[i] == 16) deep += busy;
      }
    }
  }
  assert_true(deep < old);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_backlog_is_better_than_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
