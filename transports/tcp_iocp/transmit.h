/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending a file's bytes on a socket, from inside the system.
 */
#ifndef HAWSER_TCP_IOCP_TRANSMIT_H
#define HAWSER_TCP_IOCP_TRANSMIT_H

#include "transports/tcp_iocp/winsock.h"

/* How many bytes of an io's part one call is to send, at most as many as there are: 0, the file has ended. May wait for
 * a disk. Negative: it is no file, or cannot be asked, and *error says why. */
int64_t transmit_bytes(const struct hws_io *io, int *error);

/* Begin to send so many. 0: it has, and all went at once; or WSA_IO_PENDING; or why it did not begin, and nothing was
 * sent. Never waits for the peer. */
int transmit_begin(SOCKET socket, const struct hws_io *io, int64_t bytes, OVERLAPPED *overlapped);

/* Is that an error of the connection? Others are of the file, or of the two together. */
bool transmit_broke(int error);

#endif
