/* SPDX-License-Identifier: Apache-2.0
 *
 * PLG-2: the checks of a manifest and a vtable by themselves, on structs in memory that end where they say they end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plugins/manifest.h"

static const struct hws_host host = {.size = sizeof host,
                                     .major = HWS_PLUGIN_MAJOR,
                                     .minor = 4,
                                     .capabilities = HWS_HOST_WATCH | HWS_HOST_RESOLVE | HWS_HOST_UNDER};

static const char *const schemes[] = {"one", "t-w.o2", NULL};

static int32_t open_nothing(const struct hws_host *offered, struct hws_vtable *vtable) {
  (void)offered, (void)vtable;
  fail_msg("a check called into the plugin");
  return 0;
}

static const struct hws_plugin right = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof right,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = 4,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_LISTEN | HWS_CAP_DIAL | HWS_CAP_REVOKE,
    .host_needs = HWS_HOST_WATCH,
    .io_scratch = 4096,
    .name = "abcdefghijklmnopqrstuvwxyz_01234",
    .version = "~ 1.0 of today, 32 characters ! ",
    .schemes = schemes,
    .open = open_nothing,
};

static bool accepted(const struct hws_plugin *manifest, const char *reason) {
  struct plugin_error error = {.text = ""};
  bool good = manifest_check(manifest, &host, "/p.so", &error);
  if (!good && strstr(error.text, reason) == NULL) fail_msg("'%s' is not said in: %s", reason, error.text);
  if (!good && strncmp(error.text, "plugin /p.so: ", 14) != 0) fail_msg("the file is not named in: %s", error.text);
  return good;
}

static void test_limits(void **state) {
  (void)state;
  struct hws_plugin at = right;
  assert_true(accepted(&at, ""));
  at.size = UINT32_MAX;
  at.minor_low = 4;
  at.minor_high = UINT16_MAX;
  assert_true(accepted(&at, ""));
  at.minor_low = 5;
  assert_false(accepted(&at, "minor_low: found 5"));
  at = right;
  at.minor_high = 0;
  assert_true(accepted(&at, ""));
  at.size = sizeof right - 1;
  assert_false(accepted(&at, "size: found "));
  at = right;
  at.magic = 0x48575331; /* the other byte order */
  assert_false(accepted(&at, "magic: "));
  at = right;
  at.major = 0;
  assert_false(accepted(&at, "major: "));
  at = right;
  at.io_scratch = 4097;
  assert_false(accepted(&at, "io_scratch: "));
  at = right;
  at.host_needs = UINT64_MAX;
  assert_false(accepted(&at, "host_needs: "));
}

/* Reserved fields and unknown bits are a newer plugin's business, and an error in any other. */
static void test_newer(void **state) {
  (void)state;
  struct hws_plugin at = right;
  at.reserved[2] = 1;
  assert_false(accepted(&at, "reserved[2]: "));
  at.minor_high = 5;
  assert_true(accepted(&at, ""));
  at = right;
  at.capabilities = (uint64_t)1 << 63;
  assert_false(accepted(&at, "capabilities: "));
  at.minor_high = 5;
  assert_true(accepted(&at, ""));
}

/* Only what size covers is read: on the heap, so that the sanitizer sees a byte too many. */
static void test_short_structs(void **state) {
  (void)state;
  for (uint32_t size = 8; size < sizeof right; size++) {
    struct hws_plugin *manifest = malloc(size);
    assert_non_null(manifest);
    memcpy(manifest, &right, size);
    memcpy((char *)manifest + offsetof(struct hws_plugin, size), &size, sizeof size);
    assert_false(accepted(manifest, "size: found "));
    free(manifest);
  }
  assert_false(accepted(NULL, "found NULL"));
}

static char *unterminated(size_t size) {
  char *text = malloc(size);
  assert_non_null(text);
  memset(text, 'a', size);
  return text;
}

/* A text without an end is read as far as one may be long, and a list likewise. */
static void test_endless_texts(void **state) {
  (void)state;
  struct hws_plugin at = right;
  char *name = unterminated(33);
  at.name = name;
  assert_false(accepted(&at, "name: "));
  at = right;
  at.version = name;
  assert_false(accepted(&at, "version: "));
  free(name);
  char *scheme = unterminated(17);
  const char **list = calloc(9, sizeof *list);
  assert_non_null(list);
  list[0] = scheme;
  at = right;
  at.schemes = list;
  assert_false(accepted(&at, "schemes: "));
  for (size_t i = 0; i < 9; i++) list[i] = &"abcdefghi"[8 - i];
  assert_false(accepted(&at, "schemes: found more than 8"));
  free(list);
  free(scheme);
}

static void test_null_pointers(void **state) {
  (void)state;
  struct hws_plugin at = right;
  at.name = NULL;
  assert_false(accepted(&at, "name: found NULL"));
  at = right;
  at.version = NULL;
  assert_false(accepted(&at, "version: found NULL"));
  at = right;
  at.schemes = NULL;
  assert_false(accepted(&at, "schemes: found NULL"));
  at = right;
  at.open = NULL;
  assert_false(accepted(&at, "open: found NULL"));
}

static void test_grammar(void **state) {
  (void)state;
  static const char *const good[] = {"a", "unix", "a.b-c9", "abcdefghijklmnop"};
  static const char *const bad[] = {"",    "9",   "-a",  ".a", "A",        "aB",
                                    "a_b", "a b", "a+b", "a:", "\xc3\xa4", "abcdefghijklmnopq"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(manifest_scheme_valid(good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(manifest_scheme_valid(bad[i]));
  assert_true(manifest_name_valid("9_unix_epoll"));
  assert_false(manifest_name_valid("a-b"));
  assert_false(manifest_name_valid(""));
  assert_true(manifest_serves(&right, "t-w.o2"));
  assert_false(manifest_serves(&right, "on"));
}

static uint64_t random_next(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Whatever is in the numbers, what is let in keeps every promise. */
static void test_mutations(void **state) {
  (void)state;
  uint64_t seed = 0x9e3779b97f4a7c15;
  unsigned let_in = 0;
  for (unsigned round = 0; round < 200000; round++) {
    struct hws_plugin at = right;
    for (uint64_t changes = 1 + random_next(&seed) % 3; changes > 0; changes--) {
      uint64_t where = random_next(&seed) % (offsetof(struct hws_plugin, name) + sizeof at.reserved);
      if (where >= offsetof(struct hws_plugin, name))
        where += offsetof(struct hws_plugin, reserved) - offsetof(struct hws_plugin, name);
      ((unsigned char *)&at)[where] ^= (unsigned char)(1u << random_next(&seed) % 8);
    }
    if (!accepted(&at, ": ")) continue;
    let_in++;
    assert_int_equal(at.magic, HWS_PLUGIN_MAGIC);
    assert_int_equal(at.major, host.major);
    assert_true(at.size >= sizeof at && at.minor_low <= host.minor && at.minor_low <= at.minor_high);
    assert_int_equal(at.pointer_bits, 8 * sizeof(void *));
    assert_int_equal(at.host_needs & ~host.capabilities, 0);
    assert_true(at.io_scratch <= 4096);
    if (at.minor_high <= host.minor) assert_memory_equal(at.reserved, right.reserved, sizeof at.reserved);
    if (at.minor_high <= host.minor) assert_int_equal(at.capabilities & ~(uint64_t)0x4ff, 0);
  }
  assert_in_range(let_in, 1000, 199000);
}

static void slot(void) {
}

/* All slots filled, by functions that are never called. */
static struct hws_vtable full_vtable(void) {
  struct hws_vtable vtable = {.size = sizeof vtable};
  void (*function)(void) = slot;
  for (size_t at = offsetof(struct hws_vtable, listen); at < sizeof vtable; at += sizeof function)
    memcpy((char *)&vtable + at, &function, sizeof function);
  return vtable;
}

/* Each capability and each need has its slots; a size that ends before one of them takes it away. */
static void test_vtable_sizes(void **state) {
  (void)state;
  struct plugin_error error = {.text = ""};
  struct hws_plugin at = right;
  for (uint32_t size = 0; size <= sizeof(struct hws_vtable) + 64; size++) {
    struct hws_vtable vtable = full_vtable();
    vtable.size = size;
    bool good = manifest_check_vtable(&at, &host, &vtable, "/p.so", &error);
    bool wanted = size >= offsetof(struct hws_vtable, fini) && size <= sizeof vtable;
    assert_int_equal(good, wanted);
    if (good) assert_int_equal(vtable.fini != NULL, size >= offsetof(struct hws_vtable, retire));
  }
}

static void test_vtable_slots(void **state) {
  (void)state;
  static const struct {
    uint64_t capabilities;
    uint64_t needs;
    size_t offset;
    const char *reason;
  } cases[] = {
      {HWS_CAP_LISTEN, 0, offsetof(struct hws_vtable, listen), "vtable.listen: "},
      {HWS_CAP_LISTEN, 0, offsetof(struct hws_vtable, adopt), "vtable.adopt: "},
      {HWS_CAP_DIAL, 0, offsetof(struct hws_vtable, dial), "vtable.dial: "},
      {HWS_CAP_FILTER, HWS_HOST_UNDER, offsetof(struct hws_vtable, wrap), "vtable.wrap: "},
      {HWS_CAP_FILTER, HWS_HOST_UNDER, offsetof(struct hws_vtable, on_done), "vtable.on_done: "},
      {HWS_CAP_DIAL, HWS_HOST_WATCH, offsetof(struct hws_vtable, on_ready), "vtable.on_ready: "},
      {HWS_CAP_DIAL, HWS_HOST_PORT, offsetof(struct hws_vtable, on_packet), "vtable.on_packet: "},
      {HWS_CAP_DIAL, HWS_HOST_RESOLVE, offsetof(struct hws_vtable, on_post), "vtable.on_post: "},
      {HWS_CAP_DIAL | HWS_CAP_PEER, 0, offsetof(struct hws_vtable, query), "vtable.query: "},
      {HWS_CAP_DIAL | HWS_CAP_IMPORT, 0, offsetof(struct hws_vtable, import_handle), "vtable.import_handle: "},
      {HWS_CAP_DIAL, 0, offsetof(struct hws_vtable, submit), "vtable.submit: "},
      {HWS_CAP_DIAL, 0, offsetof(struct hws_vtable, cancel), "vtable.cancel: "},
      {HWS_CAP_DIAL, 0, offsetof(struct hws_vtable, destroy), "vtable.destroy: "},
      {HWS_CAP_DIAL, 0, 0, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct plugin_error error = {.text = ""};
    struct hws_plugin at = right;
    struct hws_vtable vtable = full_vtable();
    at.capabilities = cases[i].capabilities;
    at.host_needs = cases[i].needs;
    if (cases[i].offset != 0) memset((char *)&vtable + cases[i].offset, 0, sizeof(void (*)(void)));
    assert_int_equal(manifest_check_vtable(&at, &host, &vtable, "/p.so", &error), cases[i].reason == NULL);
    if (cases[i].reason != NULL) assert_non_null(strstr(error.text, cases[i].reason));
  }
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limits),        cmocka_unit_test(test_newer),         cmocka_unit_test(test_short_structs),
      cmocka_unit_test(test_endless_texts), cmocka_unit_test(test_null_pointers), cmocka_unit_test(test_grammar),
      cmocka_unit_test(test_mutations),     cmocka_unit_test(test_vtable_sizes),  cmocka_unit_test(test_vtable_slots),
  };
  return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
