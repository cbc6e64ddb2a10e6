/* SPDX-License-Identifier: Apache-2.0
 *
 * PLG-4: whose files may be loaded, and from where. Runs as root and as anybody else: where a file must belong to a
 * stranger, root gives it away, and others pretend to be somebody else by the geteuid below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugins/registry.h"
#include "plugins/trust_posix.h"
#include "tests/plugins/fake_host.h"

enum { STRANGER = 12345 };

static uid_t pretended_euid;
static bool pretends;

/* Takes the place of the C library's in this program. */
uid_t geteuid(void) {
  return pretends ? pretended_euid : (uid_t)syscall(SYS_geteuid);
}

struct place {
  char folder[PATH_MAX / 4];
  char file[PATH_MAX / 2]; /* a copy of the right plugin */
};

static void copy_file(const char *from, const char *to) {
  char block[4096];
  ssize_t got;
  int in = open(from, O_RDONLY | O_CLOEXEC);
  int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  assert_true(in >= 0 && out >= 0);
  while ((got = read(in, block, sizeof block)) > 0) assert_int_equal(write(out, block, (size_t)got), got);
  assert_int_equal(got, 0);
  assert_int_equal(close(in), 0);
  assert_int_equal(close(out), 0);
}

static void place_make(struct place *place) {
  (void)snprintf(place->folder, sizeof place->folder, "/tmp/hawser-permissions-XXXXXX");
  assert_non_null(mkdtemp(place->folder));
  (void)snprintf(place->file, sizeof place->file, "%s/right.so", place->folder);
  copy_file(WRONG_PLUGIN_DIR "/right.so", place->file);
  assert_int_equal(chmod(place->file, 0644), 0);
}

static void place_remove(struct place *place) {
  assert_int_equal(unlink(place->file), 0);
  assert_int_equal(rmdir(place->folder), 0);
}

static int begin(void **state) {
  struct place *place = malloc(sizeof *place);
  assert_non_null(place);
  *state = place;
  pretends = false;
  fake_host_reset();
  registry_after_fork();
  place_make(place);
  return 0;
}

static int end(void **state) {
  pretends = false;
  place_remove(*state);
  free(*state);
  return 0;
}

static void assert_loads(const char *path) {
  struct plugin_error error;
  registry_after_fork();
  if (registry_load(&fake.host, NULL, path, &error) == NULL) fail_msg("%s", error.text);
  registry_after_fork();
}

static void assert_refused(const char *const *dirs, const char *path, const char *reason) {
  struct plugin_error error;
  if (registry_load(&fake.host, dirs, path, &error) != NULL) fail_msg("%s was not refused", path);
  if (strstr(error.text, reason) == NULL) fail_msg("%s: '%s' is not said in: %s", path, reason, error.text);
  assert_null(strpbrk(error.text, "\r\n"));
  assert_null(registry_at(0));
}

static void test_modes(void **state) {
  struct place *place = *state;
  assert_loads(place->file);
  assert_int_equal(chmod(place->file, 0664), 0); /* a group was let in by whoever owns the file */
  assert_loads(place->file);
  assert_int_equal(chmod(place->file, 0646), 0);
  assert_refused(NULL, place->file, "mode of file: found 0646, wanted no write permission for others");
  assert_int_equal(chmod(place->file, 0644), 0);
  assert_int_equal(chmod(place->folder, 0775), 0);
  assert_loads(place->file);
  assert_int_equal(chmod(place->folder, 0707), 0);
  assert_refused(NULL, place->file, ": found 0707, wanted no write permission for others");
  assert_int_equal(chmod(place->folder, 01777), 0);
  assert_refused(NULL, place->file, ": found 1777, wanted no write permission for others");
}

/* Give what is at path to a stranger; or, without the right to do so, become one. */
static void estrange(const char *path) {
  if (geteuid() == 0) {
    assert_int_equal(chown(path, STRANGER, (gid_t)-1), 0);
  } else {
    pretended_euid = geteuid() + 1;
    pretends = true;
  }
}

static void test_strange_folder(void **state) {
  struct place *place = *state;
  assert_loads(place->file);
  estrange(place->folder);
  assert_refused(NULL, place->file, "owner of folder /tmp/");
}

static void test_strange_file(void **state) {
  struct place *place = *state;
  assert_loads(place->file);
  estrange(place->file);
  assert_refused(NULL, place->file, "wanted 0 or the caller");
}

/* Every combination of owner and caller, whoever runs this. */
static void test_owners(void **state) {
  (void)state;
  struct plugin_error error;
  /* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which a row is read */
  static const struct {
    uid_t owner;
    struct trust_owners owners;
    bool good;
  } cases[] = {{0, {0, 0, NULL}, true},           {0, {1000, 1000, NULL}, true},     {1000, {1000, 1000, NULL}, true},
               {1000, {0, 0, NULL}, false},       {1000, {1001, 1001, NULL}, false}, {1000, {1001, 1000, NULL}, true},
               {1000, {1001, 1002, NULL}, false}, {1001, {1001, 1000, NULL}, true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct stat facts = {.st_mode = S_IFREG | 0755, .st_uid = cases[i].owner};
    error.text[0] = '\0';
    assert_int_equal(trust_check(&facts, &cases[i].owners, "/p/x.so", NULL, &error), cases[i].good);
    if (!cases[i].good)
      assert_non_null(strstr(error.text, "plugin /p/x.so: owner of file: found uid 1000, wanted 0 or"));
    facts.st_mode |= S_IWOTH;
    assert_false(trust_check(&facts, &cases[i].owners, "/p/x.so", "/p", &error));
    assert_non_null(strstr(error.text, "mode of folder /p: found 0757"));
  }
}

/* The file and folder that count are the target's; and the link's folder, whose writers choose the target. */
static void test_links(void **state) {
  struct place *place = *state;
  struct place other;
  char link[PATH_MAX];
  place_make(&other);
  (void)snprintf(link, sizeof link, "%s/link.so", place->folder);
  assert_int_equal(symlink(other.file, link), 0);
  assert_loads(link);
  assert_int_equal(chmod(other.file, 0666), 0);
  assert_refused(NULL, link, "mode of file: found 0666");
  assert_int_equal(chmod(other.file, 0644), 0);
  assert_int_equal(chmod(other.folder, 0777), 0);
  assert_refused(NULL, link, "mode of folder /tmp/");
  assert_int_equal(chmod(other.folder, 0755), 0);
  assert_loads(link);
  assert_int_equal(chmod(place->folder, 0777), 0);
  assert_refused(NULL, link, "mode of folder /tmp/");
  assert_int_equal(chmod(place->folder, 0755), 0);
  assert_int_equal(unlink(link), 0);
  assert_int_equal(symlink("nowhere.so", link), 0);
  assert_refused(NULL, link, "cannot be found: ");
  assert_int_equal(unlink(link), 0);
  assert_int_equal(symlink("link.so", link), 0);
  assert_refused(NULL, link, "cannot be found: ");
  assert_int_equal(unlink(link), 0);
  place_remove(&other);
}

/* Standing in the folder helps nobody. */
static void test_current_directory(void **state) {
  struct place *place = *state;
  static const char *const relative[] = {".", NULL};
  static const char *const empty[] = {"", NULL};
  static const char *const none[] = {NULL};
  static const char *const paths[] = {"right.so", "./right.so", "../right.so", "", ".", ".."};
  struct plugin_error error;
  int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(before >= 0);
  assert_int_equal(chdir(place->folder), 0);
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
    assert_refused(relative, paths[i], "found neither an absolute path nor a plain name");
  assert_refused(NULL, "right", "plugin 'right': no file right.so in the plugin directories ()");
  assert_refused(none, "right", "no file right.so");
  assert_refused(relative, "right", "plugin directory '.': found a relative path, wanted an absolute one");
  assert_refused(empty, "right", "plugin directory '': found a relative path");
  assert_null(registry_find(&fake.host, relative, "right", &error));
  assert_int_equal(registry_scan(&fake.host, relative, &error), 1);
  assert_null(registry_at(0));
  assert_int_equal(fchdir(before), 0);
  assert_int_equal(close(before), 0);
}

static void test_names(void **state) {
  struct place *place = *state;
  const char *const dirs[] = {"/nonexistent/plugins", place->folder, NULL};
  struct plugin_error error;
  static const char *const names[] = {"../right", "a/right", "right.so",  "Right", "right\n",
                                      "ri ght",   "..",      "r\xc3\xa4", "*",     "abcdefghijklmnopqrstuvwxyz0123456"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_refused(dirs, names[i], "found neither an absolute path nor a plain name");
  assert_refused(dirs, "left", "plugin 'left': no file left.so in the plugin directories (/nonexistent/plugins, /tmp/");
  assert_refused(dirs, "/nonexistent/right.so", "plugin /nonexistent/right.so: cannot be found: ");
  assert_refused(dirs, "/", "plugin /: ");
  assert_non_null(registry_load(&fake.host, dirs, "right", &error));
}

/* The first directory that has the name decides: a refused file there is not passed over for one further on. */
static void test_order(void **state) {
  struct place *place = *state;
  const char *const dirs[] = {place->folder, WRONG_PLUGIN_DIR, NULL};
  struct plugin_error error;
  assert_int_equal(chmod(place->file, 0666), 0);
  assert_refused(dirs, "right", "mode of file: found 0666");
  assert_int_equal(chmod(place->file, 0644), 0);
  const struct plugin *plugin = registry_load(&fake.host, dirs, "right", &error);
  assert_non_null(plugin);
  assert_string_equal(plugin->path, place->file);
}

/* A long path loses its head, not the reason; what cannot be printed forges no second line. */
static void test_hostile_paths(void **state) {
  struct place *place = *state;
  char path[2048];
  char bad[PATH_MAX];
  memset(path, 'a', sizeof path);
  for (size_t i = 0; i < sizeof path; i += 100) path[i] = '/';
  memcpy(path + sizeof path - 8, "/end.so", 8);
  assert_refused(NULL, path, "/end.so: cannot be found: ");
  (void)snprintf(bad, sizeof bad, "%s/\x1b[2J\nplugin fine.so", place->folder);
  assert_refused(NULL, bad, "/?[2J?plugin fine.so: cannot be found: ");
}

/* What is loaded stays, also when its file is replaced by a newer one. */
static void test_replaced(void **state) {
  struct place *place = *state;
  struct plugin_error error;
  char newer[PATH_MAX];
  const struct plugin *plugin = registry_load(&fake.host, NULL, place->file, &error);
  assert_non_null(plugin);
  (void)snprintf(newer, sizeof newer, "%s/newer", place->folder);
  copy_file(WRONG_PLUGIN_DIR "/right.so", newer);
  assert_int_equal(rename(newer, place->file), 0);
  assert_ptr_equal(registry_load(&fake.host, NULL, place->file, &error), plugin);
  assert_string_equal(error.text, "");
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_modes, begin, end),
      cmocka_unit_test_setup_teardown(test_strange_folder, begin, end),
      cmocka_unit_test_setup_teardown(test_strange_file, begin, end),
      cmocka_unit_test_setup_teardown(test_owners, begin, end),
      cmocka_unit_test_setup_teardown(test_links, begin, end),
      cmocka_unit_test_setup_teardown(test_current_directory, begin, end),
      cmocka_unit_test_setup_teardown(test_names, begin, end),
      cmocka_unit_test_setup_teardown(test_order, begin, end),
      cmocka_unit_test_setup_teardown(test_hostile_paths, begin, end),
      cmocka_unit_test_setup_teardown(test_replaced, begin, end),
  };
  return cmocka_run_group_tests_name("permissions", tests, NULL, NULL);
}
