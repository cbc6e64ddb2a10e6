/* SPDX-License-Identifier: Apache-2.0
 *
 * As much of cmocka's interface as our tests use, for Windows, where Debian has no cmocka. A test that fails ends its
 * program, so that it needs no unwinding.
 */
#ifndef HAWSER_TESTS_CMOCKA_WIN32_H
#define HAWSER_TESTS_CMOCKA_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
  const char *name;
  CMUnitTestFunction test_func;
  CMFixtureFunction setup_func;
  CMFixtureFunction teardown_func;
  void *initial_state;
};

#define cmocka_unit_test(f)                                                                                            \
  { #f, f, NULL, NULL, NULL }
#define cmocka_unit_test_setup(f, setup)                                                                               \
  { #f, f, setup, NULL, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                                                            \
  { #f, f, setup, teardown, NULL }
#define cmocka_unit_test_prestate(f, state)                                                                            \
  { #f, f, NULL, NULL, state }
#define cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, state)                                            \
  { #f, f, setup, teardown, state }

#define cmocka_run_group_tests(tests, setup, teardown)                                                                 \
  cmocka_run(#tests, tests, sizeof(tests) / sizeof *(tests), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                                      \
  cmocka_run(name, tests, sizeof(tests) / sizeof *(tests), setup, teardown)

/* How many tests failed: none, or it does not return. */
int cmocka_run(const char *group, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
               CMFixtureFunction teardown);

__attribute__((format(HAWSER_PRINTF, 1, 2))) void print_message(const char *format, ...);

__attribute__((noreturn, format(HAWSER_PRINTF, 3, 4))) void cmocka_fail(const char *file, int line, const char *format,
                                                                        ...);
void cmocka_equal(uint64_t found, uint64_t wanted, bool equal, const char *file, int line);
void cmocka_string(const char *found, const char *wanted, const char *file, int line);
void cmocka_memory(const void *found, const void *wanted, size_t size, const char *file, int line);
void cmocka_range(uint64_t found, uint64_t least, uint64_t most, const char *file, int line);

#define fail() cmocka_fail(__FILE__, __LINE__, "fail()")
#define fail_msg(...) cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)
#define assert_true(c) ((c) ? (void)0 : cmocka_fail(__FILE__, __LINE__, "%s is false", #c))
#define assert_false(c) ((c) ? cmocka_fail(__FILE__, __LINE__, "%s is true", #c) : (void)0)
#define assert_null(p) ((p) == NULL ? (void)0 : cmocka_fail(__FILE__, __LINE__, "%s is not NULL", #p))
#define assert_non_null(p) ((p) != NULL ? (void)0 : cmocka_fail(__FILE__, __LINE__, "%s is NULL", #p))
#define assert_int_equal(a, b) cmocka_equal((uint64_t)(a), (uint64_t)(b), true, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) cmocka_equal((uint64_t)(a), (uint64_t)(b), false, __FILE__, __LINE__)
#define assert_ptr_equal(a, b) cmocka_equal((uintptr_t)(a), (uintptr_t)(b), true, __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b) cmocka_equal((uintptr_t)(a), (uintptr_t)(b), false, __FILE__, __LINE__)
#define assert_string_equal(a, b) cmocka_string(a, b, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) assert_true(strcmp(a, b) != 0)
#define assert_memory_equal(a, b, size) cmocka_memory(a, b, size, __FILE__, __LINE__)
#define assert_in_range(value, least, most) cmocka_range((uint64_t)(value), least, most, __FILE__, __LINE__)

#endif
