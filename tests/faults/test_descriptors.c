/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-1, OP-2, TRN-4: every call of the story that makes a descriptor or starts a thread fails once, alone or with all
 * that follow it. Nothing crashes, hangs or leaks, every op ends exactly once, and a listener goes on. What is needed
 * to load a transport fails in processes of their own, as one that is loaded stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/check/cases.h"
#include "tests/faults/descriptors.h"
#include "tests/faults/story.h"

extern char **environ;

enum {
  CALLS_LEAST = 7,                        /* of a story: fewer, and the wrappers are not in the way of them */
  CALLS_LOAD_LEAST = 15,                  /* with two transports to load */
  ACCEPTS_MOST = 3 + DESCRIPTORS_ACCEPTS, /* of a story: none spins */
  NOTHING_FAILED = 77                     /* exit status of a process that was to fail in a call that never came */
};

struct place {
  uint32_t flags;
  enum descriptors_mode mode;
  int error;
};

static struct story story;
static unsigned accepts_survived;
static bool loads; /* this process loads transports, not all of which it needs */
static char folder[] = "/tmp/hawser-faults-XXXXXX";
static char url[64];

static void begin(const struct place *place) {
  story = (struct story){.flags = place->flags, .plugin_dir = TEST_PLUGIN_DIR, .url = url};
}

static void tell_whole(const struct place *place) {
  begin(place);
  story_tell(&story);
  if (story.status != HWS_OK) fail_msg("%s: %s", story.step, hws_status_name(story.status));
  story_end(&story);
}

/* Everything that fails is refused, and says so, but accepting, which goes on by itself and takes its time (TRN-4). */
static void expect_status(uint32_t at, const char *failed, const struct place *place) {
  bool accepting = failed && !strcmp(failed, "accept4");
  bool fine = story.status == (failed ? HWS_E_LIMIT : HWS_OK);
  /* Where all that follow fail, it is the dial that is refused, unless it came before. */
  if (accepting) fine = story.status == HWS_OK || (place->mode == DESCRIPTORS_REST && fine);
  if (loads && story.status == HWS_OK) fine = true;
  if (!fine)
    fail_msg("call %u, %s, at '%s': %s", (unsigned)at, failed ? failed : "none failed", story.step,
             hws_status_name(story.status));
  if (accepting && story.status == HWS_OK) accepts_survived++;
  assert_in_range(descriptors_accepts(), 0, ACCEPTS_MOST);
}

/* False: nothing was left to fail. */
static bool fail_one(const struct place *place, uint32_t at) {
  unsigned open = check_descriptors_open();
  begin(place);
  descriptors_fail_after(at, place->mode, place->error);
  story_tell(&story);
  story_end(&story);
  const char *failed = descriptors_restore();
  expect_status(at, failed, place);
  if (check_descriptors_open() != open)
    fail_msg("call %u, at '%s': %d descriptors are not closed", (unsigned)at, story.step,
             (int)(check_descriptors_open() - open));
  return failed;
}

static void test_descriptors(void **state) {
  const struct place *place = *state;
  uint32_t at = 0;
  tell_whole(place);
  accepts_survived = 0;
  while (fail_one(place, at)) at++;
  assert_true(at >= CALLS_LEAST);
  assert_true(accepts_survived > 0);
}

/* ---- loading ---- */

/* A process in which no transport was loaded: it says by its exit status how that went. */
static int load_with_failure(const char *at, const char *mode) {
  char *arguments[] = {(char[]){"faults_descriptors"}, strdup(at), strdup(mode), NULL};
  int status = 0;
  pid_t process;
  assert_int_equal(posix_spawn(&process, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
  free(arguments[1]);
  free(arguments[2]);
  assert_int_equal(waitpid(process, &status, 0), process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_loading(void **state) {
  const struct place *place = *state;
  char mode[16];
  uint32_t at = 0;
  snprintf(mode, sizeof mode, "%u", (unsigned)place->mode);
  for (;; at++) {
    char text[16];
    snprintf(text, sizeof text, "%u", (unsigned)at);
    int status = load_with_failure(text, mode);
    if (status == NOTHING_FAILED) break;
    if (status != 0) fail_msg("call %u: exit status %d", (unsigned)at, status);
  }
  assert_true(at >= CALLS_LOAD_LEAST);
}

/* In that process: a shortage leaves nothing wrong behind once it is over. */
static struct {
  struct place place;
  uint32_t at;
  bool failed;
} loading;

static void test_a_failure(void **state) {
  (void)state;
  loading.failed = fail_one(&loading.place, loading.at);
  tell_whole(&loading.place);
}

static int run_loading(char **arguments) {
  loading.at = (uint32_t)strtoul(arguments[1], NULL, 10);
  loading.place.mode = strtoul(arguments[2], NULL, 10) ? DESCRIPTORS_REST : DESCRIPTORS_ONE;
  loading.place.error = EMFILE;
  loads = true;
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_failure)};
  int failures = cmocka_run_group_tests_name("a failure while loading", tests, NULL, NULL);
  return failures ? failures : loading.failed ? 0 : NOTHING_FAILED;
}

int main(int count, char **arguments) {
  enum { DRIVEN = HWS_RUNTIME_CALLER_DRIVEN };
  static struct place places[] = {{0, DESCRIPTORS_ONE, EMFILE},
                                  {0, DESCRIPTORS_REST, ENFILE},
                                  {DRIVEN, DESCRIPTORS_ONE, ENFILE},
                                  {DRIVEN, DESCRIPTORS_REST, EMFILE}};
  const struct CMUnitTest tests[] = {
      {"one fails, I/O thread", test_descriptors, NULL, NULL, &places[0]},
      {"all from one on fail, I/O thread", test_descriptors, NULL, NULL, &places[1]},
      {"one fails, caller-driven", test_descriptors, NULL, NULL, &places[2]},
      {"all from one on fail, caller-driven", test_descriptors, NULL, NULL, &places[3]},
      {"one fails while a transport is loaded", test_loading, NULL, NULL, &places[0]},
      {"all from one on fail while a transport is loaded", test_loading, NULL, NULL, &places[1]},
  };
  assert_non_null(mkdtemp(folder));
  snprintf(url, sizeof url, "unix://%s/s", folder);
  int result = count == 3 ? run_loading(arguments) : cmocka_run_group_tests_name("descriptors", tests, NULL, NULL);
  rmdir(folder);
  return result;
}
