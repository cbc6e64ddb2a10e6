/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending a file's bytes on a stream socket, from inside the system.
 */
#ifndef HAWSER_TRANSPORTS_SOCKET_FILE_LINUX_H
#define HAWSER_TRANSPORTS_SOCKET_FILE_LINUX_H

#include "plugins/hawser_plugin.h"

/* One call, of 256 KiB at most; it may wait for a disk, never for the peer. How many bytes went; 0: the file ended;
 * negative: errno as it is, where EAGAIN is that the socket is full. All signals are blocked (hawser_plugin.h), so none
 * is raised. */
int64_t socket_file_send(int fd, const struct hws_io *io);

/* Is that an error of the connection? Others are of the file, or of the two together. */
int socket_file_broke(int error);

#endif
