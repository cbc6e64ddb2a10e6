/* SPDX-License-Identifier: Apache-2.0
 *
 * What fails, and what that may look like.
 */
#include "tests/sim/failing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "core/failing_sim.h"
#include "tests/faults/allocation.h"

static const char *const names[FAILING_KINDS] = {"nothing", "allocation", "call"};

void failing_begin(const struct failing *failing) {
  uint32_t at[FAILING_KINDS] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
  at[failing->kind] = failing->at;
  allocation_fail_after(at[FAILING_ALLOCATION], failing->rest ? ALLOCATION_REST : ALLOCATION_ONE);
  failing_sim_begin(at[FAILING_CALL], failing->rest);
}

void failing_end(uint32_t counts[FAILING_KINDS]) {
  (void)allocation_restore();
  counts[FAILING_NOTHING] = 0;
  counts[FAILING_ALLOCATION] = allocation_count();
  counts[FAILING_CALL] = failing_sim_end();
}

bool failing_has(void) {
  return allocation_failed() || failing_sim_failed();
}

bool failing_is_clear(int32_t status) {
  const char *call = failing_sim_failed();
  switch (status) {
  case HWS_E_NOMEM:
  case HWS_E_LIMIT:    /* no poller, no thread, no descriptor */
  case HWS_E_RESET:    /* the other side lacked it, and reset the stream or the connection */
  case HWS_E_CANCELED: /* the same, as the acceptor of the stream sees it */
  case HWS_E_CLOSED:   /* the other side lacked it, and ended the session */
  case HWS_E_REFUSED:
    return true;
  case HWS_E_IO:
    return call || failing_sim_met_first(); /* a call of the network, or of a file */
  case HWS_E_UNSUPPORTED:
    return call && !strcmp(call, "fork"); /* a system on which a fork cannot be noticed */
  default:
    return false;
  }
}

void failing_print(const struct failing *failing, char *text, unsigned size) {
  text[0] = 0;
  if (failing->kind == FAILING_NOTHING) return;
  (void)snprintf(text, size, "%s:%u%s", names[failing->kind], failing->at, failing->rest ? ":rest" : "");
}

bool failing_parse(const char *text, struct failing *failing) {
  for (unsigned kind = FAILING_ALLOCATION; kind < FAILING_KINDS; kind++) {
    size_t length = strlen(names[kind]);
    if (strncmp(text, names[kind], length) != 0 || text[length] != ':') continue;
    char *end;
    failing->kind = (enum failing_kind)kind;
    failing->at = (uint32_t)strtoul(text + length + 1, &end, 10);
    failing->rest = strcmp(end, ":rest") == 0;
    return !*end || failing->rest;
  }
  return false;
}
