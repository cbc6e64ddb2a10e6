/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, PLG-5, NTF-1, NTF-4, NTF-8: TCP by readiness passes every case that it is offered, on both versions of IP,
 * with accepts that are posted and, on the other, with accepts on notification. Not offered are those for transports
 * that can revoke, which the manifest does not say as the overlapped mode cannot, know their peer, or send files.
 */
#include "tests/transports/conformance.h"

static void passes(const char *listen_url) {
  const struct check_config config = {.plugin = TEST_PLUGIN_DIR "/tcp_iocp.dll",
                                      .listen_url = listen_url,
                                      .dial_more = "?io=readiness",
                                      .without = HWS_CAP_SENDFILE, /* as above */
                                      .watches = true,
                                      .patience_ms = 20000};
  conformance_run(&config, 50, 19);
}

static void passes_on_version_4(void **state) {
  (void)state;
  passes("tcp://127.0.0.1:0?io=readiness");
}

static void passes_on_version_6_accepting_on_notification(void **state) {
  (void)state;
  passes("tcp://[::1]:0?io=readiness&accept=readiness");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes_on_version_4),
                                     cmocka_unit_test(passes_on_version_6_accepting_on_notification)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
