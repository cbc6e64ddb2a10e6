/* SPDX-License-Identifier: Apache-2.0
 *
 * A message that is not whole yet: a pipe's message is what one call writes, so its parts are kept until the last.
 */
#ifndef HAWSER_NPIPE_IOCP_MESSAGE_H
#define HAWSER_NPIPE_IOCP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/hawser_plugin.h"

enum { MESSAGE_MAX = 16 * 1024 * 1024 /* bytes of one that comes in parts */ };

struct message {
  char *bytes; /* NULL: none */
  size_t length;
  size_t room;
};

/* Put all bytes of the io behind it. 0, HWS_IO_LIMIT or HWS_IO_NOMEM, and then it is as it was. */
int32_t message_append(struct message *message, const struct hws_host *host, const struct hws_io *io);

void message_drop(struct message *message, const struct hws_host *host);

#endif
