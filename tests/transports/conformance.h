/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of the conformance kit as a test: every case passes, and at least so many do.
 */
#ifndef HAWSER_TESTS_CONFORMANCE_H
#define HAWSER_TESTS_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugins/check/check.h"

static inline void conformance_expect_config(const struct check_config *config, unsigned least, unsigned not_offered) {
  struct check_report report;
  int result = check_run(config, stdout, &report);
  assert_int_equal(report.failed, 0);
  assert_int_equal(result, 0);
  assert_true(report.passed >= least);
  assert_int_equal(report.not_offered, not_offered);
}

static inline void conformance_expect(const char *plugin, const char *url, unsigned least, unsigned not_offered) {
  const struct check_config config = {.plugin = plugin, .listen_url = url, .patience_ms = 20000};
  conformance_expect_config(&config, least, not_offered);
}

#endif
