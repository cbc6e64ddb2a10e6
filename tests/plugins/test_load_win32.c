/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-2, PLG-4 on Windows: which files are loaded, from where, and what is said of those that are not. Access lists are
 * judged as security descriptors, as Wine has none of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <windows.h>

#include <sddl.h>

#include "plugins/load.h"
#include "plugins/trust_win32.h"
#include "tests/plugins/fake_host.h"

struct folder {
  char path[MAX_PATH];
};

static int begin(void **state) {
  static struct folder folder;
  char temporary[MAX_PATH - 64];
  registry_after_fork();
  fake_host_reset();
  assert_in_range(GetTempPathA(sizeof temporary, temporary), 1, sizeof temporary - 1);
  assert_true(GetTempFileNameA(temporary, "hws", 0, folder.path)); /* made, so that the name is ours */
  assert_true(DeleteFileA(folder.path) && CreateDirectoryA(folder.path, NULL));
  *state = &folder;
  return 0;
}

static void in(const struct folder *folder, const char *name, char *path) {
  (void)snprintf(path, MAX_PATH, "%s\\%s", folder->path, name);
}

static int end(void **state) {
  const struct folder *folder = *state;
  char path[MAX_PATH];
  WIN32_FIND_DATAA found;
  in(folder, "*", path);
  HANDLE search = FindFirstFileA(path, &found);
  do {
    in(folder, found.cFileName, path);
    if (strcmp(found.cFileName, ".") != 0 && strcmp(found.cFileName, "..") != 0)
      (void)(DeleteFileA(path) || RemoveDirectoryA(path));
  } while (FindNextFileA(search, &found));
  (void)FindClose(search);
  return RemoveDirectoryA(folder->path) ? 0 : -1;
}

static void put(const struct folder *folder, const char *name, const char *plugin) {
  char from[MAX_PATH];
  char to[MAX_PATH];
  (void)snprintf(from, sizeof from, "%s/%s.dll", WRONG_PLUGIN_DIR, plugin);
  in(folder, name, to);
  assert_true(CopyFileA(from, to, TRUE));
}

static const struct plugin *load(const char *path, struct plugin_error *error) {
  return registry_load(&fake.host, NULL, path, error);
}

static void expect_said(const struct plugin_error *error, const char *text) {
  if (strstr(error->text, text) == NULL) fail_msg("'%s' is not said in: %s", text, error->text);
}

/* However it is spelt, it is one file. */
static void test_path(void **state) {
  struct plugin_error error;
  (void)state;
  const struct plugin *plugin = load(WRONG_PLUGIN_DIR "/right.dll", &error);
  assert_non_null(plugin);
  assert_true(load_is_absolute(plugin->path));
  assert_null(strchr(plugin->path, '/'));
  assert_ptr_equal(load(WRONG_PLUGIN_DIR "\\..\\test-plugins/.\\RIGHT.dll", &error), plugin);
  assert_string_equal(fake.log, "right open\n");
}

static void test_absolute(void **state) {
  (void)state;
  static const char *const absolute[] = {"C:\\x", "z:/x", "C:/"};
  static const char *const relative[] = {"", "x", "\\x", "/x", "C:x", "C:", "\\\\host\\share\\x.dll", "\\\\?\\C:\\x"};
  for (size_t i = 0; i < sizeof absolute / sizeof *absolute; i++) assert_true(load_is_absolute(absolute[i]));
  for (size_t i = 0; i < sizeof relative / sizeof *relative; i++) assert_false(load_is_absolute(relative[i]));
}

static void test_refused(void **state) {
  const struct folder *folder = *state;
  struct plugin_error error;
  char path[MAX_PATH];
  assert_null(load(WRONG_PLUGIN_DIR "/wrong_symbol.dll", &error));
  expect_said(&error, "wrong_symbol.dll: symbol: found none, wanted hws_plugin_v1");
  assert_null(load(WRONG_PLUGIN_DIR "/wrong_magic.dll", &error));
  expect_said(&error, "wrong_magic.dll: magic: found 0x12345678");
  assert_null(load(WRONG_PLUGIN_DIR "/none.dll", &error));
  expect_said(&error, "none.dll: cannot be found: ");
  assert_null(load(folder->path, &error));
  expect_said(&error, ": file type: found a folder, wanted a regular file");
  in(folder, "text.dll", path);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_true(fputs("no library", file) >= 0);
  assert_int_equal(fclose(file), 0);
  assert_null(load(path, &error));
  expect_said(&error, "text.dll: cannot be mapped as a shared library: ");
  assert_null(load("right.dll", &error));
  expect_said(&error, "found neither an absolute path nor a plain name");
  assert_null(load("\xff:\\x.dll", &error));
  assert_null(registry_at(0));
}

/* Nobody can replace the file between the look at it and its mapping. */
static void test_held(void **state) {
  const struct folder *folder = *state;
  struct plugin_error error;
  struct load_file file;
  char path[MAX_PATH];
  put(folder, "held.dll", "right");
  in(folder, "held.dll", path);
  assert_int_equal(load_open(path, &file, &error), LOAD_OK);
  assert_false(DeleteFileA(path));
  assert_false(MoveFileA(path, WRONG_PLUGIN_DIR "/moved.dll"));
  assert_ptr_equal(CreateFileA(path, GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL), INVALID_HANDLE_VALUE);
  load_close(&file);
  assert_true(DeleteFileA(path));
}

/* In the order of their names; other files and folders are passed over. */
static void test_list(void **state) {
  const struct folder *folder = *state;
  static const char *const wanted[] = {"B.DLL", "a.dll", "c.dll"};
  struct plugin_error error;
  struct load_list list;
  char path[MAX_PATH];
  put(folder, "c.dll", "right");
  put(folder, "a.dll", "right");
  put(folder, "B.DLL", "right");
  put(folder, ".dll", "right");
  put(folder, "notes.txt", "right");
  in(folder, "dir.dll", path);
  assert_true(CreateDirectoryA(path, NULL));
  assert_int_equal(load_list_open(folder->path, &list, &error), LOAD_OK);
  assert_int_equal(list.count, 3);
  for (size_t i = 0; i < list.count; i++) assert_string_equal(list.names[i], wanted[i]);
  load_list_free(&list);
  in(folder, "none", path);
  assert_int_equal(load_list_open(path, &list, &error), LOAD_ABSENT);
}

/* Many more entries than are read at once. */
static void test_long_list(void **state) {
  enum { FILES = 400 };
  const struct folder *folder = *state;
  struct plugin_error error;
  struct load_list list;
  for (int i = 0; i < FILES; i++) {
    char name[64];
    char path[MAX_PATH];
    (void)snprintf(name, sizeof name, "a_name_of_some_length_%04d.dll", i);
    in(folder, name, path);
    HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    (void)CloseHandle(file);
  }
  assert_int_equal(load_list_open(folder->path, &list, &error), LOAD_OK);
  assert_int_equal(list.count, FILES);
  for (size_t i = 1; i < list.count; i++) assert_true(strcmp(list.names[i - 1], list.names[i]) < 0);
  load_list_free(&list);
}

/* ---- whose ---- */

#define CALLER "S-1-5-21-1-2-3-1001"

static bool trusts(const char *sddl, struct plugin_error *error) {
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PSID caller = NULL;
  assert_true(ConvertStringSidToSidA(CALLER, &caller));
  assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl, SDDL_REVISION_1, &descriptor, NULL));
  bool good = trust_check_descriptor(descriptor, caller, NULL, "C:\\p.dll", NULL, error);
  (void)LocalFree(caller);
  (void)LocalFree(descriptor);
  return good;
}

static void test_trusted(void **state) {
  (void)state;
  static const char *const descriptors[] = {
      "O:" CALLER "D:(A;;FA;;;" CALLER ")(A;;FR;;;WD)",       /* others read */
      "O:BAD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)",     /* the administrators', as under Program Files */
      "O:SYD:(A;;FA;;;SY)(A;;GR;;;AU)",                       /* the system's */
      "O:" CALLER "D:(A;OICIIO;FA;;;WD)(A;;FA;;;" CALLER ")", /* what it hands on, it does not have */
      "O:" CALLER "D:(D;;FA;;;WD)(A;;FA;;;" CALLER ")",       /* a denial */
      "O:" CALLER "D:(A;;FA;;;S-1-5-21-1-2-3-2002)",          /* somebody whom the caller let in */
  };
  for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++) {
    struct plugin_error error = {.text = ""};
    if (!trusts(descriptors[i], &error)) fail_msg("%s: %s", descriptors[i], error.text);
  }
}

static void test_not_trusted(void **state) {
  (void)state;
  static const struct {
    const char *sddl;
    const char *said;
  } cases[] = {
      {"O:" CALLER, "access list of file: found none, so anyone may write"},
      {"O:" CALLER "D:(A;;FA;;;WD)", "for Everyone, wanted none to write"},
      {"O:" CALLER "D:(A;;FR;;;WD)(A;;0x2;;;BU)", "found rights 0x2 for Users"},
      {"O:" CALLER "D:(A;;0x4;;;AU)", "found rights 0x4 for Authenticated Users"},
      {"O:" CALLER "D:(A;;WD;;;IU)", "found rights 0x40000 for INTERACTIVE"},
      {"O:" CALLER "D:(A;;WO;;;NU)", "found rights 0x80000 for NETWORK"},
      {"O:" CALLER "D:(A;;SD;;;AN)", "found rights 0x10000 for ANONYMOUS LOGON"},
      {"O:" CALLER "D:(A;;GW;;;BG)", "for Guests"},
      {"O:" CALLER "D:(D;;FA;;;WD)(A;;FW;;;WD)", "for Everyone"}, /* denials are not counted in favour */
      {"O:S-1-5-21-1-2-3-2002D:(A;;FR;;;WD)", "owner of file: found S-1-5-21-1-2-3-2002, wanted the caller"},
      {"O:WDD:(A;;FR;;;WD)", "owner of file: found S-1-1-0"},
      {"D:(A;;FR;;;WD)", "owner of file: found none"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct plugin_error error = {.text = ""};
    if (trusts(cases[i].sddl, &error)) fail_msg("%s is trusted", cases[i].sddl);
    expect_said(&error, cases[i].said);
  }
}

/* A list that is there but NULL lets anyone do anything. */
static void test_null_list(void **state) {
  SECURITY_DESCRIPTOR descriptor;
  struct plugin_error error = {.text = ""};
  PSID caller = NULL;
  (void)state;
  assert_true(ConvertStringSidToSidA(CALLER, &caller));
  assert_true(InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
  assert_true(SetSecurityDescriptorOwner(&descriptor, caller, FALSE));
  assert_true(SetSecurityDescriptorDacl(&descriptor, TRUE, NULL, FALSE));
  assert_false(trust_check_descriptor(&descriptor, caller, NULL, "C:\\p.dll", "C:\\", &error));
  expect_said(&error, "access list of folder C:\\: found none");
  (void)LocalFree(caller);
}

static void test_default_dir(void **state) {
  char path[1024];
  char self[MAX_PATH];
  (void)state;
  assert_int_equal(registry_default_dir((const void *)(uintptr_t)&registry_load, path, sizeof path), 0);
  assert_in_range(GetModuleFileNameA(NULL, self, sizeof self), 1, sizeof self - 1);
  *strrchr(self, '\\') = 0;
  assert_int_equal(strncmp(path, self, strlen(self)), 0);
  assert_string_equal(path + strlen(self), "\\hawser\\plugins");
  assert_int_equal(registry_default_dir((const void *)(uintptr_t)&registry_load, path, 8), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_path, begin, end),
      cmocka_unit_test(test_absolute),
      cmocka_unit_test_setup_teardown(test_refused, begin, end),
      cmocka_unit_test_setup_teardown(test_held, begin, end),
      cmocka_unit_test_setup_teardown(test_list, begin, end),
      cmocka_unit_test_setup_teardown(test_long_list, begin, end),
      cmocka_unit_test(test_trusted),
      cmocka_unit_test(test_not_trusted),
      cmocka_unit_test(test_null_list),
      cmocka_unit_test(test_default_dir),
  };
  return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
