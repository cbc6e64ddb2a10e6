/* SPDX-License-Identifier: Apache-2.0
 *
 * Our end of the interoperability tests, on the public ABI alone: one scenario a process, the same for every peer, in
 * either role and any mode.
 *
 *   interop_driver list TRAITS
 *   interop_driver client MODE TRAITS SCENARIO URL
 *   interop_driver server MODE TRAITS SCENARIO URL PEER-COMMAND...
 */
#include <stdio.h>
#include <string.h>

#include "tests/interop/calls.h"
#include "tests/interop/peer.h"
#include "tests/interop/scenarios.h"

enum { TABLES = 4 };

static const struct scenario *const tables[TABLES] = {scenarios_streams, scenarios_resets, scenarios_session,
                                                      scenarios_raw};

static uint32_t mode_of(const char *name) {
  if (strcmp(name, "yamux") == 0) return HWS_MODE_YAMUX;
  if (strcmp(name, "auto") == 0) return HWS_MODE_AUTO;
  fail("there is no mode \"%s\"", name);
}

static void list(const char *traits) {
  for (size_t t = 0; t < TABLES; t++)
    for (const struct scenario *at = tables[t]; at->name != NULL; at++)
      if (at->needs == NULL || traits_have(traits, at->needs)) puts(at->name);
}

static const struct scenario *find(const char *name) {
  for (size_t t = 0; t < TABLES; t++)
    for (const struct scenario *at = tables[t]; at->name != NULL; at++)
      if (strcmp(at->name, name) == 0) return at;
  fail("there is no scenario \"%s\"", name);
}

int main(int argc, char **argv) {
  struct peer_setup setup = {0};

  if (argc == 3 && strcmp(argv[1], "list") == 0) {
    list(argv[2]);
    return 0;
  }
  setup.listens = argc > 6 && strcmp(argv[1], "server") == 0;
  if (!setup.listens && (argc != 6 || strcmp(argv[1], "client") != 0)) fail("usage: see driver.c");
  setup.mode = mode_of(argv[2]);
  setup.traits = argv[3];
  setup.url = argv[5];
  setup.command = argv + 6;
  runtime_open();
  peer_begin(&setup);
  find(argv[4])->run();
  peer_end();
  puts("ok");
  return 0;
}
