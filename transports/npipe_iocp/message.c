/* SPDX-License-Identifier: Apache-2.0
 *
 * A message in parts.
 */
#include "transports/npipe_iocp/message.h"

#include <string.h>

enum { ROOM_FIRST = 64 * 1024 };

static int32_t make_room(struct message *message, const struct hws_host *host, uint64_t bytes) {
  size_t room = message->room ? message->room : ROOM_FIRST;
  if (bytes > MESSAGE_MAX - message->length) return HWS_IO_LIMIT;
  while (room < message->length + bytes) room *= 2;
  if (room == message->room) return HWS_IO_OK;
  char *larger = host->alloc(room);
  if (!larger) return HWS_IO_NOMEM;
  if (message->length > 0) memcpy(larger, message->bytes, message->length);
  host->release(message->bytes);
  message->bytes = larger;
  message->room = room;
  return HWS_IO_OK;
}

int32_t message_append(struct message *message, const struct hws_host *host, const struct hws_io *io) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < io->vec_count && bytes <= MESSAGE_MAX; i++)
    bytes = io->vec[i].len > MESSAGE_MAX ? MESSAGE_MAX + 1 : bytes + io->vec[i].len;
  int32_t status = make_room(message, host, bytes);
  if (status != HWS_IO_OK) return status;
  for (uint32_t i = 0; i < io->vec_count; i++) {
    if (io->vec[i].len > 0) memcpy(message->bytes + message->length, io->vec[i].ptr, io->vec[i].len);
    message->length += io->vec[i].len;
  }
  return HWS_IO_OK;
}

void message_drop(struct message *message, const struct hws_host *host) {
  host->release(message->bytes);
  *message = (struct message){.bytes = NULL};
}
