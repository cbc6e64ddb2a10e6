/* SPDX-License-Identifier: Apache-2.0
 *
 * PLG-4: what lies beside the library, in the same folder tree, and has the library's own owner is as trusted as the
 * library. It is loaded here as somebody installed it who is neither root nor the caller. Root gives the files away;
 * anybody else pretends to be a third by the geteuid below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/hawser.h"

enum { STRANGER = 12345, THIRD = 12346 };

static bool pretends;

/* Takes the place of the C library's, also for the library that is loaded below. */
uid_t geteuid(void) {
  uid_t own = (uid_t)syscall(SYS_geteuid);
  return pretends ? own + 1 : own;
}

/* Somebody's installation: lib/libhawser.so, lib/hawser/plugins/memory.so, and other/memory.so beside it all. */
struct prefix {
  char root[64];
  char library[128];
  char plugin[128];
  char other[128];
  void *handle;
  hws_handle runtime;
  hws_result (*load)(hws_handle runtime, const char *path_or_name);
  hws_result (*refused)(struct hws_detail *detail);
  hws_result (*join)(hws_handle runtime, int64_t timeout_ns);
};

static void run(const char *format, const char *a, const char *b) {
  char command[PATH_MAX * 2];
  (void)snprintf(command, sizeof command, format, a, b);
  /* NOLINTNEXTLINE(cert-env33-c): of paths that this test has made */
  if (system(command) != 0) fail_msg("%s", command);
}

static void *symbol(struct prefix *prefix, const char *name) {
  void *found = dlsym(prefix->handle, name);
  if (!found) fail_msg("%s: %s", name, dlerror());
  return found;
}

/* Nobody's who is trusted by himself. */
static void estrange(struct prefix *prefix) {
  if (syscall(SYS_geteuid) == 0) {
    char owner[32];
    (void)snprintf(owner, sizeof owner, "%d", STRANGER);
    run("chown -R %s '%s'", owner, prefix->root);
  } else {
    pretends = true;
  }
}

static int begin(void **state) {
  static struct prefix place;
  struct prefix *prefix = &place;
  hws_result (*open)(const struct hws_runtime_config *, hws_handle *);
  *prefix = (struct prefix){.root = "/tmp/hawser-prefix-XXXXXX"};
  assert_non_null(mkdtemp(prefix->root));
  assert_int_equal(chmod(prefix->root, 0755), 0);
  (void)snprintf(prefix->library, sizeof prefix->library, "%.63s/lib/libhawser.so", prefix->root);
  (void)snprintf(prefix->plugin, sizeof prefix->plugin, "%.63s/lib/hawser/plugins/memory.so", prefix->root);
  (void)snprintf(prefix->other, sizeof prefix->other, "%.63s/other/memory.so", prefix->root);
  run("umask 022; mkdir -p '%s/lib/hawser/plugins' '%s/other'", prefix->root, prefix->root);
  run("cp -L '%s' '%s'", TEST_LIB, prefix->library);
  run("cp -L '%s' '%s'", TEST_PLUGIN_DIR "/memory.so", prefix->plugin);
  run("cp -L '%s' '%s'", TEST_PLUGIN_DIR "/memory.so", prefix->other);
  run("chmod -R go-w '%s'%s", prefix->root, "");
  estrange(prefix);
  prefix->handle = dlopen(prefix->library, RTLD_NOW | RTLD_LOCAL);
  if (!prefix->handle) fail_msg("%s", dlerror());
  *(void **)&open = symbol(prefix, "hws_runtime_open");
  *(void **)&prefix->load = symbol(prefix, "hws_plugin_load");
  *(void **)&prefix->refused = symbol(prefix, "hws_refusal");
  *(void **)&prefix->join = symbol(prefix, "hws_runtime_join");
  assert_int_equal(open(NULL, &prefix->runtime), HWS_OK);
  *state = prefix;
  return 0;
}

static int end(void **state) {
  struct prefix *prefix = *state;
  assert_int_equal(prefix->join(prefix->runtime, -1), HWS_OK);
  pretends = false;
  run("rm -rf '%s'%s", prefix->root, "");
  return 0;
}

static void expect_refused(struct prefix *prefix, const char *path, const char *reason) {
  struct hws_detail detail = {.size = sizeof detail};
  if (prefix->load(prefix->runtime, path) != HWS_E_PLUGIN) fail_msg("not refused: %s: %s", path, reason);
  assert_int_equal(prefix->refused(&detail), HWS_OK);
  if (!strstr(detail.text, reason)) fail_msg("'%s' is not said in: %s", reason, detail.text);
}

/* Refusals first, as what was loaded stays. */
static void test_tree(void **state) {
  struct prefix *prefix = *state;
  char folder[128];
  /* Not in the tree of the library. */
  expect_refused(prefix, prefix->other, "owner of folder ");
  (void)snprintf(folder, sizeof folder, "%s/lib/hawser/plugins", prefix->root);
  /* In it, but somebody else could have put it there. */
  assert_int_equal(chmod(prefix->plugin, 0646), 0);
  expect_refused(prefix, prefix->plugin, "mode of file: found 0646");
  assert_int_equal(chmod(prefix->plugin, 0644), 0);
  assert_int_equal(chmod(folder, 0777), 0);
  expect_refused(prefix, prefix->plugin, "found 0777");
  assert_int_equal(chmod(folder, 0755), 0);
  /* In a library that anybody could replace nobody's word counts for more than his own. */
  assert_int_equal(chmod(prefix->library, 0757), 0);
  expect_refused(prefix, prefix->plugin, "owner of folder ");
  expect_refused(prefix, prefix->plugin, "the library's owner does not count, as others can write its file");
  assert_int_equal(chmod(prefix->library, 0755), 0);
  (void)snprintf(folder, sizeof folder, "%s/lib", prefix->root);
  assert_int_equal(chmod(folder, 0777), 0);
  expect_refused(prefix, prefix->plugin, "owner of folder ");
  expect_refused(prefix, prefix->plugin, "the library's owner does not count, as others can write its folder");
  assert_int_equal(chmod(folder, 0755), 0);
  if (syscall(SYS_geteuid) == 0) { /* neither the library's owner nor a trusted one */
    assert_int_equal(chown(prefix->plugin, THIRD, (gid_t)-1), 0);
    expect_refused(prefix, prefix->plugin,
                   "found uid 12346, wanted 0 or the caller, 0, or the owner of the library, 12345");
    assert_int_equal(chown(prefix->plugin, STRANGER, (gid_t)-1), 0);
  }
  struct hws_detail detail = {.size = sizeof detail};
  hws_result result = prefix->load(prefix->runtime, "memory");
  if (result != HWS_OK) (void)prefix->refused(&detail);
  if (result != HWS_OK) fail_msg("%s", detail.text);
}

int main(void) {
  static const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_tree, begin, end)};
  return cmocka_run_group_tests_name("trust_tree", tests, NULL, NULL);
}
