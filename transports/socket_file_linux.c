/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending a file's bytes by sendfile.
 */
#include "transports/socket_file_linux.h"

#include <errno.h>
#include <sys/sendfile.h>

enum { CALL_MAX = 256 * 1024 };

int64_t socket_file_send(int fd, const struct hws_io *io) {
  size_t bytes = io->length < CALL_MAX ? (size_t)io->length : CALL_MAX;
  ssize_t moved;
  do {
    off_t offset = (off_t)io->offset;
    moved = sendfile(fd, (int)io->file, &offset, bytes);
  } while (moved < 0 && errno == EINTR);
  return moved < 0 ? -(int64_t)errno : moved;
}

int socket_file_broke(int error) {
  switch (error) {
  case EPIPE:
  case ECONNRESET:
  case ECONNABORTED:
  case ECONNREFUSED:
  case ENOTCONN:
  case ESHUTDOWN:
  case ETIMEDOUT:
  case EHOSTUNREACH:
  case EHOSTDOWN:
  case ENETUNREACH:
  case ENETDOWN:
  case ENONET:
    return 1;
  default:
    return 0;
  }
}
