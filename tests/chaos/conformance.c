/* SPDX-License-Identifier: Apache-2.0
 *
 * The conformance kit on chaos over a transport, with the seed of HAWSER_CHAOS_SEED: what it does to a stream is
 * nothing that a stream may not do.
 *
 *   chaos_conformance PLUGIN URL
 *
 * where to listen; a URL that ends in a hyphen is followed by a number of this process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/check/check.h"

enum { LEAST = 25, PATIENCE_MS = 20000 };

int main(int argc, char **argv) {
  const char *seed = getenv("HAWSER_CHAOS_SEED");
  char plugin[400];
  char url[200];
  char number[20] = "";
  struct check_report report;
  if (argc != 3) return EXIT_FAILURE;
  if (!seed) seed = "1";
  size_t length = strlen(argv[2]);
  if (length > 0 && argv[2][length - 1] == '-') (void)snprintf(number, sizeof number, "%d", (int)getpid());
  (void)snprintf(url, sizeof url, "chaos+%s%s?chaos.seed=%.20s", argv[2], number, seed);
  (void)snprintf(plugin, sizeof plugin, TEST_PLUGIN_DIR "/%s" TEST_PLUGIN_SUFFIX, argv[1]);
  const struct check_config config = {.plugin = TEST_PLUGIN_DIR "/chaos" TEST_PLUGIN_SUFFIX,
                                      .under = plugin,
                                      .listen_url = url,
                                      .patience_ms = PATIENCE_MS};
  int result = check_run(&config, stdout, &report);
  printf("%u passed, %u failed, %u not offered\n", report.passed, report.failed, report.not_offered);
  return result == 0 && report.passed >= LEAST ? EXIT_SUCCESS : EXIT_FAILURE;
}
