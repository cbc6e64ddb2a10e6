/* SPDX-License-Identifier: Apache-2.0
 *
 * The allow-list of a listener.
 */
#include "transports/unix_epoll/allow.h"

#include <stdio.h>

#include "plugins/hawser_plugin.h"

/* The largest number is what the system calls "no id". */
static const uint64_t id_max = UINT32_MAX - 1;

/* A decimal id at *text, which is moved behind it. */
static bool take_id(const char **text, uint32_t *id) {
  uint64_t value = 0;
  const char *at = *text;
  while (*at >= '0' && *at <= '9' && value <= id_max) value = value * 10 + (uint64_t)(*at++ - '0');
  if (at == *text || value > id_max) return false;
  *id = (uint32_t)value;
  *text = at;
  return true;
}

int32_t unix_ids_parse(const char *key, const char *text, struct unix_ids *ids, char *why, size_t why_size) {
  const char *at = text;
  ids->count = 0;
  for (;;) {
    if (ids->count == UNIX_ALLOW_MAX) {
      (void)snprintf(why, why_size, "%s has more than %d ids", key, (int)UNIX_ALLOW_MAX);
      return HWS_IO_ADDRESS;
    }
    if (!take_id(&at, &ids->ids[ids->count]) || (*at != ',' && *at != 0)) break;
    ids->count++;
    if (*at++ == 0) return HWS_IO_OK;
  }
  (void)snprintf(why, why_size, "%s is not a list of decimal ids like 1000,1001 (at character %zu)", key,
                 (size_t)(at - text) + 1);
  return HWS_IO_ADDRESS;
}

bool unix_ids_contain(const struct unix_ids *ids, uint32_t id) {
  for (uint32_t i = 0; i < ids->count; i++) {
    if (ids->ids[i] == id) return true;
  }
  return false;
}
