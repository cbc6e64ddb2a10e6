/* SPDX-License-Identifier: Apache-2.0
 *
 * What the user wrote: the name and the parameters of mem://NAME?buffer=BYTES&backlog=COUNT.
 */
#ifndef HAWSER_PLUGINS_MEMORY_SETTINGS_H
#define HAWSER_PLUGINS_MEMORY_SETTINGS_H

#include <stdbool.h>

#include "plugins/hawser_plugin.h"

struct settings {
  uint64_t buffer;  /* bytes that may wait unread at this end */
  uint64_t backlog; /* connections that may wait to be accepted */
};

/* HWS_IO_OK, or HWS_IO_ADDRESS after telling the host what was wrong. */
int32_t settings_read(const struct hws_host *host, struct hws_host_endpoint *endpoint, const char *address,
                      bool listens, struct settings *settings);

#endif
