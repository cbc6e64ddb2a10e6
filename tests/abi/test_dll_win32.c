/* SPDX-License-Identifier: Apache-2.0
 *
 * ABI-3, ABI-5 on Windows: the DLL as a foreign language meets it, by LoadLibrary and GetProcAddress alone. It exports
 * what the list of symbols has and nothing else, and its own plugins are found beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "abi/hawser.h"

static HMODULE library;

static FARPROC find(const char *name) {
  FARPROC found = GetProcAddress(library, name);
  if (!found) fail_msg("%s is not exported", name);
  return found;
}

#define FUNCTION(name)                                                                                                 \
  __typeof__(name) *p_##name;                                                                                          \
  do {                                                                                                                 \
    FARPROC found = find(#name);                                                                                       \
    memcpy(&p_##name, &found, sizeof found);                                                                           \
  } while (0)

static int begin(void **state) {
  char path[] = TEST_LIB;
  (void)state;
  for (char *at = path; *at; at++)
    if (*at == '/') *at = '\\';
  library = LoadLibraryExA(path, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
  return library ? 0 : -1;
}

static DWORD count_exports(void) {
  const char *base = (const char *)library;
  const IMAGE_DOS_HEADER *dos = (const void *)base;
  const IMAGE_NT_HEADERS *headers = (const void *)(base + dos->e_lfanew);
  DWORD at = headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress;
  const IMAGE_EXPORT_DIRECTORY *exports = (const void *)(base + at);
  assert_int_equal(exports->NumberOfNames, exports->NumberOfFunctions);
  return exports->NumberOfNames;
}

static void exports_the_golden_symbols(void **state) {
  char line[256];
  DWORD count = 0;
  FILE *golden = fopen(TEST_SOURCE_DIR "/abi/golden/symbols.txt", "r");
  (void)state;
  assert_non_null(golden);
  while (fgets(line, sizeof line, golden)) {
    line[strcspn(line, "@\r\n")] = 0;
    if (strncmp(line, "hws_", 4) != 0) continue;
    (void)find(line);
    count++;
  }
  assert_int_equal(fclose(golden), 0);
  assert_true(count > 30);
  assert_int_equal(count_exports(), count);
}

/* Without a plugin_dir: what is beside the library. */
static void works(void **state) {
  FUNCTION(hws_runtime_open);
  FUNCTION(hws_runtime_join);
  FUNCTION(hws_plugin_scan);
  FUNCTION(hws_plugin_at);
  FUNCTION(hws_listen);
  FUNCTION(hws_dial);
  FUNCTION(hws_accept);
  FUNCTION(hws_send);
  FUNCTION(hws_recv);
  const struct hws_how block = {.size = sizeof block, .flags = HWS_BLOCK};
  struct hws_plugin_info info = {.size = sizeof info};
  struct hws_event event;
  hws_handle runtime = 0;
  hws_handle made[3] = {0};
  char out[] = "hello";
  char in[8] = "";
  struct hws_vec send = {.ptr = out, .len = 5};
  struct hws_vec recv = {.ptr = in, .len = sizeof in};
  (void)state;
  assert_int_equal(p_hws_runtime_open(NULL, &runtime), HWS_OK);
  assert_true(p_hws_plugin_scan(runtime) >= 2);
  assert_int_equal(p_hws_plugin_at(runtime, 0, &info), HWS_OK);
  assert_non_null(strstr(info.path, "\\bin\\hawser\\plugins\\"));
  assert_int_equal(p_hws_listen(runtime, "mem://dll", 0, &block, &event, NULL, &made[0]), 1);
  assert_int_equal(p_hws_dial(runtime, "mem://dll", 0, &block, &event, NULL, &made[1]), 1);
  assert_int_equal(p_hws_accept(made[0], 0, &block, &event, NULL, &made[2]), 1);
  assert_int_equal(p_hws_send(made[1], &send, 1, &block, &event, NULL), 1);
  assert_int_equal(p_hws_recv(made[2], &recv, 1, &block, &event, NULL), 1);
  assert_string_equal(in, "hello");
  assert_int_equal(p_hws_runtime_join(runtime, INT64_C(60000000000)), HWS_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(exports_the_golden_symbols), cmocka_unit_test(works)};
  return cmocka_run_group_tests_name("dll", tests, begin, NULL);
}
