/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5: the sample transport passes every case; it has no descriptors, so that four of them are not for it.
 */
#include "tests/transports/conformance.h"

static void passes(void **state) {
  (void)state;
  conformance_expect(TEST_PLUGIN_DIR "/memory" TEST_PLUGIN_SUFFIX, "mem://check", 50, 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
