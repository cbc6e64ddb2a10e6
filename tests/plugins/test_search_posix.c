/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-1, TRN-2: plugins are found by scheme in the directories; what is broken there does not keep out the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/registry.h"
#include "tests/plugins/fake_host.h"

struct folder {
  char path[64];
};

static int begin(void **state) {
  struct folder *folder = malloc(sizeof *folder);
  assert_non_null(folder);
  *state = folder;
  fake_host_reset();
  registry_after_fork();
  strcpy(folder->path, "/tmp/hawser-search-XXXXXX");
  assert_non_null(mkdtemp(folder->path));
  return 0;
}

/* The names that a test may have put there. */
static const char *const names[] = {"a.so", "b.so", "c.so", ".hidden.so", "right.so", "notes.txt", ".so", "dir.so"};

static int end(void **state) {
  struct folder *folder = *state;
  char path[128];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, names[i]);
    (void)remove(path);
  }
  assert_int_equal(rmdir(folder->path), 0);
  free(folder);
  return 0;
}

/* A link is as good as a copy: what counts are the target's folder and file. */
static void put(const struct folder *folder, const char *name, const char *plugin) {
  char from[512];
  char to[128];
  (void)snprintf(from, sizeof from, "%s/%s.so", WRONG_PLUGIN_DIR, plugin);
  (void)snprintf(to, sizeof to, "%s/%s", folder->path, name);
  assert_int_equal(symlink(from, to), 0);
}

static unsigned loaded_count(void) {
  unsigned count = 0;
  while (registry_at(count) != NULL) count++;
  return count;
}

static const struct plugin *find(const char *const *dirs, const char *scheme, struct plugin_error *error) {
  memset(error, 'x', sizeof *error);
  const struct plugin *plugin = registry_find(&fake.host, dirs, scheme, error);
  assert_non_null(memchr(error->text, '\0', sizeof error->text));
  assert_null(strpbrk(error->text, "\r\n"));
  return plugin;
}

static void test_broken_neighbours(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, NULL};
  struct plugin_error error;
  put(folder, "a.so", "wrong_magic");
  put(folder, "b.so", "right");
  put(folder, "c.so", "wrong_open");
  const struct plugin *plugin = find(dirs, "right", &error);
  assert_non_null(plugin);
  assert_string_equal(plugin->manifest->name, "right");
  assert_int_equal(loaded_count(), 1);
}

/* A scheme that nobody serves costs one search, and its error says each time what stood in the way. */
static void test_miss(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, "/nonexistent/plugins", NULL};
  struct plugin_error error;
  put(folder, "a.so", "wrong_open");
  for (int i = 0; i < 3; i++) {
    assert_null(find(dirs, "right", &error));
    assert_non_null(strstr(error.text, "scheme 'right': no plugin serves it; searched /tmp/hawser-search-"));
    assert_non_null(strstr(error.text, "(refused there: 1, the last: plugin "));
    assert_non_null(strstr(error.text, "wrong_open.so: open: failed with status -20: right open)"));
    assert_non_null(strstr(error.text, ", /nonexistent/plugins"));
  }
  assert_string_equal(fake.log, "right open\n");
}

/* What is installed later is found by a scan. */
static void test_scan(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, NULL};
  struct plugin_error error;
  assert_null(find(dirs, "right", &error));
  put(folder, "b.so", "right");
  put(folder, "a.so", "wrong_size");
  assert_null(find(dirs, "right", &error));
  assert_int_equal(registry_scan(&fake.host, dirs, &error), 1);
  assert_non_null(strstr(error.text, "wrong_size.so: size: found 64"));
  assert_non_null(find(dirs, "right", &error));
  assert_int_equal(registry_scan(&fake.host, dirs, &error), 1);
  assert_int_equal(loaded_count(), 1);
  assert_int_equal(registry_scan(&fake.host, NULL, &error), 0);
  assert_string_equal(error.text, "");
}

/* By their names' order, so that which of two rivals wins is no accident; hidden files and others are left alone. */
static void test_file_names(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, NULL};
  struct plugin_error error;
  char path[128];
  put(folder, "c.so", "right");
  put(folder, "b.so", "twin_b");
  put(folder, "a.so", "twin_a");
  put(folder, ".hidden.so", "wrong_magic");
  put(folder, ".so", "wrong_magic");
  put(folder, "notes.txt", "wrong_magic");
  (void)snprintf(path, sizeof path, "%s/dir.so", folder->path);
  assert_int_equal(mkdir(path, 0755), 0);
  assert_int_equal(registry_scan(&fake.host, dirs, &error), 2); /* twin_b and the folder */
  assert_string_equal(registry_at(0)->manifest->name, "twin_a");
  assert_string_equal(registry_at(1)->manifest->name, "right");
  assert_null(registry_at(2));
}

/* Directories are searched in order, and only as far as needed. */
static void test_dirs_in_order(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, WRONG_PLUGIN_DIR, NULL};
  struct plugin_error error;
  put(folder, "a.so", "twin_b");
  assert_string_equal(find(dirs, "twin", &error)->manifest->name, "twin_b");
  assert_int_equal(loaded_count(), 1);
  assert_non_null(find(dirs, "right", &error));
  assert_true(loaded_count() > 2);
}

static void test_bad_folder(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, NULL};
  struct plugin_error error;
  put(folder, "a.so", "right");
  assert_int_equal(chmod(folder->path, 0777), 0);
  assert_null(find(dirs, "right", &error));
  assert_non_null(strstr(error.text, ": found 0777, wanted no write permission for others"));
  assert_int_equal(registry_scan(&fake.host, dirs, &error), 1);
  assert_int_equal(loaded_count(), 0);
}

static void test_schemes(void **state) {
  (void)state;
  struct plugin_error error;
  static const char *const bad[] = {"", "A", "9", "a b", "a+b", "abcdefghijklmnopq", "a\nb", "-"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_null(find(NULL, bad[i], &error));
    assert_non_null(strstr(error.text, "found a malformed one"));
  }
  assert_null(find(NULL, "mem", &error));
  assert_string_equal(error.text, "scheme 'mem': no plugin serves it; no plugin directory is set");
}

static void *find_from_thread(void *argument) {
  struct plugin_error error;
  return (void *)(uintptr_t)registry_find(&fake.host, argument, "newer", &error);
}

/* Many threads meet the same miss: one of them loads, all of them find. */
static void test_threads(void **state) {
  struct folder *folder = *state;
  const char *dirs[] = {folder->path, NULL};
  pthread_t threads[8];
  void *found[8];
  put(folder, "a.so", "right");
  put(folder, "b.so", "right_newer");
  for (size_t i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, find_from_thread, dirs), 0);
  for (size_t i = 0; i < 8; i++) assert_int_equal(pthread_join(threads[i], &found[i]), 0);
  for (size_t i = 0; i < 8; i++) assert_ptr_equal(found[i], found[0]);
  assert_non_null(found[0]);
  assert_string_equal(fake.log, "right open\nnewer open\n");
}

/* OP-7: a forked child starts with nothing loaded, and opens what it loads anew. */
static void test_fork(void **state) {
  struct folder *folder = *state;
  const char *const dirs[] = {folder->path, NULL};
  struct plugin_error error;
  int status;
  put(folder, "a.so", "right");
  const struct plugin *plugin = find(dirs, "right", &error);
  assert_non_null(plugin);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    registry_after_fork();
    if (registry_at(0) != NULL) _exit(1);
    const struct plugin *again = registry_find(&fake.host, dirs, "right", &error);
    if (again == NULL || again == plugin) _exit(2);
    _exit(strcmp(fake.log, "right open\nright open\n") == 0 ? 0 : 3);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* "hawser/plugins" beside what holds the symbol, here this program; whatever the current directory is. */
static void test_default_dir(void **state) {
  (void)state;
  char self[512];
  char expected[600];
  char found[600];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  assert_true(length > 0);
  self[length] = '\0';
  *strrchr(self, '/') = '\0';
  (void)snprintf(expected, sizeof expected, "%s/hawser/plugins", self);
  assert_int_equal(registry_default_dir((const void *)(uintptr_t)test_default_dir, found, sizeof found), 0);
  assert_string_equal(found, expected);
  assert_int_equal(registry_default_dir((const void *)(uintptr_t)test_default_dir, found, strlen(expected)), -1);
  assert_int_equal(registry_default_dir(NULL, found, sizeof found), -1);
  assert_int_equal(registry_default_dir(found, found, sizeof found), -1); /* the stack lies in no file */
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_broken_neighbours, begin, end),
      cmocka_unit_test_setup_teardown(test_miss, begin, end),
      cmocka_unit_test_setup_teardown(test_scan, begin, end),
      cmocka_unit_test_setup_teardown(test_file_names, begin, end),
      cmocka_unit_test_setup_teardown(test_dirs_in_order, begin, end),
      cmocka_unit_test_setup_teardown(test_bad_folder, begin, end),
      cmocka_unit_test_setup_teardown(test_schemes, begin, end),
      cmocka_unit_test_setup_teardown(test_threads, begin, end),
      cmocka_unit_test_setup_teardown(test_fork, begin, end),
      cmocka_unit_test_setup_teardown(test_default_dir, begin, end),
  };
  return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
