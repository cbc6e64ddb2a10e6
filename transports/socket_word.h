/* SPDX-License-Identifier: Apache-2.0
 *
 * Words among the parameters of a URL: one of two.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_WORD_H
#define HAWSER_TRANSPORTS_SOCKET_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/hawser_plugin.h"

struct socket_word {
  const char *key;
  const char *words[2];
};

/* Which of them: `initial` where the URL has none. False: *which is untouched, and `why` says what is wrong. */
bool socket_word_read(const struct socket_word *what, uint32_t initial, const struct hws_host *host,
                      struct hws_host_endpoint *endpoint, uint32_t *which, char *why, size_t why_size);

#endif
