/* SPDX-License-Identifier: Apache-2.0
 *
 * The table from errno to hws_io_status.
 */
#include "transports/socket_result_posix.h"

#include <errno.h>

int32_t socket_status(int error) {
  switch (error) {
  case 0:
    return HWS_IO_OK;
  case ENOMEM:
  case ENOBUFS:
    return HWS_IO_NOMEM;
  case EMFILE:
  case ENFILE:
    return HWS_IO_LIMIT;
  case ECONNRESET:
    return HWS_IO_RESET;
  case EPIPE:
  case ENOTCONN:
  case ESHUTDOWN:
    return HWS_IO_CLOSED;
  case ECONNREFUSED:
    return HWS_IO_REFUSED;
  case EADDRINUSE:
    return HWS_IO_IN_USE;
  case EACCES:
  case EPERM:
  case EROFS:
    return HWS_IO_ACCESS;
  case ENAMETOOLONG:
  case ENOTDIR:
  case ELOOP:
    return HWS_IO_ADDRESS;
  default:
    return HWS_IO_FAILED;
  }
}
