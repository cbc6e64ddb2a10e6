/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters.
 */
#include "tests/sim/net/settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
  const char *name;
  uint64_t usual;
  bool dialler;
  bool listener;
} known[SETTINGS] = {
    [SET_BUFFER] = {"buffer", 65536, true, true}, /* a listener is told too, and takes no notice */
    [SET_DELAY] = {"delay_us", 100, true, false},
    [SET_RATE] = {"rate", 0, true, false},
    [SET_CUT] = {"cut", 20, true, false},
    [SET_SPURIOUS] = {"spurious", 0, true, false},
    [SET_LATE] = {"late_us", 0, true, false},
    [SET_RESET_OUT] = {"reset_out", 0, true, false},
    [SET_RESET_IN] = {"reset_in", 0, true, false},
    [SET_KEEPS] = {"keeps", 50, true, false},
    [SET_LINGER] = {"linger", 1, true, false},
    [SET_HALF] = {"half", 1, true, false},
    [SET_MESSAGES] = {"messages", 0, true, false},
    [SET_NO_FILE] = {"no_file", 0, true, false},
    [SET_FAIL_READ] = {"fail_read", 0, true, false},
    [SET_FAIL_WRITE] = {"fail_write", 0, true, false},
    [SET_CONNECT] = {"connect_us", 0, true, false},
    [SET_LOOK_UP] = {"look_up", 0, true, false},
    [SET_REFUSE] = {"refuse", 0, true, false},
    [SET_FAIL_DIAL] = {"fail_dial", 0, true, false},
    [SET_SPARE] = {"spare", 0, false, true},
    [SET_FAIL_ACCEPT] = {"fail_accept", 0, false, true},
    [SET_ABORTED] = {"aborted", 0, false, true},
};

int32_t settings_read(const struct hws_host *host, struct hws_host_endpoint *self, enum settings_role role,
                      struct settings *settings) {
  for (unsigned i = 0; i < SETTINGS; i++) {
    settings->of[i] = known[i].usual;
    if (role == SETTINGS_LISTENER ? !known[i].listener : !known[i].dialler) continue;
    const char *text = host->config(self, known[i].name);
    if (!text) continue;
    char *end;
    settings->of[i] = strtoull(text, &end, 10);
    if (*text && !*end) continue;
    char why[64];
    (void)snprintf(why, sizeof why, "%s: not a number", known[i].name);
    host->explain(self, why);
    return HWS_IO_ADDRESS;
  }
  if (!settings->of[SET_HALF]) settings->of[SET_LINGER] = 0;
  return HWS_IO_OK;
}
