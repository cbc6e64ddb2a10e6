/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading settings. The text is walked twice, first to check all of it and then to store, so that a bad one changes
 * nothing.
 */
#include "core/settings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "abi/hawser.h"

enum { QUOTE_MAX = 40, QUOTE_SIZE = QUOTE_MAX + 4 };

struct suffix {
  const char *text;
  uint64_t factor;
};

/* Largest first: formatting takes the first that divides. */
static const struct suffix counts[] = {{"", 1}, {NULL, 0}};
static const struct suffix bytes[] = {{"g", 1u << 30}, {"m", 1u << 20}, {"k", 1u << 10}, {"", 1}, {NULL, 0}};
static const struct suffix times[] = {{"s", 1000000000}, {"ms", 1000000}, {NULL, 0}};

static const struct suffix *suffixes_of(enum setting_unit unit) {
  switch (unit) {
  case SETTING_BYTES:
    return bytes;
  case SETTING_TIME:
    return times;
  case SETTING_COUNT:
    break;
  }
  return counts;
}

/* A piece of the text; never terminated. */
struct piece {
  const char *at;
  size_t length;
};

struct error {
  char *text;
  size_t size;
};

/* The text is hostile: what is quoted of it is printable and short. */
static const char *quote(struct piece piece, char out[QUOTE_SIZE]) {
  const bool fits = piece.length <= QUOTE_MAX;

  snprintf(out, QUOTE_SIZE, "%.*s%s", fits ? (int)piece.length : QUOTE_MAX, piece.at, fits ? "" : "...");
  for (char *c = out; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e) *c = '?';
  return out;
}

__attribute__((format(HAWSER_PRINTF, 2, 3))) static int fail(struct error error, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(error.text, error.size, format, arguments);
  va_end(arguments);
  return HWS_E_INVAL;
}

void settings_format(enum setting_unit unit, uint64_t value, char *text, size_t size) {
  const struct suffix *suffix = suffixes_of(unit);

  if (value == 0) {
    snprintf(text, size, "0");
    return;
  }
  while (value % suffix->factor != 0 && suffix[1].text != NULL) suffix++;
  snprintf(text, size, "%" PRIu64 "%s", value / suffix->factor, suffix->text);
}

static int fail_value(struct error error, const struct setting *setting, struct piece value) {
  static const char *const kinds[] = {"a number", "a number of bytes (k, m, g)", "a time in ms or s"};
  char shown[QUOTE_SIZE];
  char min[32];
  char max[32];

  settings_format(setting->unit, setting->min, min, sizeof min);
  settings_format(setting->unit, setting->max, max, sizeof max);
  return fail(error, "setting \"%s\" has the value \"%s\"; it must be %s from %s to %s", setting->name,
              quote(value, shown), kinds[setting->unit], min, max);
}

/* Digits and a suffix, nothing else. False also when the number does not fit. */
static bool read_value(enum setting_unit unit, struct piece piece, uint64_t *value) {
  uint64_t number = 0;
  size_t digits = 0;

  for (; digits < piece.length && piece.at[digits] >= '0' && piece.at[digits] <= '9'; digits++) {
    if (__builtin_mul_overflow(number, (uint64_t)10, &number)) return false;
    if (__builtin_add_overflow(number, (uint64_t)(piece.at[digits] - '0'), &number)) return false;
  }
  if (digits == 0) return false;
  piece.at += digits;
  piece.length -= digits;
  *value = 0;
  if (number == 0 && piece.length == 0) return true;
  for (const struct suffix *suffix = suffixes_of(unit); suffix->text != NULL; suffix++)
    if (strlen(suffix->text) == piece.length && memcmp(suffix->text, piece.at, piece.length) == 0)
      return !__builtin_mul_overflow(number, suffix->factor, value);
  return false;
}

static size_t find(const struct setting *table, size_t count, struct piece key) {
  size_t i = 0;

  while (i < count && (strlen(table[i].name) != key.length || memcmp(table[i].name, key.at, key.length) != 0)) i++;
  return i;
}

/* Up to the end of the text, or to the first character of `end`. */
static struct piece cut(const char *at, const char *end) {
  return (struct piece){at, strcspn(at, end)};
}

/* One walk over the text. values NULL: only check. */
static int walk(const struct setting *table, size_t count, const char *text, uint64_t *values, struct error error) {
  uint64_t seen = 0;
  char shown[QUOTE_SIZE];

  for (;;) {
    const struct piece pair = cut(text, "&");
    struct piece key = cut(text, "=");
    struct piece value;
    uint64_t number;
    size_t i;

    if (key.length >= pair.length)
      return fail(error, "setting \"%s\" must be written as key=value", quote(pair, shown));
    value = (struct piece){key.at + key.length + 1, pair.length - key.length - 1};
    i = find(table, count, key);
    if (i == count) return fail(error, "there is no setting \"%s\"", quote(key, shown));
    if ((seen >> i & 1) != 0) return fail(error, "setting \"%s\" is given twice", table[i].name);
    seen |= (uint64_t)1 << i;
    if (!read_value(table[i].unit, value, &number) || number < table[i].min || number > table[i].max)
      return fail_value(error, &table[i], value);
    if (values != NULL) values[i] = number;
    if (pair.at[pair.length] == '\0') return HWS_OK;
    text = pair.at + pair.length + 1;
  }
}

void settings_defaults(const struct setting *table, size_t count, uint64_t *values) {
  for (size_t i = 0; i < count; i++) values[i] = table[i].initial;
}

int settings_parse(const struct setting *table, size_t count, const char *text, uint64_t *values, char *text_error,
                   size_t error_size) {
  const struct error error = {text_error, error_size};
  int status;

  if (text == NULL || *text == '\0') return HWS_OK;
  if (strnlen(text, SETTINGS_MAX_BYTES + 1) > SETTINGS_MAX_BYTES)
    return fail(error, "the settings are longer than %d bytes", SETTINGS_MAX_BYTES);
  status = walk(table, count, text, NULL, error);
  return status == HWS_OK ? walk(table, count, text, values, error) : status;
}
