/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of a listener's URL: mode, backlog, allow_uid, allow_gid.
 */
#ifndef HAWSER_UNIX_EPOLL_SETTINGS_H
#define HAWSER_UNIX_EPOLL_SETTINGS_H

#include <sys/types.h>

#include "plugins/hawser_plugin.h"
#include "transports/unix_epoll/address.h"
#include "transports/unix_epoll/allow.h"

struct unix_settings {
  mode_t mode; /* of the socket file */
  int backlog;
  struct unix_allow allow;
};

/* 0, or a negative hws_io_status with one line in `why`. */
int32_t unix_settings_read(struct unix_settings *settings, const struct unix_address *address,
                           const struct hws_host *host, struct hws_host_endpoint *endpoint, char *why, size_t why_size);

#endif
