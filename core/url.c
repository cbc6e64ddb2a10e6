/* SPDX-License-Identifier: Apache-2.0
 *
 * The URL parser. It works in its own copy of the text, in place: decoding only shrinks, and a string's terminator goes
 * where its separator was.
 */
#include "core/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"

struct reader {
  const char *text;
  char *at; /* next character to be read; everything written lies before it */
  char *error;
  size_t error_size;
};

__attribute__((format(HAWSER_PRINTF, 3, 4))) static int fail(const struct reader *reader, const char *at,
                                                             const char *format, ...) {
  char what[120];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  snprintf(reader->error, reader->error_size, "bad URL at offset %zu: %s", (size_t)(at - reader->text), what);
  return HWS_E_ADDRESS;
}

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

static bool is_scheme_char(char c) {
  return is_lower(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static bool is_key_char(char c) {
  return is_scheme_char(c) || c == '_';
}

/* A word of the given alphabet that begins with a letter. Its end is left to the caller, as is its terminator. */
static int read_word(struct reader *reader, bool (*allowed)(char), size_t max, const char *what, const char **word) {
  const char *start = reader->at;

  if (!is_lower(*start)) return fail(reader, start, "a %s must begin with a letter from a to z", what);
  while (allowed(*reader->at)) reader->at++;
  if ((size_t)(reader->at - start) > max) return fail(reader, start, "the %s is longer than %zu characters", what, max);
  *word = start;
  return HWS_OK;
}

static int read_schemes(struct reader *reader, struct url *url) {
  for (;;) {
    const char *start = reader->at;
    int status;
    char end;

    if (url->scheme_count == URL_MAX_SCHEMES)
      return fail(reader, start, "more than %d schemes are chained", URL_MAX_SCHEMES);
    status = read_word(reader, is_scheme_char, URL_MAX_SCHEME, "scheme", &url->schemes[url->scheme_count]);
    if (status != HWS_OK) return status;
    end = *reader->at;
    if (end != '+' && end != ':') return fail(reader, reader->at, "\"://\" or \":@\" must follow the scheme");
    *reader->at++ = '\0';
    url->scheme_count++;
    if (end == ':') break;
  }
  if (reader->at[0] == '@') return HWS_OK;
  if (reader->at[0] != '/' || reader->at[1] != '/')
    return fail(reader, reader->at - 1, "\"://\" or \":@\" must follow the scheme");
  reader->at += 2;
  return HWS_OK;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static int read_byte(struct reader *reader, int *byte) {
  char *at = reader->at;
  int high;
  int low;

  *byte = (unsigned char)*at;
  if (*byte < 0x20 || *byte == 0x7f) return fail(reader, at, "control character 0x%02x is not percent-encoded", *byte);
  if (*byte != '%') {
    reader->at++;
    return HWS_OK;
  }
  high = hex_digit(at[1]);
  low = high < 0 ? -1 : hex_digit(at[2]);
  if (low < 0) return fail(reader, at, "two hexadecimal digits must follow a %%");
  *byte = high << 4 | low;
  if (*byte == 0) return fail(reader, at, "a zero byte (%%00) is not allowed");
  reader->at += 3;
  return HWS_OK;
}

/* Decodes up to `stop` or the end; eats the stop and says whether it was there. */
static int read_decoded(struct reader *reader, char stop, const char **out, bool *stopped) {
  char *to = reader->at;

  *out = to;
  while (*reader->at != '\0' && *reader->at != stop) {
    int byte;
    const int status = read_byte(reader, &byte);

    if (status != HWS_OK) return status;
    *to++ = (char)byte;
  }
  *stopped = *reader->at != '\0';
  if (*stopped) reader->at++;
  *to = '\0';
  return HWS_OK;
}

static struct url_param *find(struct url *url, const char *key) {
  for (size_t i = 0; i < url->param_count; i++)
    if (strcmp(url->params[i].key, key) == 0) return &url->params[i];
  return NULL;
}

static int read_params(struct reader *reader, struct url *url) {
  bool more = true;

  while (more) {
    const char *start = reader->at;
    struct url_param param = {NULL, NULL, false};
    int status;

    if (url->param_count == URL_MAX_PARAMS)
      return fail(reader, start, "there are more than %d parameters", URL_MAX_PARAMS);
    status = read_word(reader, is_key_char, URL_MAX_KEY, "parameter's key", &param.key);
    if (status != HWS_OK) return status;
    if (*reader->at != '=') return fail(reader, reader->at, "\"=\" must follow a parameter's key");
    *reader->at++ = '\0';
    if (find(url, param.key) != NULL) return fail(reader, start, "parameter \"%s\" is given twice", param.key);
    status = read_decoded(reader, '&', &param.value, &more);
    if (status != HWS_OK) return status;
    url->params[url->param_count++] = param;
  }
  return HWS_OK;
}

static int read_url(struct reader *reader, struct url *url) {
  bool more;
  int status = read_schemes(reader, url);

  if (status == HWS_OK) status = read_decoded(reader, '?', &url->address, &more);
  if (status == HWS_OK && more) status = read_params(reader, url);
  return status;
}

int url_parse(const char *text, struct url *url, char *error, size_t error_size) {
  struct reader reader = {text, NULL, error, error_size};
  const size_t length = strnlen(text, URL_MAX_BYTES + 1);
  int status;

  memset(url, 0, sizeof *url);
  if (length > URL_MAX_BYTES)
    return fail(&reader, text + URL_MAX_BYTES, "the URL is longer than %d bytes", URL_MAX_BYTES);
  url->text = malloc(length + 1);
  if (url->text == NULL) return HWS_E_NOMEM;
  memcpy(url->text, text, length + 1);
  reader.text = url->text;
  reader.at = url->text;
  status = read_url(&reader, url);
  if (status != HWS_OK) url_free(url);
  return status;
}

void url_free(struct url *url) {
  free(url->text);
  memset(url, 0, sizeof *url);
}

const char *url_param(struct url *url, const char *key) {
  struct url_param *param = find(url, key);

  if (param == NULL) return NULL;
  param->used = true;
  return param->value;
}

const char *url_peek(const struct url *url, const char *key) {
  for (size_t i = 0; i < url->param_count; i++)
    if (strcmp(url->params[i].key, key) == 0) return url->params[i].value;
  return NULL;
}

const char *url_unused(const struct url *url) {
  for (size_t i = 0; i < url->param_count; i++)
    if (!url->params[i].used) return url->params[i].key;
  return NULL;
}
