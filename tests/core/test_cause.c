/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes: what a detail says is one line of UTF-8, whatever a peer or a path put into it (ABI-4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cause.h"

static void assert_cleaned(const char *said, const char *expected) {
  struct cause *cause = cause_make(HWS_E_IO, 5, 7, "%s", said);
  struct hws_detail detail = {.size = sizeof detail};
  cause_tell(cause, &detail);
  assert_string_equal(detail.text, expected);
  assert_int_equal(detail.status, HWS_E_IO);
  assert_int_equal(detail.os_error, 5);
  assert_int_equal(detail.code, 7);
  cause_unref(cause);
}

static void test_text_is_one_line_of_utf8(void **state) {
  (void)state;
  assert_cleaned("plain", "plain");
  assert_cleaned("two\nlines\r\x1b[31m", "two?lines??[31m");
  assert_cleaned("h\xc3\xa9", "h\xc3\xa9");
  assert_cleaned("\xe2\x82\xac \xf0\x9f\xaa\xa2", "\xe2\x82\xac \xf0\x9f\xaa\xa2");
  assert_cleaned("\xff\xfe", "??");
  assert_cleaned("cut \xe2\x82", "cut ??");
  assert_cleaned("\xc0\x80 \xed", "?? ?");
  /* C1, as bytes and as characters; what ends lines; what turns them around. */
  assert_cleaned("\x9b"
                 "31m \xc2\x9b"
                 "31m \xc2\x80\xc2\x9f",
                 "?31m ??31m ????");
  assert_cleaned("a\xe2\x80\xa8z\xe2\x80\xa9z\xc2\x85", "a???z???z??");
  /* NOLINTNEXTLINE(misc-misleading-bidirectional): that is what is cleaned */
  assert_cleaned("\xe2\x80\xaegnp.exe\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "???gnp.exe????????");
  /* Longer than need be, halves of pairs, beyond the last. */
  assert_cleaned("\xe0\x80\x9b \xe0\x9f\xbf \xf0\x80\x80\x80 \xf0\x8f\xbf\xbf \xc1\xbf", "??? ??? ???? ???? ??");
  assert_cleaned("\xed\xa0\x80 \xed\xbf\xbf", "??? ???");
  assert_cleaned("\xf4\x90\x80\x80 \xf5\x80\x80\x80 \xf8\x88\x80\x80\x80", "???? ???? ?????");
  /* The neighbours of all these stay. */
  assert_cleaned(" ~\xc2\xa0\xd8\x9b\xd8\x9d\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80",
                 " ~\xc2\xa0\xd8\x9b\xd8\x9d\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80");
  assert_cleaned(
      "\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
      "\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void test_long_text_is_cut_and_stays_utf8(void **state) {
  (void)state;
  char said[2048];
  for (size_t i = 0; i + 2 < sizeof said; i += 2) memcpy(said + i, "\xc3\xa9", 2);
  said[sizeof said - 2] = 0;
  struct cause *cause = cause_make(HWS_E_IO, 0, 0, "x%s", said);
  struct hws_detail detail = {.size = sizeof detail};
  cause_tell(cause, &detail);
  size_t len = strlen(detail.text);
  assert_true(len < sizeof detail.text && len > sizeof detail.text - 4);
  assert_false((unsigned char)detail.text[len - 1] == 0xc3);
  cause_unref(cause);
}

static void test_plain_causes_are_never_freed(void **state) {
  (void)state;
  for (int status = HWS_OK - 1; status >= HWS_E_INTERNAL; status--) {
    struct cause *cause = cause_plain(status);
    cause_unref(cause_ref(cause));
    cause_unref(cause);
    assert_int_equal(cause_plain(status)->status, status);
    assert_string_not_equal(status_name(status), "HWS_E_UNKNOWN");
    assert_true(strlen(status_text(status)) > 0);
  }
  assert_string_equal(status_name(1), "HWS_E_UNKNOWN");
  assert_string_equal(status_name(-1000), "HWS_E_UNKNOWN");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_is_one_line_of_utf8),
      cmocka_unit_test(test_long_text_is_cut_and_stays_utf8),
      cmocka_unit_test(test_plain_causes_are_never_freed),
  };
  return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
