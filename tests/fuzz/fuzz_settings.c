/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings parser against any text. What it accepts lies within the table's limits and can be written and read
 * again; what it refuses changes nothing and gets one printable line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hawser.h"
#include "core/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT = 4 };

static const struct setting table[COUNT] = {
    {"c", 1, 1024, 256, SETTING_COUNT, "a count"},
    {"by", 4096, 16u << 20, 256u << 10, SETTING_BYTES, "some bytes"},
    {"time", 0, 3600000000000, 30000000000, SETTING_TIME, "a time"},
    {"any", 0, UINT64_MAX, 7, SETTING_BYTES, "anything"},
};

static void check(int holds) {
  if (!holds) abort();
}

static void check_accepted(const uint64_t *values) {
  char text[256];
  char error[160];
  uint64_t again[COUNT];
  size_t length = 0;

  for (size_t i = 0; i < COUNT; i++) {
    char value[32];

    check(values[i] >= table[i].min && values[i] <= table[i].max);
    settings_format(table[i].unit, values[i], value, sizeof value);
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%s=%s", i == 0 ? "" : "&", table[i].name, value);
  }
  settings_defaults(table, COUNT, again);
  check(settings_parse(table, COUNT, text, again, error, sizeof error) == HWS_OK);
  check(memcmp(again, values, sizeof again) == 0);
}

static void check_refused(const uint64_t *values, const char *error, size_t room) {
  const size_t length = strnlen(error, room);

  for (size_t i = 0; i < COUNT; i++) check(values[i] == table[i].initial);
  check(length > 0 && length < room);
  for (size_t i = 0; i < length; i++) check(error[i] >= 0x20 && error[i] <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  char error[160] = "";
  uint64_t values[COUNT];
  int status;

  check(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  settings_defaults(table, COUNT, values);
  status = settings_parse(table, COUNT, text, values, error, sizeof error);
  check(status == HWS_OK || status == HWS_E_INVAL);
  if (status == HWS_OK)
    check_accepted(values);
  else
    check_refused(values, error, sizeof error);
  free(text);
  return 0;
}
