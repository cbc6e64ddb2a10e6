/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and bounding what the user wrote. A name is [A-Za-z0-9._-]{1,64}; a number is decimal.
 */
#include "plugins/memory/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugins/memory/names.h"

struct range {
  const char *key;
  uint64_t least;
  uint64_t most;
  uint64_t usual;
};

static const struct range buffer_range = {"buffer", 1, 1 << 24, 1 << 18};
static const struct range backlog_range = {"backlog", 1, 65536, 128};

static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

static bool name_valid(const char *name) {
  size_t length = strnlen(name, NAME_MAX_LENGTH + 1);
  return length > 0 && length <= NAME_MAX_LENGTH && strspn(name, name_letters) == length;
}

/* At most 18 digits, which cannot overflow. */
static bool parse(const char *text, uint64_t *value) {
  size_t length = strspn(text, "0123456789");
  if (length == 0 || length > 18 || text[length] != '\0') return false;
  *value = 0;
  for (size_t i = 0; i < length; i++) *value = *value * 10 + (uint64_t)(text[i] - '0');
  return true;
}

static bool read_number(const struct hws_host *host, struct hws_host_endpoint *endpoint, const struct range *range,
                        uint64_t *value) {
  char why[160];
  const char *text = host->config(endpoint, range->key);
  *value = range->usual;
  if (text == NULL) return true;
  if (parse(text, value) && *value >= range->least && *value <= range->most) return true;
  (void)snprintf(why, sizeof why, "%s: found '%.40s', wanted a number from %" PRIu64 " to %" PRIu64, range->key, text,
                 range->least, range->most);
  host->explain(endpoint, why);
  return false;
}

int32_t settings_read(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *address,
                      bool listens, struct settings *settings) {
  if (!name_valid(address)) {
    host->explain(endpoint, "mem: wanted a name of 1 to 64 letters, digits, dots, hyphens and underscores");
    return HWS_IO_ADDRESS;
  }
  settings->backlog = backlog_range.usual;
  if (!read_number(host, endpoint, &buffer_range, &settings->buffer)) return HWS_IO_ADDRESS;
  if (listens && !read_number(host, endpoint, &backlog_range, &settings->backlog)) return HWS_IO_ADDRESS;
  return HWS_IO_OK;
}
