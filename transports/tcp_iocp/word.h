/* SPDX-License-Identifier: Apache-2.0
 *
 * Words among the parameters of a URL: one of a few.
 */
#ifndef HAWSER_TCP_IOCP_WORD_H
#define HAWSER_TCP_IOCP_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/hawser_plugin.h"

struct tcp_word {
  const char *key;
  const char *words[2]; /* the first stands where the URL has none */
};

/* False: *which is untouched, and `why` says what is wrong. */
bool tcp_word_read(const struct tcp_word *what, const struct hws_host *host, struct hws_host_endpoint *endpoint,
                   uint32_t *which, char *why, size_t why_size);

#endif
