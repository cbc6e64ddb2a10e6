/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: what is taken apart how, and the line that each malformed one gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/hawser.h"
#include "core/url.h"

static void parse(const char *text, struct url *url) {
  char error[160] = "";
  const int status = url_parse(text, url, error, sizeof error);

  if (status != HWS_OK) fail_msg("\"%s\" was refused: %s", text, error);
}

static void assert_refused(const char *text, const char *expected) {
  char error[160] = "";
  struct url url;

  assert_int_equal(url_parse(text, &url, error, sizeof error), HWS_E_ADDRESS);
  assert_string_equal(error, expected);
  assert_null(url.text);
  assert_int_equal(url.scheme_count, 0);
  url_free(&url);
}

static void a_path_with_a_parameter(void **state) {
  struct url url;

  (void)state;
  parse("unix:///run/x.sock?mode=0660", &url);
  assert_int_equal(url.scheme_count, 1);
  assert_string_equal(url.schemes[0], "unix");
  assert_string_equal(url.address, "/run/x.sock");
  assert_int_equal(url.param_count, 1);
  assert_string_equal(url_param(&url, "mode"), "0660");
  url_free(&url);
}

static void an_abstract_name_keeps_its_at_sign(void **state) {
  struct url url;

  (void)state;
  parse("unix:@name?a=b", &url);
  assert_string_equal(url.schemes[0], "unix");
  assert_string_equal(url.address, "@name");
  url_free(&url);
  parse("unix://@name", &url);
  assert_string_equal(url.address, "@name");
  assert_int_equal(url.param_count, 0);
  url_free(&url);
}

static void filters_stand_outermost_first(void **state) {
  struct url url;

  (void)state;
  parse("tls+chaos+more+tcp://[::1]:80?chaos.seed=7&port.x_y-z=1", &url);
  assert_int_equal(url.scheme_count, 4);
  assert_string_equal(url.schemes[0], "tls");
  assert_string_equal(url.schemes[1], "chaos");
  assert_string_equal(url.schemes[2], "more");
  assert_string_equal(url.schemes[3], "tcp");
  assert_string_equal(url.address, "[::1]:80");
  assert_string_equal(url_param(&url, "chaos.seed"), "7");
  assert_string_equal(url_param(&url, "port.x_y-z"), "1");
  url_free(&url);
}

static void address_and_values_are_decoded(void **state) {
  struct url url;

  (void)state;
  parse("unix:///a%20b%3f%26?k=%41%c3%a9%2526&l=a=b?c+d#e", &url);
  assert_string_equal(url.address, "/a b?&");
  assert_string_equal(url_param(&url, "k"), "A\xc3\xa9%26");
  assert_string_equal(url_param(&url, "l"), "a=b?c+d#e");
  url_free(&url);
}

static void empty_address_and_empty_value_are_left_to_others(void **state) {
  struct url url;

  (void)state;
  parse("mem://?k=", &url);
  assert_string_equal(url.address, "");
  assert_string_equal(url_param(&url, "k"), "");
  url_free(&url);
}

/* Everything of an alphabet's ends, and names of the greatest length. */
static void names_may_be_as_long_as_the_limits(void **state) {
  static const char scheme[] = "a23456789.-bcdez";
  char key[URL_MAX_KEY + 1];
  char text[256];
  struct url url;

  (void)state;
  memset(key, 'k', sizeof key - 1);
  key[URL_MAX_KEY] = '\0';
  assert_int_equal(strlen(scheme), URL_MAX_SCHEME);
  snprintf(text, sizeof text, "%s://x?%s=1", scheme, key);
  parse(text, &url);
  assert_string_equal(url.schemes[0], scheme);
  assert_string_equal(url_param(&url, key), "1");
  url_free(&url);

  snprintf(text, sizeof text, "%sf://x", scheme);
  assert_refused(text, "bad URL at offset 0: the scheme is longer than 16 characters");
  snprintf(text, sizeof text, "a://x?%sk=1", key);
  assert_refused(text, "bad URL at offset 6: the parameter's key is longer than 64 characters");
}

static void unused_parameters_are_named_in_order(void **state) {
  struct url url;

  (void)state;
  parse("unix:///p?one=1&two=2&three=3", &url);
  assert_string_equal(url_unused(&url), "one");
  assert_null(url_param(&url, "four"));
  assert_string_equal(url_param(&url, "one"), "1");
  assert_string_equal(url_param(&url, "three"), "3");
  assert_string_equal(url_unused(&url), "two");
  assert_string_equal(url_param(&url, "two"), "2");
  assert_null(url_unused(&url));
  assert_string_equal(url_param(&url, "two"), "2");
  url_free(&url);
  assert_null(url_unused(&url));
}

static void malformed_ones_get_one_line_with_the_offset(void **state) {
  static const struct {
    const char *text;
    const char *error;
  } cases[] = {
      {"", "bad URL at offset 0: a scheme must begin with a letter from a to z"},
      {"://x", "bad URL at offset 0: a scheme must begin with a letter from a to z"},
      {"Unix:///x", "bad URL at offset 0: a scheme must begin with a letter from a to z"},
      {"9p://x", "bad URL at offset 0: a scheme must begin with a letter from a to z"},
      {"a++b://x", "bad URL at offset 2: a scheme must begin with a letter from a to z"},
      {"unix", "bad URL at offset 4: \"://\" or \":@\" must follow the scheme"},
      {"uniX://x", "bad URL at offset 3: \"://\" or \":@\" must follow the scheme"},
      {"un_ix://x", "bad URL at offset 2: \"://\" or \":@\" must follow the scheme"},
      {"/run/x.sock", "bad URL at offset 0: a scheme must begin with a letter from a to z"},
      {"unix:", "bad URL at offset 4: \"://\" or \":@\" must follow the scheme"},
      {"unix:/", "bad URL at offset 4: \"://\" or \":@\" must follow the scheme"},
      {"unix:/x", "bad URL at offset 4: \"://\" or \":@\" must follow the scheme"},
      {"unix:name", "bad URL at offset 4: \"://\" or \":@\" must follow the scheme"},
      {"a+b+c+d+e://x", "bad URL at offset 8: more than 4 schemes are chained"},
      {"unix:///a%", "bad URL at offset 9: two hexadecimal digits must follow a %"},
      {"unix:///a%4", "bad URL at offset 9: two hexadecimal digits must follow a %"},
      {"unix:///a%g0", "bad URL at offset 9: two hexadecimal digits must follow a %"},
      {"unix:///a%0g", "bad URL at offset 9: two hexadecimal digits must follow a %"},
      {"unix:///a?k=%4", "bad URL at offset 12: two hexadecimal digits must follow a %"},
      {"unix:///a%00", "bad URL at offset 9: a zero byte (%00) is not allowed"},
      {"unix:///a?k=1%00", "bad URL at offset 13: a zero byte (%00) is not allowed"},
      {"unix:///a\nb", "bad URL at offset 9: control character 0x0a is not percent-encoded"},
      {"unix:///a?k=\x7f", "bad URL at offset 12: control character 0x7f is not percent-encoded"},
      {"unix:///a?", "bad URL at offset 10: a parameter's key must begin with a letter from a to z"},
      {"unix:///a?=1", "bad URL at offset 10: a parameter's key must begin with a letter from a to z"},
      {"unix:///a?k=1&", "bad URL at offset 14: a parameter's key must begin with a letter from a to z"},
      {"unix:///a?k=1&&l=2", "bad URL at offset 14: a parameter's key must begin with a letter from a to z"},
      {"unix:///a?k", "bad URL at offset 11: \"=\" must follow a parameter's key"},
      {"unix:///a?k&l=1", "bad URL at offset 11: \"=\" must follow a parameter's key"},
      {"unix:///a?k%41=1", "bad URL at offset 11: \"=\" must follow a parameter's key"},
      {"unix:///a?k=1&l=2&k=1", "bad URL at offset 18: parameter \"k\" is given twice"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_refused(cases[i].text, cases[i].error);
}

static void a_url_is_at_most_4096_bytes(void **state) {
  char text[URL_MAX_BYTES + 2];
  struct url url;

  (void)state;
  memset(text, 'x', sizeof text);
  memcpy(text, "unix://", 7);
  text[URL_MAX_BYTES] = '\0';
  parse(text, &url);
  assert_int_equal(strlen(url.address), URL_MAX_BYTES - 7);
  url_free(&url);
  text[URL_MAX_BYTES] = 'x';
  text[URL_MAX_BYTES + 1] = '\0';
  assert_refused(text, "bad URL at offset 4096: the URL is longer than 4096 bytes");
}

static void there_are_at_most_32_parameters(void **state) {
  char text[512] = "unix:///p";
  char expected[80];
  size_t length = strlen(text);
  struct url url;

  (void)state;
  for (int i = 0; i < URL_MAX_PARAMS; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "%ck%d=%d", i == 0 ? '?' : '&', i, i);
  parse(text, &url);
  assert_int_equal(url.param_count, URL_MAX_PARAMS);
  assert_string_equal(url_param(&url, "k31"), "31");
  url_free(&url);
  snprintf(text + length, sizeof text - length, "&z=1");
  snprintf(expected, sizeof expected, "bad URL at offset %zu: there are more than 32 parameters", length + 1);
  assert_refused(text, expected);
}

/* The longest line fits its buffer, and a small buffer is never overrun. */
static void the_line_is_cut_to_the_buffer(void **state) {
  char key[URL_MAX_KEY + 1];
  char text[200];
  char error[160];
  char small[16] = "";
  struct url url;

  (void)state;
  memset(key, 'k', sizeof key - 1);
  key[URL_MAX_KEY] = '\0';
  snprintf(text, sizeof text, "a://x?%s=1&%s=1", key, key);
  assert_int_equal(url_parse(text, &url, error, sizeof error), HWS_E_ADDRESS);
  assert_string_equal(error + strlen(error) - 11, "given twice");
  assert_int_equal(url_parse(text, &url, small, sizeof small), HWS_E_ADDRESS);
  assert_int_equal(strlen(small), sizeof small - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_path_with_a_parameter),
      cmocka_unit_test(an_abstract_name_keeps_its_at_sign),
      cmocka_unit_test(filters_stand_outermost_first),
      cmocka_unit_test(address_and_values_are_decoded),
      cmocka_unit_test(empty_address_and_empty_value_are_left_to_others),
      cmocka_unit_test(names_may_be_as_long_as_the_limits),
      cmocka_unit_test(unused_parameters_are_named_in_order),
      cmocka_unit_test(malformed_ones_get_one_line_with_the_offset),
      cmocka_unit_test(a_url_is_at_most_4096_bytes),
      cmocka_unit_test(there_are_at_most_32_parameters),
      cmocka_unit_test(the_line_is_cut_to_the_buffer),
  };

  return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
