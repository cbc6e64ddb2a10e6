/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of query.
 */
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/unix_epoll/endpoint.h"

static int32_t answer_text(const char *text, size_t length, void *answer, uint32_t size) {
  if (size > 0) {
    size_t room = length < size ? length : size - 1;
    memcpy(answer, text, room);
    ((char *)answer)[room] = 0;
  }
  return (int32_t)length;
}

int32_t unix_answer_url(const struct unix_address *address, void *answer, uint32_t size) {
  char url[UNIX_URL_MAX];
  size_t length = unix_address_url(address, url);
  return answer_text(url, length, answer, size);
}

int32_t unix_answer_empty(void *answer, uint32_t size) {
  return answer_text("", 0, answer, size);
}

int32_t unix_answer_handle(int fd, void *answer, uint32_t size) {
  int64_t handle = fd;
  if (size < sizeof handle) return HWS_IO_UNSUPPORTED;
  memcpy(answer, &handle, sizeof handle);
  return 0;
}
