/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a session: names, limits, defaults. docs/settings.md says more of each.
 */
#include "core/settings.h"
#include "core/mux/mux.h"

#define SECONDS(n) (UINT64_C(1000000000) * (n))
#define MIB(n) (UINT64_C(1048576) * (n))

static const struct setting table[SESSION_SETTINGS] = {
    [SET_WINDOW_FIRST] = {"window_first", 0, MIB(1024), 0, SETTING_BYTES,
                          "the receive window of a new stream; 0, or less than the mode's own: that"},
    [SET_WINDOW_MAX] = {"window_max", WINDOW_NATIVE, MIB(1024), MIB(1), SETTING_BYTES,
                        "how far a stream's receive window may grow"},
    [SET_POOL] = {"window_pool", 0, MIB(65536), MIB(64), SETTING_BYTES,
                  "memory for growth of windows, shared by all streams"},
    [SET_UNSENT] = {"unsent_max", 65536, MIB(1024), MIB(1), SETTING_BYTES, "bytes copied from sends and not written"},
    [SET_STREAMS] = {"streams_max", 0, 1 << 20, 0, SETTING_COUNT,
                     "streams open at once before the peer's are refused; 0: the mode's own"},
    [SET_BACKLOG] = {"backlog", 0, 1 << 20, 0, SETTING_COUNT,
                     "streams opened by the peer and not accepted yet; 0: the mode's own"},
    [SET_KEEPALIVE] = {"keepalive", 0, SECONDS(86400), SECONDS(30), SETTING_TIME, "time between pings; 0: none"},
    [SET_KEEPALIVE_TIMEOUT] = {"keepalive_timeout", SECONDS(1) / 1000, SECONDS(86400), SECONDS(10), SETTING_TIME,
                               "silence after a ping that ends the session"},
    [SET_WRITE_TIMEOUT] = {"write_timeout", SECONDS(1) / 1000, SECONDS(86400), SECONDS(10), SETTING_TIME,
                           "a write without progress that ends the session"},
    [SET_LINGER] = {"linger", SECONDS(1) / 1000, SECONDS(86400), SECONDS(30), SETTING_TIME,
                    "how long a closed stream waits for the peer's end before it is reset"},
    [SET_DRAIN] = {"drain", 0, SECONDS(86400), SECONDS(10), SETTING_TIME,
                   "how long a closed session goes on sending what was taken"},
    [SET_USELESS] = {"useless_rate", 1, 1 << 30, 1000, SETTING_COUNT, "frames a second that do nothing"},
    [SET_RESETS] = {"resets_burst", 1, 1 << 30, 10000, SETTING_COUNT,
                    "streams opened and reset by the peer in a burst; above it it is read slower"},
    [SET_RESET_RATE] = {"resets_rate", 1, 1 << 30, 10000, SETTING_COUNT, "the same a second, in the long run"},
    [SET_ANSWERS] = {"answers_rate", 1, 1 << 30, 10000, SETTING_COUNT,
                     "refusals and resets a second that the peer provokes; above it it is read slower"},
    [SET_HANDSHAKE] = {"handshake", SECONDS(1) / 1000, SECONDS(86400), SECONDS(10), SETTING_TIME,
                       "how long a peer may take to introduce itself"},
    [SET_SNIFF] = {"sniff", 0, 1, 0, SETTING_COUNT, "1: say nothing until the peer's first byte tells its mode"},
};

int mux_settings(const char *text, uint64_t *values, char *error, size_t size) {
  settings_defaults(table, SESSION_SETTINGS, values);
  return settings_parse(table, SESSION_SETTINGS, text, values, error, size);
}
