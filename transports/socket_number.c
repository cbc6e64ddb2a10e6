/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers among the parameters of a URL.
 */
#include "transports/socket_number.h"

#include <stdio.h>

const struct socket_number socket_backlog = {"backlog", 1, SOCKET_BACKLOG_MAX, SOCKET_BACKLOG_DEFAULT};

static bool parse(const char *text, uint32_t most, uint32_t *number) {
  uint32_t found = 0;
  if (!*text || (text[0] == '0' && text[1])) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    found = found * 10 + (uint32_t)(*text - '0');
    if (found > most) return false;
  }
  *number = found;
  return true;
}

bool socket_number_read(const struct socket_number *what, const struct hws_host *host,
                        struct hws_host_endpoint *endpoint, uint32_t *number, char *why, size_t why_size) {
  const char *text = host->config(endpoint, what->key);
  uint32_t found = what->initial;
  if (text && (!parse(text, what->most, &found) || found < what->least)) {
    (void)snprintf(why, why_size, "%s is not a number from %u to %u", what->key, what->least, what->most);
    return false;
  }
  *number = found;
  return true;
}
