/* SPDX-License-Identifier: Apache-2.0
 *
 * The conformance kit on chaos over a transport, with the seed of HAWSER_CHAOS_SEED: what it does to a stream is
 * nothing that a stream may not do.
 *
 *   chaos_conformance memory|unix
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/check/check.h"

enum { LEAST = 25, PATIENCE_MS = 20000 };

int main(int argc, char **argv) {
  const char *seed = getenv("HAWSER_CHAOS_SEED");
  bool on_unix = argc > 1 && strcmp(argv[1], "unix") == 0;
  char url[200];
  struct check_report report;
  if (!seed) seed = "1";
  if (on_unix)
    (void)snprintf(url, sizeof url, "chaos+unix:@hawser-chaos-%d?chaos.seed=%.20s", (int)getpid(), seed);
  else
    (void)snprintf(url, sizeof url, "chaos+mem://check?chaos.seed=%.20s", seed);
  const struct check_config config = {.plugin = TEST_PLUGIN_DIR "/chaos.so",
                                      .under =
                                          on_unix ? TEST_PLUGIN_DIR "/unix_epoll.so" : TEST_PLUGIN_DIR "/memory.so",
                                      .listen_url = url,
                                      .patience_ms = PATIENCE_MS};
  int result = check_run(&config, stdout, &report);
  printf("%u passed, %u failed, %u not offered\n", report.passed, report.failed, report.not_offered);
  return result == 0 && report.passed >= LEAST ? EXIT_SUCCESS : EXIT_FAILURE;
}
