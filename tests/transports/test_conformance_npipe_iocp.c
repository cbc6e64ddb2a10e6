/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5, PIP-8: named pipes over completion ports pass every case that they are offered. Not offered are those
 * for transports that can revoke, ask for readiness, or send files; and in byte mode those of half-close.
 */
#include "tests/transports/conformance.h"

static const char plugin[] = TEST_PLUGIN_DIR "/npipe_iocp.dll";

static void passes_with_bytes(void **state) {
  const struct check_config config = {.plugin = plugin,
                                      .listen_url = "npipe:////./pipe/hawser/check",
                                      .without = HWS_CAP_HALF_CLOSE | HWS_CAP_MESSAGES,
                                      .patience_ms = 20000};
  (void)state;
  conformance_run(&config, 41, 28);
}

static void passes_with_messages(void **state) {
  const struct check_config config = {.plugin = plugin,
                                      .listen_url = "npipe:////./pipe/hawser/check?mode=message",
                                      .dial_url = "npipe:////./pipe/hawser/check?mode=message",
                                      .patience_ms = 20000};
  (void)state;
  conformance_run(&config, 53, 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes_with_bytes), cmocka_unit_test(passes_with_messages)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
