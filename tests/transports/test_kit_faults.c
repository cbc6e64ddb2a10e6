/* SPDX-License-Identifier: Apache-2.0
 *
 * PLG-5: the conformance kit finds what is wrong. Each fault turns the case red that it belongs to, with the right
 * words; and the same case is green without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/check/check.h"
#include "tests/transports/faulty.h"

static const struct expectation {
  enum faulty_kind kind;
  const char *cases; /* beginning of their names */
  const char *says;  /* in the line of one that fails */
} expectations[] = {
    {FAULTY_COMPLETES_TWICE, "ping-pong", "completed a read twice"},
    {FAULTY_COMPLETES_AND_RETURNS, "dial before accept", "completed a read inside submit, and also returned 1"},
    {FAULTY_NEVER_COMPLETES, "ping-pong, armed on demand", "waited in vain for the end of a read"},
    {FAULTY_SUBMIT_RETURNS_TWO, "ping-pong", "submit of a write returned 2"},
    {FAULTY_LOSES_END, "end together with data", "waited in vain for the end of a read"},
    {FAULTY_NEVER_REARMS, "full, then drained, armed on demand", "waited in vain"},
    {FAULTY_NEVER_REARMS, "ping-pong, armed one-shot", "waited in vain for the end of a read"},
    {FAULTY_CANCEL_IS_LATE, "cancel a read", "promises REVOKE, but a cancel left a read pending"},
    {FAULTY_CANCEL_COMPLETES_TOO, "cancel a read", "completed a read inside cancel, and also returned 1"},
    {FAULTY_CANCEL_EATS, "cancel a read beside data, armed on demand", "waited in vain for the end of a read"},
    {FAULTY_CANCELS_BY_ITSELF, "ping-pong", "ended as cancelled, but nobody cancelled it"},
    {FAULTY_WRITES_LATE, "cancel a read", "a cancelled read was still written"},
    {FAULTY_COUNTS_TOO_MUCH, "echo", "a write of 2 bytes moved 3"},
    {FAULTY_COUNTS_TOO_LITTLE, "echo", "is not what was sent"},
    {FAULTY_TAKES_ALL, "what is not taken", "all is said to be taken, but a write pends"},
    {FAULTY_SPOILS_A_BYTE, "both ways at once", "is not what was sent"},
    {FAULTY_ENDS_EARLY, "both ways at once", "the end came after"},
    {FAULTY_READS_WITHOUT_BYTES, "readable", "although nothing was sent"},
    {FAULTY_IGNORES_SHUTDOWN, "end alone, armed on demand", "waited in vain for the end of a read"},
    {FAULTY_SHUTS_BOTH, "shutdown beside a read", "although only the other direction has ended"},
    {FAULTY_CHANGES_THE_IO, "ping-pong", "the host's half of the io was changed"},
    {FAULTY_UNKNOWN_STATUS, "ping-pong", "status -77, which does not exist"},
    {FAULTY_ACCEPTS_NOTHING, "accept before dial", "`accepted` not set"},
    {FAULTY_DROPS_ACCEPTS, "cancel an accept, armed on demand", "waited in vain for the end of an accept"},
    {FAULTY_KEEPS_MEMORY, "made but never submitted", "were not released"},
    {FAULTY_KEEPS_DESCRIPTOR, "made but never submitted", "descriptors open where there were"},
    {FAULTY_CLOSES_EARLY, "write after shutdown", "closed the watched descriptor before destroy"},
    {FAULTY_RELEASES_TWICE, "made but never submitted", "released memory twice"},
    {FAULTY_WRITES_PAST_MEMORY, "made but never submitted", "wrote past the end of memory"},
    {FAULTY_SPINS, "descriptors run out", "times in a second without descriptors"},
    {FAULTY_BLOCKS, "cancel a read, armed on demand", "did not return from read"},
    {FAULTY_CRASHES, "half-close", "killed by signal 6"},
    {FAULTY_POSTS_AFTER_DESTROY, "made but never submitted", "called post for an endpoint after its destroy"},
    {FAULTY_KNOWS_EVERY_PARAMETER, "unknown parameter", "asked for a parameter that it cannot know"},
    {FAULTY_DIALS_ANYTHING, "dial refused", "was OK (os_error"},
    {FAULTY_STEALS_ADDRESSES, "address in use", "was OK (os_error"},
    {FAULTY_WRONG_PEER, "peers", "the peer's uid is"},
    {FAULTY_CUTS_TEXT, "queries", "another length in a smaller buffer"},
    {FAULTY_SETS_EP_ON_FAILURE, "odd addresses", "*ep was changed"},
    {FAULTY_ABORTS_ON_NOMEM, "memory runs out", "killed by signal 6"},
};

static char url[64];

/* What the kit prints, to be freed. */
static char *run(const struct expectation *expectation, enum faulty_kind kind, unsigned patience_ms,
                 struct check_report *report) {
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&text, &bytes);
  assert_non_null(out);
  const struct check_config config = {.manifest = faulty_manifest(TEST_PLUGIN_DIR "/unix_epoll.so", kind),
                                      .listen_url = url,
                                      .only = expectation->cases,
                                      .patience_ms = patience_ms};
  int result = check_run(&config, out, report);
  assert_int_equal(result, report->failed == 0 ? 0 : -1);
  (void)fclose(out);
  return text;
}

static void every_fault_is_found(void **state) {
  (void)state;
  bool expected[FAULTY_COUNT] = {true};
  for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
    struct check_report report;
    char *text = run(&expectations[i], expectations[i].kind, 1500, &report);
    expected[expectations[i].kind] = true;
    if (report.failed == 0 || !strstr(text, "FAIL ") || !strstr(text, expectations[i].says)) {
      fail_msg("fault %d: wanted '%s', got:\n%s", (int)expectations[i].kind, expectations[i].says, text);
    }
    free(text);
  }
  for (int kind = 0; kind < FAULTY_COUNT; kind++) assert_true(expected[kind]);
}

static void without_a_fault_they_pass(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
    struct check_report report;
    char *text = run(&expectations[i], FAULTY_NOTHING, 20000, &report);
    if (report.failed != 0 || report.passed == 0) fail_msg("without a fault:\n%s", text);
    free(text);
  }
}

static void what_is_no_plugin_fails_once(void **state) {
  (void)state;
  static const char *const files[] = {"relative.so", "/nonexistent.so", "/proc/self/exe"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    struct check_report report;
    const struct check_config config = {.plugin = files[i], .listen_url = url};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_int_equal(check_run(&config, out, &report), -1);
    (void)fclose(out);
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.passed, 0);
    assert_int_equal(strncmp(text, "FAIL load: ", 11), 0);
    free(text);
  }
}

int main(void) {
  (void)snprintf(url, sizeof url, "unix:@hawser-faults-%d", (int)getpid());
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_fault_is_found),
      cmocka_unit_test(without_a_fault_they_pass),
      cmocka_unit_test(what_is_no_plugin_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
