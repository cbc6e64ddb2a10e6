/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5, WIN-2, WIN-4: TCP over completion ports passes every case that it is offered, on both versions of IP.
 * Not offered are those for transports that can revoke, ask for readiness, know their peer, or keep messages.
 */
#include "tests/transports/conformance.h"

static void passes_on_version_4(void **state) {
  (void)state;
  conformance_expect(TEST_PLUGIN_DIR "/tcp_iocp.dll", "tcp://127.0.0.1:0", 45, 17);
}

static void passes_on_version_6(void **state) {
  (void)state;
  conformance_expect(TEST_PLUGIN_DIR "/tcp_iocp.dll", "tcp://[::1]:0", 45, 17);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes_on_version_4), cmocka_unit_test(passes_on_version_6)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
