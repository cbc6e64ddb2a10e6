/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters: decimal numbers, each with bounds and a default.
 */
#include "plugins/chaos/settings.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct setting {
  const char *key;
  size_t offset;
  uint64_t fallback;
  uint64_t least;
  uint64_t most;
} all[] = {
    {"seed", offsetof(struct settings, seed), 1, 0, UINT64_MAX},
    {"cut", offsetof(struct settings, cut), 30, 0, 100},
    {"pend", offsetof(struct settings, pend), 20, 0, 100},
    {"storm", offsetof(struct settings, storm), 2, 0, 100},
    {"delay", offsetof(struct settings, delay), 3, 0, 100},
    {"swap", offsetof(struct settings, swap), 10, 0, 100},
    {"late", offsetof(struct settings, late), 50, 0, 100},
    {"reset", offsetof(struct settings, reset), 0, 0, 100},
    {"end", offsetof(struct settings, end), 0, 0, 100},
    {"storm_max", offsetof(struct settings, storm_max), 8, 1, 1000},
    {"delay_us", offsetof(struct settings, delay_us), 300, 1, 1000000},
    {"span", offsetof(struct settings, span), 65536, 1, NEVER - 1},
    {"reset_at", offsetof(struct settings, reset_at), NEVER, 0, NEVER - 1},
    {"end_at", offsetof(struct settings, end_at), NEVER, 0, NEVER - 1},
};

static bool read_number(const char *text, uint64_t *number) {
  *number = 0;
  if (text[0] == '\0') return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    uint64_t digit = (uint64_t)(*text - '0');
    if (*number > (UINT64_MAX - digit) / 10) return false;
    *number = *number * 10 + digit;
  }
  return true;
}

static int32_t refuse(const struct hws_host *host, struct hws_host_endpoint *endpoint, const struct setting *setting,
                      const char *found) {
  char text[200];
  (void)snprintf(text, sizeof text, "%s: found '%.40s', wanted a number from %" PRIu64 " to %" PRIu64, setting->key,
                 found, setting->least, setting->most);
  host->explain(endpoint, text);
  return HWS_IO_ADDRESS;
}

int32_t settings_read(const struct hws_host *host, struct hws_host_endpoint *endpoint, struct settings *settings) {
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    uint64_t value = all[i].fallback;
    const char *text = host->config(endpoint, all[i].key);
    bool good = text == NULL || read_number(text, &value);
    if (text != NULL && (!good || value < all[i].least || value > all[i].most))
      return refuse(host, endpoint, &all[i], text);
    memcpy((char *)settings + all[i].offset, &value, sizeof value);
  }
  return HWS_IO_OK;
}
