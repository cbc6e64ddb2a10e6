/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-2, PLG-2: a plugin that is wrong in one thing is refused with one line that names the file and that thing, and
 * nothing has changed afterwards. Each is a real library, built wrong on purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/registry.h"
#include "tests/plugins/fake_host.h"

static const char *const dirs[] = {WRONG_PLUGIN_DIR, NULL};

static int begin(void **state) {
  (void)state;
  fake_host_reset();
  registry_after_fork();
  return 0;
}

static unsigned loaded_count(void) {
  unsigned count = 0;
  while (registry_at(count) != NULL) count++;
  return count;
}

static const struct plugin *load(const char *path_or_name, struct plugin_error *error) {
  memset(error, 'x', sizeof *error);
  const struct plugin *plugin = registry_load(&fake.host, dirs, path_or_name, error);
  assert_non_null(memchr(error->text, '\0', sizeof error->text));
  return plugin;
}

/* Refused, by a line that has the file's name and the reason, with the list as it was. */
static void assert_refused(const char *path_or_name, const char *reason) {
  struct plugin_error error;
  unsigned before = loaded_count();
  if (load(path_or_name, &error) != NULL) fail_msg("%s was not refused", path_or_name);
  if (strstr(error.text, path_or_name) == NULL) fail_msg("%s is not named in: %s", path_or_name, error.text);
  if (strstr(error.text, reason) == NULL) fail_msg("%s: '%s' is not said in: %s", path_or_name, reason, error.text);
  assert_null(strpbrk(error.text, "\r\n"));
  assert_int_equal(loaded_count(), before);
}

struct wrong {
  const char *name;
  const char *reason;
};

static const struct wrong wrong_manifests[] = {
    {"wrong_null", "hws_plugin_v1: found NULL"},
    {"wrong_magic", "magic: found 0x12345678, wanted 0x31535748"},
    {"wrong_size", "size: found 64, wanted at least 104"},
    {"wrong_major", "major: found 2, wanted 1"},
    {"wrong_minor_low", "minor_low: found 7, wanted at most this host's minor, which is 0"},
    {"wrong_minor_range", "minor_low: found 3, wanted at most minor_high, which is 2"},
    {"wrong_pointer_bits", "pointer_bits: found 16, wanted "},
    {"wrong_capability", "capabilities: found 0x100000003, wanted only bits of 0x4ff"},
    {"wrong_capability_reserved", "capabilities: found 0x103, wanted only bits of 0x4ff"},
    {"wrong_capability_none", "capabilities: found 0x10, wanted one of LISTEN, DIAL and FILTER"},
    {"wrong_filter_listens", "capabilities: found 0x21, wanted HWS_CAP_FILTER without LISTEN and DIAL"},
    {"wrong_filter_alone", "host_needs: found 0x1, wanted HWS_HOST_UNDER"},
    {"wrong_needs_port", "host_needs: found 0x2, wanted only what this host offers, 0x9"},
    {"wrong_needs_unknown", "host_needs: found 0x10000000000, wanted only"},
    {"wrong_scratch", "io_scratch: found 4097, wanted at most 4096"},
    {"wrong_reserved0", "reserved0: found 0x1, wanted 0"},
    {"wrong_reserved", "reserved[3]: found 0x1, wanted 0"},
    {"wrong_no_open", "open: found NULL"},
    {"wrong_name", "name: found 'Right', wanted [a-z0-9_]{1,32}"},
    {"wrong_name_empty", "name: found '', wanted"},
    {"wrong_name_long", "name: found 'abcdefghijklmnopqrstuvwxyz0123456', wanted"},
    {"wrong_version_empty", "version: found '', wanted"},
    {"wrong_version_line", "version: found '1?2', wanted 1 to 32 printable"},
    {"wrong_version_long", "version: found '0123456789012345678901234567890.2', wanted"},
    {"wrong_schemes_null", "schemes: found NULL"},
    {"wrong_schemes_none", "schemes: found none, wanted 1 to 8"},
    {"wrong_schemes_nine", "schemes: found more than 8"},
    {"wrong_schemes_twice", "schemes: found 'a' twice"},
    {"wrong_scheme", "schemes: found '9p', wanted [a-z]"},
    {"wrong_scheme_filter", "schemes: found 'a+b', wanted"},
    {"wrong_scheme_long", "schemes: found 'abcdefghijklmnopq', wanted"},
};

/* None of these gets as far as open. */
static void test_manifests(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrong_manifests / sizeof wrong_manifests[0]; i++)
    assert_refused(wrong_manifests[i].name, wrong_manifests[i].reason);
  assert_string_equal(fake.log, "");
}

static const struct wrong wrong_tables[] = {
    {"wrong_table_short", "vtable.size: found 8, wanted 16 to 152"},
    {"wrong_table_long", "vtable.size: found 160, wanted 16 to 152"},
    {"wrong_table_cut", "vtable.destroy: found NULL"},
    {"wrong_table_reserved", "vtable.reserved: found 0x1, wanted 0"},
    {"wrong_no_listen", "vtable.listen: found NULL"},
    {"wrong_no_dial", "vtable.dial: found NULL"},
    {"wrong_no_adopt", "vtable.adopt: found NULL"},
    {"wrong_no_submit", "vtable.submit: found NULL"},
    {"wrong_no_cancel", "vtable.cancel: found NULL"},
    {"wrong_no_on_ready", "vtable.on_ready: found NULL"},
    {"wrong_no_query", "vtable.query: found NULL"},
    {"wrong_no_destroy", "vtable.destroy: found NULL"},
};

/* An open that succeeded is taken back by fini, if there is one within the vtable's size. */
static void test_vtables(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrong_tables / sizeof wrong_tables[0]; i++) {
    const char *name = wrong_tables[i].name;
    bool has_fini = strcmp(name, "wrong_table_short") != 0 && strcmp(name, "wrong_table_cut") != 0;
    fake.log[0] = '\0';
    assert_refused(name, wrong_tables[i].reason);
    assert_string_equal(fake.log, has_fini ? "right open\nright fini\n" : "right open\n");
  }
}

/* A failed open has nothing to take back. What it logged last says why it failed. */
static void test_open_fails(void **state) {
  (void)state;
  assert_refused("wrong_open_why", "open: failed with status -21: no ring?here");
  fake.log[0] = '\0';
  assert_refused("wrong_open", "open: failed with status -20: right open");
  assert_refused("wrong_open_result", "open: found 1, wanted 0 or a negative status");
  assert_string_equal(fake.log, "right open\nright open\n");
}

static void test_no_plugin(void **state) {
  (void)state;
  assert_refused("wrong_symbol", "symbol: found none, wanted hws_plugin_v1");
  assert_refused("wrong_undefined", "cannot be mapped as a shared library: undefined symbol");
}

static void write_file(const char *path, const void *bytes, size_t size) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  assert_true(descriptor >= 0);
  assert_int_equal(write(descriptor, bytes, size), size);
  assert_int_equal(close(descriptor), 0);
}

/* Neither text, nor nothing, nor the first half of a good plugin, nor a folder, nor a pipe. */
static void test_no_library(void **state) {
  (void)state;
  char folder[] = "/tmp/hawser-refusals-XXXXXX";
  char path[128];
  static const char *const names[] = {"text", "empty", "half", "folder", "fifo"};
  static char half[4096];
  int good = open(WRONG_PLUGIN_DIR "/right.so", O_RDONLY | O_CLOEXEC);
  assert_true(good >= 0);
  assert_int_equal(read(good, half, sizeof half), sizeof half);
  assert_int_equal(close(good), 0);
  assert_non_null(mkdtemp(folder));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s.so", folder, names[i]);
    switch (i) {
    case 0:
      write_file(path, "no library at all, but long enough to hold what begins one .......", 66);
      break;
    case 1:
      write_file(path, "", 0);
      break;
    case 2:
      write_file(path, half, 100);
      break;
    case 3:
      assert_int_equal(mkdir(path, 0755), 0);
      break;
    default:
      assert_int_equal(mkfifo(path, 0644), 0);
    }
    assert_refused(path, i < 3 ? "cannot be mapped as a shared library: " : "wanted a regular file");
    assert_int_equal(i == 3 ? rmdir(path) : unlink(path), 0);
  }
  assert_int_equal(rmdir(folder), 0);
}

/* The refusal names who has the scheme; who has it keeps it. */
static void test_duplicate_scheme(void **state) {
  (void)state;
  struct plugin_error error;
  const struct plugin *first = load("twin_a", &error);
  assert_non_null(first);
  assert_refused("twin_b",
                 "schemes: found 'twin', which plugin 'twin_a' serves already (" WRONG_PLUGIN_DIR "/twin_a.so)");
  assert_ptr_equal(registry_find(&fake.host, dirs, "twin", &error), first);
  assert_null(registry_find(&fake.host, NULL, "other", &error));
  assert_string_equal(fake.log, "twin_a open\n");
}

static void test_right(void **state) {
  (void)state;
  struct plugin_error error;
  static const char *const names[] = {"right", "right_newer", "right_filter", "right_eight", "right_short_table"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const struct plugin *plugin = load(names[i], &error);
    assert_string_equal(error.text, "");
    assert_non_null(plugin);
    assert_ptr_equal(registry_at((unsigned)i), plugin);
    assert_non_null(strstr(plugin->path, names[i]));
  }
  assert_string_equal(registry_at(0)->schemes, "right");
  assert_string_equal(registry_at(3)->schemes, "a0 a1 a2 a3 a4 a5 a6 abcdefghijklmn.-");
  assert_ptr_equal(registry_find(&fake.host, NULL, "abcdefghijklmn.-", &error), registry_at(3));
  assert_non_null(registry_at(0)->vtable.fini);
  assert_null(registry_at(4)->vtable.fini); /* the slot lies outside the size that the plugin stated */
}

/* By name, by path and by another path: one plugin, opened once. */
static void test_loaded_once(void **state) {
  (void)state;
  struct plugin_error error;
  const struct plugin *plugin = load("right", &error);
  assert_non_null(plugin);
  assert_ptr_equal(load("right", &error), plugin);
  assert_ptr_equal(load(WRONG_PLUGIN_DIR "/right.so", &error), plugin);
  assert_ptr_equal(load(WRONG_PLUGIN_DIR "/../test-plugins/./right.so", &error), plugin);
  assert_int_equal(loaded_count(), 1);
  assert_string_equal(fake.log, "right open\n");
}

/* What could not be loaded can be, once what stood in its way is gone; each refusal left things as they were. */
static void test_refused_then_right(void **state) {
  (void)state;
  struct plugin_error error;
  fake.host.capabilities = 0;
  assert_refused("right", "host_needs: found 0x1, wanted only what this host offers, 0x0");
  fake.host.capabilities = HWS_HOST_WATCH;
  assert_non_null(load("right", &error));
}

/* Checks both ways: a host of a newer minor takes older plugins, and knows what it asks of newer ones. */
static void test_newer_host(void **state) {
  (void)state;
  struct plugin_error error;
  fake.host.minor = 8;
  assert_non_null(load("right", &error));
  assert_refused("wrong_reserved", "reserved[3]: found 0x1, wanted 0");
  assert_non_null(load("right_newer", &error)); /* minor_high 9 */
  fake.host.minor = 9;
  registry_after_fork();
  assert_refused("right_newer", "reserved0: found 0x5, wanted 0");
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_manifests, begin),
      cmocka_unit_test_setup(test_vtables, begin),
      cmocka_unit_test_setup(test_open_fails, begin),
      cmocka_unit_test_setup(test_no_plugin, begin),
      cmocka_unit_test_setup(test_no_library, begin),
      cmocka_unit_test_setup(test_duplicate_scheme, begin),
      cmocka_unit_test_setup(test_right, begin),
      cmocka_unit_test_setup(test_loaded_once, begin),
      cmocka_unit_test_setup(test_refused_then_right, begin),
      cmocka_unit_test_setup(test_newer_host, begin),
  };
  return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
