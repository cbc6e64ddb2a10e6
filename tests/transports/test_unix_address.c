/* SPDX-License-Identifier: Apache-2.0
 *
 * UNX-2: addresses of Unix sockets, and allow-lists, as texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "plugins/hawser_plugin.h"
#include "transports/unix_epoll/address.h"
#include "transports/unix_epoll/allow.h"

static int32_t parse(const char *text, size_t bytes, struct unix_address *address, char why[160]) {
  why[0] = 0;
  return unix_address_parse(text, bytes, address, why, 160);
}

static void path_is_zero_terminated(void **state) {
  (void)state;
  char why[160];
  struct unix_address address;
  assert_int_equal(parse("/run/x.sock", 11, &address, why), HWS_IO_OK);
  assert_int_equal(address.system.sun_family, AF_UNIX);
  assert_string_equal(address.system.sun_path, "/run/x.sock");
  assert_int_equal(address.system_bytes, offsetof(struct sockaddr_un, sun_path) + 12);
  assert_false(unix_address_is_abstract(&address));
}

static void abstract_name_ends_by_its_length(void **state) {
  (void)state;
  char why[160];
  struct unix_address address;
  assert_int_equal(parse("@x", 2, &address, why), HWS_IO_OK);
  assert_true(unix_address_is_abstract(&address));
  assert_memory_equal(address.system.sun_path, "\0x", 2);
  assert_int_equal(address.system_bytes, offsetof(struct sockaddr_un, sun_path) + 2);
}

/* The text names both the length and the limit. */
static void too_long_is_refused(void **state) {
  (void)state;
  char why[160];
  char text[200];
  struct unix_address address;
  memset(text, 'x', sizeof text);
  text[0] = '/';
  assert_int_equal(parse(text, 107, &address, why), HWS_IO_OK);
  assert_int_equal(parse(text, 108, &address, why), HWS_IO_ADDRESS);
  assert_non_null(strstr(why, "108"));
  assert_non_null(strstr(why, "107"));
  text[0] = '@';
  assert_int_equal(parse(text, 108, &address, why), HWS_IO_OK);
  assert_int_equal(address.system_bytes, sizeof address.system);
  assert_int_equal(parse(text, 109, &address, why), HWS_IO_ADDRESS);
  assert_non_null(strstr(why, "108"));
  assert_non_null(strstr(why, "107"));
}

static void malformed_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t bytes;
    const char *says;
  } wrong[] = {{"", 0, "neither"},     {"x", 1, "neither"},          {"x/y", 3, "neither"}, {"@", 1, "empty"},
               {"/", 1, "'/'"},        {"/run/", 5, "'/'"},          {"/a\0b", 4, "zero"},  {"@a\0b", 4, "zero"},
               {"\0/a", 3, "neither"}, {"./relative", 10, "neither"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char why[160];
    struct unix_address address;
    assert_int_equal(parse(wrong[i].text, wrong[i].bytes, &address, why), HWS_IO_ADDRESS);
    assert_non_null(strstr(why, wrong[i].says));
  }
}

static void url_names_the_same_address(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *url;
  } right[] = {{"/run/x.sock", "unix:///run/x.sock"},
               {"@name", "unix:@name"},
               {"/a b?c#d%e\n\xff", "unix:///a%20b%3Fc%23d%25e%0A%FF"},
               {"@@/&=", "unix:@%40/%26%3D"}};
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    char why[160];
    char url[UNIX_URL_MAX];
    struct unix_address address;
    struct unix_address again;
    assert_int_equal(parse(right[i].text, strlen(right[i].text), &address, why), HWS_IO_OK);
    assert_int_equal(unix_address_url(&address, url), strlen(right[i].url));
    assert_string_equal(url, right[i].url);
    assert_true(unix_address_from_system(&address.system, address.system_bytes, &again));
    assert_memory_equal(&again, &address, sizeof again);
  }
}

static void longest_url_fits(void **state) {
  (void)state;
  char why[160];
  char text[108];
  char url[UNIX_URL_MAX];
  struct unix_address address;
  memset(text, 1, sizeof text);
  text[0] = '@';
  assert_int_equal(parse(text, sizeof text, &address, why), HWS_IO_OK);
  assert_int_equal(unix_address_url(&address, url), 6 + 3 * 107);
  text[0] = '/';
  assert_int_equal(parse(text, 107, &address, why), HWS_IO_OK);
  assert_int_equal(unix_address_url(&address, url), 7 + 1 + 3 * 106);
}

static void unnamed_has_no_address(void **state) {
  (void)state;
  struct unix_address address;
  struct sockaddr_un system = {.sun_family = AF_UNIX};
  assert_false(unix_address_from_system(&system, offsetof(struct sockaddr_un, sun_path), &address));
  assert_false(unix_address_from_system(&system, 0, &address));
  assert_false(unix_address_from_system(&system, sizeof system + 1, &address));
  system.sun_family = AF_INET;
  assert_false(unix_address_from_system(&system, sizeof system, &address));
}

/* UNX-3 */
static void lists_of_ids(void **state) {
  (void)state;
  char why[160];
  struct unix_ids ids;
  assert_int_equal(unix_ids_parse("allow_uid", "0", &ids, why, sizeof why), HWS_IO_OK);
  assert_int_equal(ids.count, 1);
  assert_true(unix_ids_contain(&ids, 0));
  assert_int_equal(unix_ids_parse("allow_uid", "1000,1001,4294967294", &ids, why, sizeof why), HWS_IO_OK);
  assert_int_equal(ids.count, 3);
  assert_true(unix_ids_contain(&ids, 4294967294U));
  assert_false(unix_ids_contain(&ids, 0));
  static const char *const wrong[] = {"",    ",",        "1,",  ",1",         "1,,2", "-1",  "+1",
                                      " 1",  "1 ",       "1;2", "4294967295", "x",    "0x1", "99999999999999999999999",
                                      "1.5", "1000,root"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    why[0] = 0;
    assert_int_equal(unix_ids_parse("allow_uid", wrong[i], &ids, why, sizeof why), HWS_IO_ADDRESS);
    assert_non_null(strstr(why, "allow_uid"));
  }
}

static void lists_are_bounded(void **state) {
  (void)state;
  char why[160];
  char text[2 * UNIX_ALLOW_MAX + 2];
  struct unix_ids ids;
  for (int i = 0; i <= UNIX_ALLOW_MAX; i++) memcpy(text + (ptrdiff_t)2 * i, "7,", 2);
  text[2 * UNIX_ALLOW_MAX - 1] = 0;
  assert_int_equal(unix_ids_parse("allow_gid", text, &ids, why, sizeof why), HWS_IO_OK);
  assert_int_equal(ids.count, UNIX_ALLOW_MAX);
  text[2 * UNIX_ALLOW_MAX - 1] = ',';
  text[2 * UNIX_ALLOW_MAX + 1] = 0;
  assert_int_equal(unix_ids_parse("allow_gid", text, &ids, why, sizeof why), HWS_IO_ADDRESS);
  assert_non_null(strstr(why, "256"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(path_is_zero_terminated),    cmocka_unit_test(abstract_name_ends_by_its_length),
      cmocka_unit_test(too_long_is_refused),        cmocka_unit_test(malformed_is_refused),
      cmocka_unit_test(url_names_the_same_address), cmocka_unit_test(longest_url_fits),
      cmocka_unit_test(unnamed_has_no_address),     cmocka_unit_test(lists_of_ids),
      cmocka_unit_test(lists_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
