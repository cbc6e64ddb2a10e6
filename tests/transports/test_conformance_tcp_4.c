/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5, UNX-4: TCP over IPv4 passes every case.
 */
#include "tests/transports/conformance.h"

static void passes(void **state) {
  (void)state;
  conformance_expect(TEST_PLUGIN_DIR "/tcp_epoll.so", "tcp://127.0.0.1:0", 140, 6); /* no peer identity, no messages */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
