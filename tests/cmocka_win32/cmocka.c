/* SPDX-License-Identifier: Apache-2.0
 *
 * A group of tests, one after the other, until one fails.
 */
#include "tests/cmocka_win32/cmocka.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *running = "";

void print_message(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vprintf(format, arguments);
  va_end(arguments);
  (void)fflush(stdout);
}

void cmocka_fail(const char *file, int line, const char *format, ...) {
  va_list arguments;
  (void)fflush(stdout);
  (void)fprintf(stderr, "[  FAILED  ] %s\n%s:%d: ", running, file, line);
  va_start(arguments, format);
  (void)vfprintf(stderr, format, arguments);
  va_end(arguments);
  (void)fputc('\n', stderr);
  (void)fflush(stderr);
  _Exit(1);
}

void cmocka_equal(uint64_t found, uint64_t wanted, bool equal, const char *file, int line) {
  if ((found == wanted) == equal) return;
  cmocka_fail(file, line, "%lld (0x%llx) %s %lld (0x%llx)", (long long)found, (unsigned long long)found,
              equal ? "!=" : "==", (long long)wanted, (unsigned long long)wanted);
}

void cmocka_string(const char *found, const char *wanted, const char *file, int line) {
  if (found != NULL && wanted != NULL && strcmp(found, wanted) == 0) return;
  cmocka_fail(file, line, "\"%s\" != \"%s\"", found != NULL ? found : "(null)", wanted != NULL ? wanted : "(null)");
}

void cmocka_memory(const void *found, const void *wanted, size_t size, const char *file, int line) {
  const unsigned char *a = found;
  const unsigned char *b = wanted;
  for (size_t i = 0; i < size; i++)
    if (a[i] != b[i]) cmocka_fail(file, line, "at %zu of %zu bytes: 0x%02x != 0x%02x", i, size, a[i], b[i]);
}

void cmocka_range(uint64_t found, uint64_t least, uint64_t most, const char *file, int line) {
  if (found >= least && found <= most) return;
  cmocka_fail(file, line, "%llu is not from %llu to %llu", (unsigned long long)found, (unsigned long long)least,
              (unsigned long long)most);
}

static void run(const struct CMUnitTest *test, void *group_state) {
  void *state = test->initial_state != NULL ? test->initial_state : group_state;
  running = test->name;
  print_message("[ RUN      ] %s\n", test->name);
  if (test->setup_func != NULL && test->setup_func(&state) != 0) cmocka_fail(__FILE__, __LINE__, "its set-up failed");
  test->test_func(&state);
  if (test->teardown_func != NULL && test->teardown_func(&state) != 0)
    cmocka_fail(__FILE__, __LINE__, "its teardown failed");
  print_message("[       OK ] %s\n", test->name);
}

/* Does the name begin with one of these words? Or have in it one that begins with a parenthesis, as a place's name. */
static bool is_among(const char *name, const char *word) {
  while (word != NULL && *word != '\0') {
    size_t length = strcspn(word, " ");
    const char *at = *word == '(' ? strchr(name, '(') : name;
    if (length > 0 && at != NULL && strncmp(at, word, length) == 0) return true;
    word += length + strspn(word + length, " ");
  }
  return false;
}

/* The build leaves out by name what cannot be on this system, and says why (CMakeLists.txt of the folder), in
 * HAWSER_TEST_LEAVE_OUT; with HAWSER_TEST_ONLY in the environment, all but those. */
static bool is_left_out(const char *name) {
  const char *only = getenv("HAWSER_TEST_ONLY");
  bool out = is_among(name, getenv("HAWSER_TEST_LEAVE_OUT")) || (only != NULL && !is_among(name, only));
  if (out && only == NULL) print_message("[ LEFT OUT ] %s\n", name);
  return out;
}

int cmocka_run(const char *group, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
               CMFixtureFunction teardown) {
  void *state = NULL;
  print_message("[==========] %s: Running %zu test(s).\n", group, count);
  running = "set-up of the group";
  if (setup != NULL && setup(&state) != 0) cmocka_fail(__FILE__, __LINE__, "it failed");
  for (size_t i = 0; i < count; i++)
    if (!is_left_out(tests[i].name)) run(&tests[i], state);
  running = "teardown of the group";
  if (teardown != NULL && teardown(&state) != 0) cmocka_fail(__FILE__, __LINE__, "it failed");
  print_message("[  PASSED  ] %zu test(s).\n", count);
  return 0;
}
