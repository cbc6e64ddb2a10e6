/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5: the Unix transport at an abstract name passes every case.
 */
#include "tests/transports/conformance.h"

#include <stdio.h>
#include <unistd.h>

static void passes(void **state) {
  (void)state;
  char url[64];
  (void)snprintf(url, sizeof url, "unix:@hawser-check-%d", (int)getpid());
  conformance_expect(TEST_PLUGIN_DIR "/unix_epoll.so", url, 141, 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
