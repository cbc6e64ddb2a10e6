/* SPDX-License-Identifier: Apache-2.0
 *
 * PIP-5 (addresses are hostile), PIP-3: addresses of named pipes and their parameters. The same on every system.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plugins/hawser_plugin.h"
#include "transports/npipe/address.h"
#include "transports/npipe/settings.h"

static int32_t parse(const char *text, struct npipe_address *address) {
  char why[160] = "";
  int32_t status = npipe_address_parse(text, strlen(text), address, why, sizeof why);
  assert_true((status == HWS_IO_OK) == (why[0] == 0));
  return status;
}

static void expect_path(const struct npipe_address *address, const char *ascii) {
  assert_int_equal(address->length, strlen(ascii));
  for (size_t i = 0; i <= address->length; i++) assert_int_equal(address->path[i], (unsigned char)ascii[i]);
}

static void names(void **state) {
  static const struct {
    const char *text;
    const char *path;
    const char *url;
  } cases[] = {
      {"//./pipe/x", "\\\\.\\pipe\\x", "npipe:////./pipe/x"},
      {"//./pipe/docker_engine", "\\\\.\\pipe\\docker_engine", "npipe:////./pipe/docker_engine"},
      {"//./pipe/a/b/c", "\\\\.\\pipe\\a\\b\\c", "npipe:////./pipe/a/b/c"},
      {"//./pipe/.hidden", "\\\\.\\pipe\\.hidden", "npipe:////./pipe/.hidden"},
      {"//./pipe/a b", "\\\\.\\pipe\\a b", "npipe:////./pipe/a%20b"},
      {"//./pipe/a?b#c%d", "\\\\.\\pipe\\a?b#c%d", "npipe:////./pipe/a%3Fb%23c%25d"},
      {"//./pipe/...x", "\\\\.\\pipe\\...x", "npipe:////./pipe/...x"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct npipe_address address;
    char url[NPIPE_URL_MAX];
    if (parse(cases[i].text, &address) != HWS_IO_OK) fail_msg("'%s' was refused", cases[i].text);
    expect_path(&address, cases[i].path);
    assert_int_equal(npipe_address_url(&address, url), strlen(cases[i].url));
    assert_string_equal(url, cases[i].url);
  }
}

/* One, two, three and four bytes of UTF-8; the last are two units. */
static void characters(void **state) {
  static const uint16_t units[] = {'a', 0xe4, 0x20ac, 0xd83d, 0xde00};
  struct npipe_address address;
  char url[NPIPE_URL_MAX];
  (void)state;
  assert_int_equal(parse("//./pipe/a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", &address), HWS_IO_OK);
  assert_int_equal(address.length, NPIPE_PREFIX + 5);
  assert_memory_equal(address.path + NPIPE_PREFIX, units, sizeof units);
  (void)npipe_address_url(&address, url);
  assert_string_equal(url, "npipe:////./pipe/a%C3%A4%E2%82%AC%F0%9F%98%80");
}

/* Nothing leads out of the pipes, to another machine, or to a name that Windows would make of it. */
static void names_that_are_none(void **state) {
  static const char *const bad[] = {
      "",
      "/",
      "//",
      "//./",
      "//./pipe",
      "//./pipe/",
      "//./pipes/x",
      "//./PIPE/x",
      "/./pipe/x",
      "//server/pipe/x",
      "//?/pipe/x",
      "\\\\.\\pipe\\x",
      "x",
      "/tmp/x",
      "//./pipe/..",
      "//./pipe/.",
      "//./pipe/../C:/x",
      "//./pipe/a/../../C:/x",
      "//./pipe/a/./b",
      "//./pipe//a",
      "//./pipe/a/",
      "//./pipe/a//b",
      "//./pipe/a.",
      "//./pipe/a ",
      "//./pipe/a./b",
      "//./pipe/a /b",
      "//./pipe/a\\b",
      "//./pipe/..\\..\\x",
      "//./pipe/a\tb",
      "//./pipe/a\x7f",
      "//./pipe/a\xc2\x80",
      "//./pipe/\x80",
      "//./pipe/\xc3",
      "//./pipe/\xc0\xaf",
      "//./pipe/\xe0\x80\xaf",
      "//./pipe/\xed\xa0\x80",
      "//./pipe/\xf4\x90\x80\x80",
      "//./pipe/\xf8\x88\x80\x80\x80",
  };
  struct npipe_address address;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (parse(bad[i], &address) != HWS_IO_ADDRESS) fail_msg("'%s' was taken", bad[i]);
  char why[160];
  assert_int_equal(npipe_address_parse("//./pipe/a\0b", 12, &address, why, sizeof why), HWS_IO_ADDRESS);
}

static void lengths(void **state) {
  char text[2000] = "//./pipe/";
  char url[NPIPE_URL_MAX];
  struct npipe_address address;
  (void)state;
  memset(text + NPIPE_PREFIX, 'x', NPIPE_NAME_MAX);
  assert_int_equal(parse(text, &address), HWS_IO_OK);
  assert_int_equal(address.length, NPIPE_PATH_MAX);
  assert_int_equal(address.path[NPIPE_PATH_MAX], 0);
  text[NPIPE_PREFIX + NPIPE_NAME_MAX] = 'x';
  assert_int_equal(parse(text, &address), HWS_IO_ADDRESS);
  /* the longest URL: each unit three bytes, each byte three characters */
  for (size_t i = 0; i < NPIPE_NAME_MAX; i++) memcpy(text + NPIPE_PREFIX + 3 * i, "\xe2\x82\xac", 3);
  text[NPIPE_PREFIX + 3 * NPIPE_NAME_MAX] = 0;
  assert_int_equal(parse(text, &address), HWS_IO_OK);
  assert_int_equal(npipe_address_url(&address, url), NPIPE_URL_MAX - 1);
  /* half of a character of two units does not stay behind */
  memset(text + NPIPE_PREFIX, 'x', NPIPE_NAME_MAX - 1);
  memcpy(text + NPIPE_PREFIX + NPIPE_NAME_MAX - 1, "\xf0\x9f\x98\x80", 5);
  assert_int_equal(parse(text, &address), HWS_IO_ADDRESS);
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static const char *given_key;
static const char *given_value;
static unsigned asked;

static const char *config(struct hws_host_endpoint *endpoint, const char *key) {
  (void)endpoint;
  asked++;
  if (given_key && strcmp(key, given_key) == 0) return given_value;
  return NULL;
}

static const struct hws_host host = {.size = sizeof host, .config = config};

static int32_t read_settings(struct npipe_settings *settings, bool listens, const char *key, const char *value) {
  char why[160] = "";
  given_key = key;
  given_value = value;
  asked = 0;
  int32_t status = npipe_settings_read(settings, listens, &host, NULL, why, sizeof why);
  assert_true((status == HWS_IO_OK) == (why[0] == 0));
  if (why[0] && key) assert_non_null(strstr(why, key));
  return status;
}

static void defaults(void **state) {
  struct npipe_settings settings;
  (void)state;
  assert_int_equal(read_settings(&settings, true, NULL, NULL), HWS_IO_OK);
  assert_int_equal(asked, 6);
  assert_false(settings.messages);
  assert_false(settings.remote);
  assert_int_equal(settings.backlog, 16);
  assert_int_equal(settings.unaccepted, 256);
  assert_int_equal(settings.rearm, NPIPE_REARM_COMPLETION);
  static const char sddl[] = "D:P(A;;GA;;;S-1-3-4)(A;;GA;;;SY)";
  for (size_t i = 0; i < sizeof sddl; i++) assert_int_equal(settings.sddl[i], sddl[i]);
  assert_int_equal(read_settings(&settings, false, NULL, NULL), HWS_IO_OK);
  assert_int_equal(asked, 1); /* what is a listener's alone, the host refuses in a dial */
}

/* PIP-3: backlog 0 and 1 mean one instance, which is replaced when it was accepted. */
static void backlogs(void **state) {
  struct npipe_settings settings;
  (void)state;
  assert_int_equal(read_settings(&settings, true, "backlog", "0"), HWS_IO_OK);
  assert_int_equal(settings.backlog, 1);
  assert_int_equal(settings.rearm, NPIPE_REARM_ACCEPT);
  assert_int_equal(read_settings(&settings, true, "backlog", "1"), HWS_IO_OK);
  assert_int_equal(settings.rearm, NPIPE_REARM_ACCEPT);
  assert_int_equal(read_settings(&settings, true, "backlog", "2"), HWS_IO_OK);
  assert_int_equal(settings.backlog, 2);
  assert_int_equal(settings.rearm, NPIPE_REARM_COMPLETION);
  assert_int_equal(read_settings(&settings, true, "backlog", "1024"), HWS_IO_OK);
  assert_int_equal(read_settings(&settings, true, "rearm", "accept"), HWS_IO_OK);
  assert_int_equal(settings.backlog, 16);
  assert_int_equal(settings.rearm, NPIPE_REARM_ACCEPT);
  assert_int_equal(read_settings(&settings, true, "rearm", "completion"), HWS_IO_OK);
  assert_int_equal(settings.rearm, NPIPE_REARM_COMPLETION);
}

static void wrong_values(void **state) {
  static const char *const wrong[][2] = {
      {"mode", ""},           {"mode", "messages"}, {"mode", "Byte"},  {"backlog", "1025"},
      {"backlog", "-1"},      {"backlog", ""},      {"backlog", "01"}, {"unaccepted", "0"},
      {"unaccepted", "4097"}, {"rearm", "never"},   {"rearm", ""},     {"remote", "2"},
      {"remote", "yes"},      {"sddl", ""},         {"sddl", "\xff"},  {"sddl", "D:\xc0\x80"},
  };
  struct npipe_settings settings;
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    if (read_settings(&settings, true, wrong[i][0], wrong[i][1]) != HWS_IO_ADDRESS)
      fail_msg("%s=%s was taken", wrong[i][0], wrong[i][1]);
  char longest[NPIPE_SDDL_MAX + 1];
  memset(longest, 'x', sizeof longest);
  longest[NPIPE_SDDL_MAX - 1] = 0;
  assert_int_equal(read_settings(&settings, true, "sddl", longest), HWS_IO_OK);
  assert_int_equal(settings.sddl[NPIPE_SDDL_MAX - 1], 0);
  longest[NPIPE_SDDL_MAX - 1] = 'x';
  longest[NPIPE_SDDL_MAX] = 0;
  assert_int_equal(read_settings(&settings, true, "sddl", longest), HWS_IO_ADDRESS);
}

static void right_values(void **state) {
  struct npipe_settings settings;
  (void)state;
  for (int listens = 0; listens < 2; listens++) {
    assert_int_equal(read_settings(&settings, listens, "mode", "message"), HWS_IO_OK);
    assert_true(settings.messages);
    assert_int_equal(read_settings(&settings, listens, "mode", "byte"), HWS_IO_OK);
    assert_false(settings.messages);
  }
  assert_int_equal(read_settings(&settings, true, "remote", "1"), HWS_IO_OK);
  assert_true(settings.remote);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names),        cmocka_unit_test(characters),   cmocka_unit_test(names_that_are_none),
      cmocka_unit_test(lengths),      cmocka_unit_test(defaults),     cmocka_unit_test(backlogs),
      cmocka_unit_test(wrong_values), cmocka_unit_test(right_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
