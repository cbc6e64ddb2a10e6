/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of named pipes.
 */
#include "transports/npipe/address.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/npipe/utf.h"

static const char prefix[] = "//./pipe/";

static int32_t refuse(char *why, size_t why_size, const char *what) {
  (void)snprintf(why, why_size, "%s", what);
  return HWS_IO_ADDRESS;
}

/* Windows drops "." and "..", and what a part ends with of dots and blanks: the name would be another one. */
static const char *part_is_wrong(const uint16_t *part, size_t length) {
  if (length == 0) return "the pipe's name is empty, or has an empty part";
  uint16_t last = part[length - 1];
  if (last == '.' || last == ' ') return "the pipe's name, or a part of it, ends with a dot or a blank";
  return NULL;
}

static const char *parts_are_wrong(const uint16_t *name, size_t length) {
  const char *wrong = NULL;
  for (size_t begin = 0, i = 0; i <= length && !wrong; i++) {
    if (i < length && name[i] != '\\') continue;
    wrong = part_is_wrong(name + begin, i - begin);
    begin = i + 1;
  }
  return wrong;
}

static bool is_control(uint32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* NULL, or what is wrong. */
static const char *read_name(const char *text, size_t bytes, struct npipe_address *address) {
  for (size_t at = 0, used = 0; at < bytes; at += used) {
    uint32_t character = utf_read_8(text + at, bytes - at, &used);
    uint16_t units[2];
    if (!character) return "the pipe's name is not UTF-8";
    if (is_control(character)) return "the pipe's name has a control character";
    if (character == '\\') return "the pipe's name has a backslash; a slash stands for it in a URL";
    size_t count = utf_write_16(character == '/' ? '\\' : character, units);
    if (address->length + count > NPIPE_PATH_MAX) return "the pipe's name is longer than 247 characters";
    memcpy(address->path + address->length, units, count * sizeof *units);
    address->length += (uint32_t)count;
  }
  return parts_are_wrong(address->path + NPIPE_PREFIX, address->length - NPIPE_PREFIX);
}

int32_t npipe_address_parse(const char *text, size_t bytes, struct npipe_address *address, char *why, size_t why_size) {
  if (bytes < NPIPE_PREFIX || memcmp(text, prefix, NPIPE_PREFIX) != 0)
    return refuse(why, why_size, "the address is not that of a local pipe (npipe:////./pipe/NAME)");
  memset(address, 0, sizeof *address);
  for (; address->length < NPIPE_PREFIX; address->length++) {
    char byte = prefix[address->length];
    address->path[address->length] = (uint16_t)(byte == '/' ? '\\' : byte);
  }
  const char *wrong = read_name(text + NPIPE_PREFIX, bytes - NPIPE_PREFIX, address);
  return wrong ? refuse(why, why_size, wrong) : HWS_IO_OK;
}

static bool is_plain(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         (byte != 0 && strchr("-._~", byte));
}

static size_t put_encoded(char *url, size_t length, uint32_t character) {
  static const char digits[] = "0123456789ABCDEF";
  unsigned char bytes[4];
  size_t count = utf_write_8(character, bytes);
  for (size_t i = 0; i < count; i++) {
    url[length++] = '%';
    url[length++] = digits[bytes[i] >> 4];
    url[length++] = digits[bytes[i] & 15];
  }
  return length;
}

size_t npipe_address_url(const struct npipe_address *address, char url[NPIPE_URL_MAX]) {
  size_t length = (size_t)snprintf(url, NPIPE_URL_MAX, "npipe:%s%s", "//", prefix);
  for (size_t at = NPIPE_PREFIX, used = 1; at < address->length; at += used) {
    uint32_t character = utf_read_16(address->path + at, address->length - at, &used);
    if (character == '\\')
      url[length++] = '/';
    else if (character < 0x80 && is_plain((unsigned char)character))
      url[length++] = (char)character;
    else
      length = put_encoded(url, length, character);
  }
  url[length] = 0;
  return length;
}
