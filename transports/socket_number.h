/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers among the parameters of a URL.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_NUMBER_H
#define HAWSER_TRANSPORTS_SOCKET_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/hawser_plugin.h"

enum { SOCKET_BACKLOG_DEFAULT = 4096, SOCKET_BACKLOG_MAX = 65535 };

struct socket_number {
  const char *key;
  uint32_t least;
  uint32_t most;
  uint32_t initial; /* where the URL has none */
};

/* Decimal digits without a leading zero, and nothing else. False: *number is untouched, and `why` says what is wrong.
 */
bool socket_number_read(const struct socket_number *what, const struct hws_host *host,
                        struct hws_host_endpoint *endpoint, uint32_t *number, char *why, size_t why_size);

extern const struct socket_number socket_backlog;

#endif
