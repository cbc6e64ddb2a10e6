/* SPDX-License-Identifier: Apache-2.0
 *
 * Overlapped calls of a plugin: their packets, and what they end with.
 */
#ifndef HAWSER_TRANSPORTS_PACKET_IOCP_H
#define HAWSER_TRANSPORTS_PACKET_IOCP_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#include "plugins/hawser_plugin.h"

static inline OVERLAPPED *packet_overlapped(struct hws_packet *packet) {
  return (OVERLAPPED *)packet->storage;
}

/* Zero it, as the system wants it before each call. */
OVERLAPPED *packet_prepare(struct hws_packet *packet, struct hws_host_endpoint *endpoint, enum hws_direction direction);

/* Ask for the end of that call; its packet comes all the same. */
void packet_cancel(HANDLE handle, struct hws_packet *packet);

/* From now on a call that ends at once sends no packet to the port (WIN-3). */
bool packet_skip(HANDLE handle);

/* The results of an io, filled in whole. Always 1, for submit. */
int32_t packet_end(struct hws_io *io, int32_t status, int error, uint64_t bytes);

/* The system's text of an error: one line without its end. */
void packet_error_text(int error, char *text, size_t size);

#endif
