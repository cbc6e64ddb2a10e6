/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses and parameters of named pipes against any text. What is accepted comes back from its own URL and stays
 * among the pipes; what is refused gets one printable line. The first line is the address, each other one a parameter.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/npipe/address.h"
#include "transports/npipe/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds) {
  if (!holds) abort();
}

static void check_line(const char *line, size_t room) {
  size_t length = strnlen(line, room);
  check(length > 0 && length < room - 1);
  for (size_t i = 0; i < length; i++) check(line[i] >= 0x20 && line[i] <= 0x7e);
}

static int hex(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

/* The address part of a URL, decoded as the host does it. */
static size_t decode(const char *url, char *text) {
  size_t bytes = 0;
  check(strncmp(url, "npipe://", 8) == 0);
  for (const char *at = url + 8; *at; at++) {
    if (*at == '%') {
      text[bytes++] = (char)(hex(at[1]) * 16 + hex(at[2]));
      at += 2;
    } else {
      check(*at > 0x20 && *at < 0x7f && !strchr("?#&", *at));
      text[bytes++] = *at;
    }
  }
  return bytes;
}

/* No part of the name is one that Windows drops, or steps back by. */
static void check_parts(const struct npipe_address *address) {
  uint32_t length = 0;
  for (uint32_t i = NPIPE_PREFIX; i <= address->length; i++) {
    uint16_t unit = address->path[i];
    check(unit != '/' && (unit >= 0x20 || i == address->length));
    if (i < address->length && unit != '\\') {
      length++;
      continue;
    }
    check(length > 0 && address->path[i - 1] != '.' && address->path[i - 1] != ' ');
    length = 0;
  }
}

static void check_address(const char *text, size_t bytes) {
  static char again[NPIPE_URL_MAX];
  char url[NPIPE_URL_MAX];
  char why[160] = "";
  struct npipe_address address;
  if (npipe_address_parse(text, bytes, &address, why, sizeof why) != HWS_IO_OK) {
    check_line(why, sizeof why);
    return;
  }
  check(address.length > NPIPE_PREFIX && address.length <= NPIPE_PATH_MAX && address.path[address.length] == 0);
  check_parts(&address);
  check(npipe_address_url(&address, url) == strlen(url));
  check(decode(url, again) == bytes && memcmp(again, text, bytes) == 0);
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

enum { LINES_MAX = 16 };

static char *lines[LINES_MAX];
static unsigned line_count;

static const char *config(struct hws_host_endpoint *endpoint, const char *key) {
  size_t length = strlen(key);
  (void)endpoint;
  for (unsigned i = 0; i < line_count; i++)
    if (strncmp(lines[i], key, length) == 0 && lines[i][length] == '=') return lines[i] + length + 1;
  return NULL;
}

static void check_settings(bool listens) {
  static const struct hws_host host = {.size = sizeof host, .config = config};
  struct npipe_settings settings;
  char why[160] = "";
  if (npipe_settings_read(&settings, listens, &host, NULL, why, sizeof why) != HWS_IO_OK) {
    check_line(why, sizeof why);
    return;
  }
  if (!listens) return;
  check(settings.backlog >= 1 && settings.backlog <= 1024 && settings.unaccepted >= 1 && settings.unaccepted <= 4096);
  check(settings.rearm == NPIPE_REARM_COMPLETION || settings.rearm == NPIPE_REARM_ACCEPT);
  uint32_t length = 0;
  while (length <= NPIPE_SDDL_MAX && settings.sddl[length]) length++;
  check(length > 0 && length <= NPIPE_SDDL_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = 0;
  const char *newline = memchr(text, '\n', size);
  check_address(text, newline ? (size_t)(newline - text) : size);
  line_count = 0;
  for (char *at = newline ? text + (newline - text) : NULL; at && line_count < LINES_MAX; at = strchr(at, '\n')) {
    *at++ = 0;
    lines[line_count++] = at;
  }
  check_settings(true);
  check_settings(false);
  free(text);
  return 0;
}
