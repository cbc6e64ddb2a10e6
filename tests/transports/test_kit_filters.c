/* SPDX-License-Identifier: Apache-2.0
 *
 * PLG-5: the conformance kit checks filters too. Those that hand everything through as it is pass on any transport, and
 * each fault is found with the right words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/check/check.h"

/* What was written there, to be freed; and closes it. */
static char *text_of(FILE *out) {
  long length = ftell(out);
  assert_true(length >= 0);
  char *text = calloc(1, (size_t)length + 1);
  assert_non_null(text);
  rewind(out);
  (void)fread(text, 1, (size_t)length, out);
  (void)fclose(out);
  return text;
}

/* What the kit prints, to be freed. */
static char *run(const char *filter, const char *under, const char *address, const char *only, unsigned patience_ms,
                 struct check_report *report) {
  char plugin[512];
  char transport[512];
  char url[256];
  FILE *out = tmpfile();
  assert_non_null(out);
  (void)snprintf(plugin, sizeof plugin, WRONG_PLUGIN_DIR "/f_%s" TEST_PLUGIN_SUFFIX, filter);
  (void)snprintf(transport, sizeof transport, TEST_PLUGIN_DIR "/%s" TEST_PLUGIN_SUFFIX, under);
  (void)snprintf(url, sizeof url, "f-%s+%s", filter, address);
  const struct check_config config = {
      .plugin = plugin, .under = transport, .listen_url = url, .only = only, .patience_ms = patience_ms};
  int result = check_run(&config, out, report);
  assert_int_equal(result, report->failed == 0 ? 0 : -1);
  return text_of(out);
}

static void right_ones_pass(void **state) {
  (void)state;
  char address[128]; /* SOCKET_URL may end in a hyphen: then a number of this process follows */
  (void)snprintf(address, sizeof address, "%s", SOCKET_URL);
  size_t length = strlen(address);
  if (address[length - 1] == '-') (void)snprintf(address + length, sizeof address - length, "%d", (int)getpid());
  const struct {
    const char *filter;
    const char *under;
    const char *address;
    unsigned least;
  } right[] = {{"none", "memory", "mem://check", 25},
               {"eager", "memory", "mem://check", 25},
               {"eager", SOCKET_PLUGIN, address, SOCKET_CASES}};
  for (size_t i = TEST_SLOWNESS > 1 ? 1 : 0; i < sizeof right / sizeof right[0]; i++) {
    struct check_report report;
    char *text = run(right[i].filter, right[i].under, right[i].address, NULL, 20000, &report);
    if (report.failed != 0 || report.passed < right[i].least)
      fail_msg("f_%s on %s: %u passed\n%s", right[i].filter, right[i].under, report.passed, text);
    free(text);
  }
}

static const struct {
  const char *filter;
  const char *only;
  const char *says;
} wrong[] = {
    {"double", "ping-pong", "completed a read twice"},
    {"result", "ping-pong", "completed an io that is none of the host's"},
    {"never", "ping-pong", "waited in vain for the end of a read"},
    {"two", "ping-pong", "submitted a second io below in one direction"},
    {"kind", "ping-pong", "submitted an io of kind 3 below"},
    {"early", "filter tried", "called under_submit inside wrap"},
    {"empty", "filter tried", "an endpoint was made, but *ep was not set"},
    {"much", "echo", "of 1 bytes moved 1048577"},
};

enum { WRONG = sizeof wrong / sizeof wrong[0] };

static struct {
  struct check_report report;
  char *text;
} found[WRONG + 1];

/* Before anything is asserted: where a case's process is this program once more, it passes over what stands before it,
 * and finds nothing wrong there. */
static int run_wrong_ones(void **state) {
  (void)state;
  for (size_t i = 0; i < WRONG; i++)
    found[i].text = run(wrong[i].filter, "memory", "mem://check", wrong[i].only, 1500, &found[i].report);
  const struct check_config alone = {.plugin = WRONG_PLUGIN_DIR "/f_none" TEST_PLUGIN_SUFFIX,
                                     .listen_url = "f-none+mem://check"};
  FILE *out = tmpfile();
  assert_non_null(out);
  (void)check_run(&alone, out, &found[WRONG].report);
  found[WRONG].text = text_of(out);
  return 0;
}

static int free_texts(void **state) {
  (void)state;
  for (size_t i = 0; i <= WRONG; i++) free(found[i].text);
  return 0;
}

static void wrong_ones_are_found(void **state) {
  (void)state;
  for (size_t i = 0; i < WRONG; i++)
    if (found[i].report.failed == 0 || !strstr(found[i].text, wrong[i].says))
      fail_msg("f_%s: wanted '%s', got:\n%s", wrong[i].filter, wrong[i].says, found[i].text);
}

/* Nothing is guessed: a filter needs something to stand on. */
static void a_filter_alone_is_refused(void **state) {
  (void)state;
  assert_int_equal(found[WRONG].report.failed, 1);
  assert_non_null(strstr(found[WRONG].text, "is a filter, and no transport to stand on was given"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(right_ones_pass),
      cmocka_unit_test(wrong_ones_are_found),
      cmocka_unit_test(a_filter_alone_is_refused),
  };
  return cmocka_run_group_tests(tests, run_wrong_ones, free_texts);
}
