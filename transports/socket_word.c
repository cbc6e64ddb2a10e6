/* SPDX-License-Identifier: Apache-2.0
 *
 * Words among the parameters of a URL.
 */
#include "transports/socket_word.h"

#include <stdio.h>
#include <string.h>

bool socket_word_read(const struct socket_word *what, uint32_t initial, const struct hws_host *host,
                      struct hws_host_endpoint *endpoint, uint32_t *which, char *why, size_t why_size) {
  const char *text = host->config(endpoint, what->key);
  uint32_t found = text ? 0 : initial;
  while (text && found < 2 && strcmp(text, what->words[found]) != 0) found++;
  if (found == 2) {
    (void)snprintf(why, why_size, "%s is neither %s nor %s", what->key, what->words[0], what->words[1]);
    return false;
  }
  *which = found;
  return true;
}
