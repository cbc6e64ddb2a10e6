/* SPDX-License-Identifier: Apache-2.0
 *
 * A URL as the host hands it to a plugin.
 */
#include "plugins/check/url.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/check/fault.h"

static int hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

static void decode(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++) {
    int byte = (unsigned char)*from;
    if (byte == '%') {
      int high = hex(from[1]);
      int low = high < 0 ? -1 : hex(from[2]);
      CHECK(low >= 0 && (high | low) != 0, "a URL has a bad %% sequence");
      byte = high * 16 + low;
      from += 2;
    }
    *to++ = (char)byte;
  }
  *to = 0;
}

static void read_parameters(struct check_url *url, char *text) {
  for (char *rest = NULL, *item = strtok_r(text, "&", &rest); item; item = strtok_r(NULL, "&", &rest)) {
    CHECK(url->count < CHECK_PARAMETERS_MAX, "a URL has more than %d parameters", CHECK_PARAMETERS_MAX);
    char *value = strchr(item, '=');
    CHECK(value, "the URL's parameter '%s' has no value", item);
    *value++ = 0;
    decode(item);
    decode(value);
    url->parameters[url->count++] = (struct check_parameter){.key = item, .value = value};
  }
}

void check_url_read(struct check_url *url, const char *text) {
  memset(url, 0, sizeof *url);
  CHECK(strlen(text) < sizeof url->text, "a URL is longer than %zu characters", sizeof url->text - 1);
  memcpy(url->text, text, strlen(text) + 1);
  char *address = strchr(url->text, ':');
  CHECK(address, "'%s' is no URL: it has no scheme", text);
  *address++ = 0;
  if (strncmp(address, "//", 2) == 0) address += 2;
  char *parameters = strchr(address, '?');
  if (parameters) *parameters++ = 0;
  decode(address);
  url->scheme = url->text;
  url->address = address;
  if (parameters) read_parameters(url, parameters);
}

const char *check_url_ask(struct check_url *url, const char *key) {
  for (unsigned i = 0; i < url->count; i++) {
    if (strcmp(url->parameters[i].key, key) != 0) continue;
    url->parameters[i].asked = true;
    return url->parameters[i].value;
  }
  return NULL;
}
