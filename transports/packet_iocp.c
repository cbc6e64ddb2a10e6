/* SPDX-License-Identifier: Apache-2.0
 *
 * Overlapped calls of a plugin.
 */
#include "transports/packet_iocp.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(OVERLAPPED) <= 4 * sizeof(uint64_t), "the rest of a packet is the host's");

OVERLAPPED *packet_prepare(struct hws_packet *packet, struct hws_host_endpoint *endpoint,
                           enum hws_direction direction) {
  memset(packet, 0, sizeof *packet);
  packet->endpoint = endpoint;
  packet->direction = (uint32_t)direction;
  return packet_overlapped(packet);
}

void packet_cancel(HANDLE handle, struct hws_packet *packet) {
  (void)CancelIoEx(handle, packet_overlapped(packet));
}

bool packet_skip(HANDLE handle) {
  return SetFileCompletionNotificationModes(handle,
                                            FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE);
}

int32_t packet_end(struct hws_io *io, int32_t status, int error, uint64_t bytes) {
  io->status = status;
  io->os_error = error;
  io->bytes = bytes;
  io->accepted = NULL;
  io->descriptors_done = 0;
  return 1;
}

void packet_error_text(int error, char *text, size_t size) {
  DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, (DWORD)error,
                                MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), text, (DWORD)size, NULL);
  while (length > 0 && (text[length - 1] <= ' ' || text[length - 1] == '.')) text[--length] = 0;
  if (length == 0) (void)snprintf(text, size, "system error %d", error);
}
