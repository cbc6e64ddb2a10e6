/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5: the Unix transport at a path passes every case.
 */
#include "tests/transports/conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void passes(void **state) {
  (void)state;
  char url[64];
  char folder[] = "/tmp/hawser-check-XXXXXX";
  assert_non_null(mkdtemp(folder));
  (void)snprintf(url, sizeof url, "unix://%s/s", folder);
  conformance_expect(TEST_PLUGIN_DIR "/unix_epoll.so", url, 141, 5);
  assert_int_equal(rmdir(folder), 0); /* no case has left a file */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
