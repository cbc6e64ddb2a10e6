/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-2: every allocation on the way of a plugin into the process fails once; each time the load is refused, says so,
 * leaves nothing behind (the sanitizer looks), and succeeds when it is repeated. The linker sends the allocations of
 * this program through the wrappers below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "plugins/registry.h"
#include "tests/plugins/fake_host.h"

static int countdown; /* until the allocation that fails; below 0: none */

static bool fails(void) {
  if (countdown < 0 || countdown-- > 0) return false;
  errno = ENOMEM;
  return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
char *__real_realpath(const char *path, char *resolved);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
char *__wrap_realpath(const char *path, char *resolved);

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
  return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size) {
  return fails() ? NULL : __real_strndup(text, size);
}

char *__wrap_realpath(const char *path, char *resolved) {
  return fails() ? NULL : __real_realpath(path, resolved);
}

static const char *const dirs[] = {WRONG_PLUGIN_DIR, NULL};

static const struct plugin *load_by_path(struct plugin_error *error) {
  return registry_load(&fake.host, NULL, WRONG_PLUGIN_DIR "/right.so", error);
}

static const struct plugin *load_by_name(struct plugin_error *error) {
  return registry_load(&fake.host, dirs, "right", error);
}

static void fail_each(const struct plugin *(*load)(struct plugin_error *error), int least) {
  struct plugin_error error;
  int failures = 0;
  for (;; failures++) {
    registry_after_fork();
    fake_host_reset();
    countdown = failures;
    const struct plugin *plugin = load(&error);
    bool failed = countdown < 0;
    countdown = -1;
    if (!failed) {
      assert_non_null(plugin);
      break;
    }
    assert_null(plugin);
    assert_null(registry_at(0));
    assert_string_equal(fake.log, "");
    if (strstr(error.text, "out of memory") == NULL && strstr(error.text, "Cannot allocate memory") == NULL)
      fail_msg("not said: %s", error.text);
    assert_non_null(load(&error));
  }
  assert_true(failures >= least);
}

static void test_by_path(void **state) {
  (void)state;
  fail_each(load_by_path, 6);
}

static void test_by_name(void **state) {
  (void)state;
  fail_each(load_by_name, 7);
}

/* A search goes on after a file that could not be loaded; so whatever fails, the call ends, and another finds. */
static void test_search(void **state) {
  (void)state;
  struct plugin_error error;
  bool failed = true;
  for (int at = 0; failed; at++) {
    registry_after_fork();
    fake_host_reset();
    countdown = at;
    const struct plugin *plugin = registry_find(&fake.host, dirs, "right", &error);
    failed = countdown < 0;
    countdown = -1;
    assert_true(plugin != NULL || error.text[0] != '\0');
    (void)registry_scan(&fake.host, dirs, &error);
    assert_non_null(registry_find(&fake.host, dirs, "right", &error));
    if (at > 60) break; /* by then the file that is looked for was passed, and what follows is more of the same */
  }
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_by_path),
      cmocka_unit_test(test_by_name),
      cmocka_unit_test(test_search),
  };
  countdown = -1;
  return cmocka_run_group_tests_name("no_memory", tests, NULL, NULL);
}
