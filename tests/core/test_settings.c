/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: units, limits, and that a bad text changes nothing and says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/hawser.h"
#include "core/settings.h"

enum { STREAMS, WINDOW, SILENCE, ANY, COUNT };

static const uint64_t s = 1000000000;

static const struct setting table[COUNT] = {
    {"streams", 1, 1024, 256, SETTING_COUNT, "most streams at once"},
    {"window", 65536, 16u << 20, 256u << 10, SETTING_BYTES, "first window"},
    {"silence", 0, 3600000000000, 30000000000, SETTING_TIME, "how long a peer may be silent"},
    {"any", 0, UINT64_MAX, 0, SETTING_BYTES, "anything"},
};

static void parse(const char *text, uint64_t *values) {
  char error[160] = "";

  settings_defaults(table, COUNT, values);
  if (settings_parse(table, COUNT, text, values, error, sizeof error) != HWS_OK)
    fail_msg("\"%s\" was refused: %s", text, error);
}

static void assert_refused(const char *text, const char *expected) {
  uint64_t before[COUNT] = {1, 2, 3, 4};
  uint64_t values[COUNT] = {1, 2, 3, 4};
  char error[160] = "";

  assert_int_equal(settings_parse(table, COUNT, text, values, error, sizeof error), HWS_E_INVAL);
  assert_string_equal(error, expected);
  assert_memory_equal(values, before, sizeof values);
}

static void nothing_said_leaves_the_defaults(void **state) {
  uint64_t values[COUNT];

  (void)state;
  parse(NULL, values);
  assert_int_equal(values[STREAMS], 256);
  assert_int_equal(values[WINDOW], 262144);
  assert_int_equal(values[SILENCE], 30 * s);
  parse("", values);
  assert_int_equal(values[STREAMS], 256);
}

static void named_ones_change_and_others_stay(void **state) {
  uint64_t values[COUNT];
  char error[160];

  (void)state;
  parse("window=1m&streams=8", values);
  assert_int_equal(values[STREAMS], 8);
  assert_int_equal(values[WINDOW], 1 << 20);
  assert_int_equal(values[SILENCE], 30 * s);
  /* A second text goes on from what the first left. */
  assert_int_equal(settings_parse(table, COUNT, "streams=9", values, error, sizeof error), HWS_OK);
  assert_int_equal(values[STREAMS], 9);
  assert_int_equal(values[WINDOW], 1 << 20);
}

static void units_count_in_their_own_way(void **state) {
  static const struct {
    const char *text;
    unsigned index;
    uint64_t value;
  } cases[] = {
      {"streams=1", STREAMS, 1},
      {"streams=1024", STREAMS, 1024},
      {"streams=007", STREAMS, 7},
      {"window=65536", WINDOW, 65536},
      {"window=64k", WINDOW, 65536},
      {"window=16m", WINDOW, 16u << 20},
      {"any=3g", ANY, (uint64_t)3 << 30},
      {"any=18446744073709551615", ANY, UINT64_MAX},
      {"any=17179869183g", ANY, (uint64_t)17179869183u << 30},
      {"any=0", ANY, 0},
      {"any=0k", ANY, 0},
      {"silence=0", SILENCE, 0},
      {"silence=0ms", SILENCE, 0},
      {"silence=1500ms", SILENCE, 1500000000},
      {"silence=3600s", SILENCE, 3600000000000},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t values[COUNT];

    parse(cases[i].text, values);
    assert_int_equal(values[cases[i].index], cases[i].value);
  }
}

static void bad_ones_are_named_with_what_is_allowed(void **state) {
  static const char streams[] = "it must be a number from 1 to 1024";
  static const char window[] = "it must be a number of bytes (k, m, g) from 64k to 16m";
  static const char silence[] = "it must be a time in ms or s from 0 to 3600s";
  static const struct {
    const char *key;
    const char *value;
    const char *allowed;
  } cases[] = {
      {"streams", "0", streams},
      {"streams", "1025", streams},
      {"streams", "", streams},
      {"streams", "-1", streams},
      {"streams", "+1", streams},
      {"streams", " 1", streams},
      {"streams", "1 ", streams},
      {"streams", "1.5", streams},
      {"streams", "0x10", streams},
      {"streams", "1k", streams},
      {"streams", "1=1", streams},
      {"streams", "ten", streams},
      {"window", "65535", window},
      {"window", "17m", window},
      {"window", "64kb", window},
      {"window", "64K", window},
      {"window", "k", window},
      {"window", "1s", window},
      {"silence", "5", silence},
      {"silence", "5m", silence},
      {"silence", "5sec", silence},
      {"silence", "3601s", silence},
      {"silence", "3600001ms", silence},
      {"any", "18446744073709551616", "it must be a number of bytes (k, m, g) from 0 to 18446744073709551615"},
      {"any", "99999999999999999999", "it must be a number of bytes (k, m, g) from 0 to 18446744073709551615"},
      {"any", "17179869184g", "it must be a number of bytes (k, m, g) from 0 to 18446744073709551615"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[100];
    char expected[200];

    snprintf(text, sizeof text, "%s=%s", cases[i].key, cases[i].value);
    snprintf(expected, sizeof expected, "setting \"%s\" has the value \"%s\"; %s", cases[i].key, cases[i].value,
             cases[i].allowed);
    assert_refused(text, expected);
  }
}

static void form_is_checked(void **state) {
  (void)state;
  assert_refused("streams", "setting \"streams\" must be written as key=value");
  assert_refused("streams&window=1m", "setting \"streams\" must be written as key=value");
  assert_refused("&", "setting \"\" must be written as key=value");
  assert_refused("streams=1&", "setting \"\" must be written as key=value");
  assert_refused("streams=1&&window=1m", "setting \"\" must be written as key=value");
  assert_refused("=1", "there is no setting \"\"");
  assert_refused("stream=1", "there is no setting \"stream\"");
  assert_refused("streamss=1", "there is no setting \"streamss\"");
  assert_refused("STREAMS=1", "there is no setting \"STREAMS\"");
  assert_refused(" streams=1", "there is no setting \" streams\"");
  assert_refused("streams=1&window=1m&streams=1", "setting \"streams\" is given twice");
}

static void a_late_fault_undoes_nothing_because_nothing_was_done(void **state) {
  (void)state;
  assert_refused("streams=7&window=1m&silence=1s&bogus=1", "there is no setting \"bogus\"");
}

static void hostile_text_is_quoted_short_and_printable(void **state) {
  char text[200];

  (void)state;
  assert_refused("a\nb\x1b[2Jc\xff=1", "there is no setting \"a?b?[2Jc?\"");
  memset(text, 'a', sizeof text);
  memcpy(text + 100, "=1", 3);
  assert_refused(text, "there is no setting \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"");
}

static void a_text_is_at_most_4096_bytes(void **state) {
  char text[SETTINGS_MAX_BYTES + 2];
  uint64_t values[COUNT];

  (void)state;
  memset(text, '0', sizeof text);
  memcpy(text, "streams=", 8);
  text[SETTINGS_MAX_BYTES - 1] = '7';
  text[SETTINGS_MAX_BYTES] = '\0';
  parse(text, values);
  assert_int_equal(values[STREAMS], 7);
  text[SETTINGS_MAX_BYTES] = '0';
  text[SETTINGS_MAX_BYTES + 1] = '\0';
  assert_refused(text, "the settings are longer than 4096 bytes");
}

static void values_are_written_as_a_text_would_have_them(void **state) {
  static const struct {
    enum setting_unit unit;
    uint64_t value;
    const char *text;
  } cases[] = {
      {SETTING_COUNT, 65536, "65536"},  {SETTING_BYTES, 65536, "64k"},      {SETTING_BYTES, 65537, "65537"},
      {SETTING_BYTES, 1 << 30, "1g"},   {SETTING_BYTES, 3 << 20, "3m"},     {SETTING_BYTES, 0, "0"},
      {SETTING_TIME, 1000000000, "1s"}, {SETTING_TIME, 1000000, "1ms"},     {SETTING_TIME, 1500000000, "1500ms"},
      {SETTING_TIME, 0, "0"},           {SETTING_TIME, 60000000000, "60s"},
  };
  char text[32];

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    settings_format(cases[i].unit, cases[i].value, text, sizeof text);
    assert_string_equal(text, cases[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_said_leaves_the_defaults),
      cmocka_unit_test(named_ones_change_and_others_stay),
      cmocka_unit_test(units_count_in_their_own_way),
      cmocka_unit_test(bad_ones_are_named_with_what_is_allowed),
      cmocka_unit_test(form_is_checked),
      cmocka_unit_test(a_late_fault_undoes_nothing_because_nothing_was_done),
      cmocka_unit_test(hostile_text_is_quoted_short_and_printable),
      cmocka_unit_test(a_text_is_at_most_4096_bytes),
      cmocka_unit_test(values_are_written_as_a_text_would_have_them),
  };

  return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
