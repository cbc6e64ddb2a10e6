/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5, PIP-8: named pipes over completion ports pass every case that they are offered. Not offered are those
 * for transports that can revoke, ask for readiness, or send files; and in byte mode those of half-close.
 */
#include "tests/transports/conformance.h"

static void passes_with_bytes(void **state) {
  (void)state;
  conformance_expect(TEST_PLUGIN_DIR "/npipe_iocp.dll", "npipe:////./pipe/hawser/check", 37, 21);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes_with_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
