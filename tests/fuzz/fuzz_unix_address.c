/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of Unix sockets and allow-lists against any text. What is accepted comes back from its own URL; what is
 * refused gets one printable line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/unix_epoll/address.h"
#include "transports/unix_epoll/allow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds) {
  if (!holds) abort();
}

static void check_line(const char *line, size_t room) {
  size_t length = strnlen(line, room);
  check(length > 0 && length < room);
  for (size_t i = 0; i < length; i++) check(line[i] >= 0x20 && line[i] <= 0x7e);
}

static int hex(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

/* The address part of a URL, decoded as the host does it. */
static size_t decode(const char *url, char *text) {
  size_t bytes = 0;
  const char *at = strchr(url, ':') + 1;
  if (strncmp(at, "//", 2) == 0) at += 2;
  while (*at) {
    if (*at == '%') {
      text[bytes++] = (char)(hex(at[1]) * 16 + hex(at[2]));
      at += 3;
    } else {
      check(*at > 0x20 && *at < 0x7f && !strchr("?#&", *at));
      text[bytes++] = *at++;
    }
  }
  return bytes;
}

static void check_address(const char *text, size_t bytes) {
  char why[160] = "";
  struct unix_address address;
  if (unix_address_parse(text, bytes, &address, why, sizeof why) != HWS_IO_OK) {
    check_line(why, sizeof why);
    return;
  }
  char url[UNIX_URL_MAX];
  char again[UNIX_URL_MAX];
  check(bytes <= UNIX_NAME_MAX + 1 && address.system_bytes <= sizeof address.system);
  check(unix_address_url(&address, url) == strlen(url));
  check(decode(url, again) == bytes && memcmp(again, text, bytes) == 0);
  struct unix_address copy;
  check(unix_address_from_system(&address.system, address.system_bytes, &copy));
  check(copy.system_bytes == address.system_bytes);
  check(memcmp(copy.system.sun_path, address.system.sun_path, sizeof copy.system.sun_path) == 0);
}

static void check_list(const char *text) {
  char why[120] = "";
  struct unix_ids ids;
  if (unix_ids_parse("allow_uid", text, &ids, why, sizeof why) != HWS_IO_OK) {
    check_line(why, sizeof why);
    return;
  }
  check(ids.count >= 1 && ids.count <= UNIX_ALLOW_MAX);
  for (uint32_t i = 0; i < ids.count; i++) check(unix_ids_contain(&ids, ids.ids[i]));
}

/* What the system could answer for a name is read from the same bytes. */
static void check_system(const uint8_t *data, size_t size) {
  struct sockaddr_un system = {.sun_family = AF_UNIX};
  struct unix_address address;
  char url[UNIX_URL_MAX];
  size_t bytes = size < sizeof system.sun_path ? size : sizeof system.sun_path;
  memcpy(system.sun_path, data, bytes);
  socklen_t system_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
  if (unix_address_from_system(&system, system_bytes, &address)) check(unix_address_url(&address, url) < sizeof url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = 0;
  check_address(text, size);
  check_list(text);
  if (size > 0) check_system(data, size);
  free(text);
  return 0;
}
