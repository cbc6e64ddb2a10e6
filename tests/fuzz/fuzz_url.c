/* SPDX-License-Identifier: Apache-2.0
 *
 * The URL parser against any text. What it accepts keeps to the limits; what it refuses gets one printable line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "core/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds) {
  if (!holds) abort();
}

static void check_accepted(struct url *url, size_t size) {
  check(url->scheme_count >= 1 && url->scheme_count <= URL_MAX_SCHEMES);
  for (size_t i = 0; i < url->scheme_count; i++) {
    const size_t length = strlen(url->schemes[i]);

    check(length >= 1 && length <= URL_MAX_SCHEME);
    check(strspn(url->schemes[i], "abcdefghijklmnopqrstuvwxyz0123456789.-") == length);
  }
  check(strlen(url->address) <= size && url->param_count <= URL_MAX_PARAMS);
  for (size_t i = 0; i < url->param_count; i++) {
    check(strlen(url->params[i].value) <= size);
    check(url_unused(url) == url->params[i].key);
    check(url_param(url, url->params[i].key) == url->params[i].value);
  }
  check(url_unused(url) == NULL);
}

static void check_line(const char *line, size_t room) {
  const size_t length = strnlen(line, room);

  check(length > 0 && length < room);
  for (size_t i = 0; i < length; i++) check(line[i] >= 0x20 && line[i] <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  char error[160] = "";
  struct url url;
  int status;

  check(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  status = url_parse(text, &url, error, sizeof error);
  check(status == HWS_OK || status == HWS_E_ADDRESS);
  if (status == HWS_OK)
    check_accepted(&url, size);
  else
    check_line(error, sizeof error);
  url_free(&url);
  free(text);
  return 0;
}
