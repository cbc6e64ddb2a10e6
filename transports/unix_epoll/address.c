/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of Unix sockets. An abstract name is what follows a first zero byte in sun_path; its end is told by the
 * length alone, where a path ends with a zero byte.
 */
#include "transports/unix_epoll/address.h"

#include <stdio.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/socket_endpoint.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

static int32_t check_path(const char *text, size_t bytes, char *why, size_t why_size) {
  if (bytes > UNIX_NAME_MAX) {
    (void)snprintf(why, why_size, "the path has %zu bytes; a Unix socket's may have %d", bytes, (int)UNIX_NAME_MAX);
    return HWS_IO_ADDRESS;
  }
  if (text[bytes - 1] == '/') {
    (void)snprintf(why, why_size, "the path ends with '/', so it cannot be a socket");
    return HWS_IO_ADDRESS;
  }
  return HWS_IO_OK;
}

static int32_t check_name(size_t bytes, char *why, size_t why_size) {
  if (bytes > UNIX_NAME_MAX) {
    (void)snprintf(why, why_size, "the abstract name has %zu bytes; it may have %d", bytes, (int)UNIX_NAME_MAX);
    return HWS_IO_ADDRESS;
  }
  if (bytes == 0) {
    (void)snprintf(why, why_size, "the abstract name after '@' is empty");
    return HWS_IO_ADDRESS;
  }
  return HWS_IO_OK;
}

int32_t unix_address_parse(const char *text, size_t bytes, struct unix_address *address, char *why, size_t why_size) {
  bool abstract = bytes > 0 && text[0] == '@';
  if (!abstract && (bytes == 0 || text[0] != '/')) {
    (void)snprintf(why, why_size, "the address is neither an absolute path (unix:///path) nor a name (unix:@name)");
    return HWS_IO_ADDRESS;
  }
  if (memchr(text, 0, bytes)) {
    (void)snprintf(why, why_size, "the address contains a zero byte");
    return HWS_IO_ADDRESS;
  }
  int32_t status = abstract ? check_name(bytes - 1, why, why_size) : check_path(text, bytes, why, why_size);
  if (status != HWS_IO_OK) return status;
  memset(address, 0, sizeof *address);
  address->system.sun_family = AF_UNIX;
  memcpy(address->system.sun_path, text, bytes);
  if (abstract) address->system.sun_path[0] = 0;
  address->system_bytes = (socklen_t)(PATH_OFFSET + bytes + (abstract ? 0 : 1));
  return HWS_IO_OK;
}

bool unix_address_from_system(const struct sockaddr_un *system, socklen_t system_bytes, struct unix_address *address) {
  if (system_bytes <= PATH_OFFSET || system_bytes > sizeof *system || system->sun_family != AF_UNIX) return false;
  memset(address, 0, sizeof *address);
  memcpy(&address->system, system, system_bytes);
  address->system_bytes = system_bytes;
  return true;
}

static bool is_plain(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         (byte != 0 && strchr("/-._~", byte));
}

size_t unix_address_url(const struct unix_address *address, char url[UNIX_URL_MAX]) {
  static const char digits[] = "0123456789ABCDEF";
  const char *name = address->system.sun_path;
  size_t bytes = address->system_bytes - PATH_OFFSET;
  bool abstract = unix_address_is_abstract(address);
  if (abstract) {
    name++;
    bytes--;
  } else {
    bytes = strnlen(name, bytes);
  }
  const char *prefix = abstract ? "unix:@" : "unix://";
  size_t length = strlen(prefix);
  memcpy(url, prefix, length);
  for (size_t i = 0; i < bytes && length + 3 < UNIX_URL_MAX; i++) {
    unsigned char byte = (unsigned char)name[i];
    if (is_plain(byte)) {
      url[length++] = (char)byte;
    } else {
      url[length++] = '%';
      url[length++] = digits[byte >> 4];
      url[length++] = digits[byte & 15];
    }
  }
  url[length] = 0;
  return length;
}

int32_t unix_address_answer(const struct unix_address *address, void *answer, uint32_t size) {
  char url[UNIX_URL_MAX];
  size_t length = unix_address_url(address, url);
  return socket_answer_text(url, length, answer, size);
}
