/* SPDX-License-Identifier: Apache-2.0
 *
 * TRN-2: plugins as a program meets them: loaded, listed and refused through the C ABI, and mem:// found by its scheme.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "abi/hawser.h"

static hws_handle open_runtime(uint32_t flags, const char *plugin_dir) {
  hws_handle runtime = 0;
  struct hws_runtime_config config = {.size = sizeof config, .flags = flags, .plugin_dir = plugin_dir};
  assert_int_equal(hws_runtime_open(&config, &runtime), HWS_OK);
  return runtime;
}

static void join_runtime(hws_handle runtime) {
  assert_int_equal(hws_runtime_join(runtime, INT64_C(60000000000)), HWS_OK);
}

static void assert_detail(hws_handle object, int32_t status, const char *text) {
  struct hws_detail detail = {.size = sizeof detail};
  assert_int_equal(hws_detail(object, &detail), HWS_OK);
  assert_int_equal(detail.status, status);
  if (strstr(detail.text, text) == NULL) fail_msg("'%s' is not said in: %s", text, detail.text);
}

static void assert_refusal(int32_t status, const char *text) {
  struct hws_detail detail = {.size = sizeof detail};
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_int_equal(detail.status, status);
  if (strstr(detail.text, text) == NULL) fail_msg("'%s' is not said in: %s", text, detail.text);
}

static void test_load(void **state) {
  hws_handle runtime = open_runtime(*(uint32_t *)*state, WRONG_PLUGIN_DIR);
  struct hws_plugin_info info = {.size = sizeof info};
  uint64_t refused = 0;
  assert_int_equal(hws_plugin_load(runtime, TEST_PLUGIN_DIR "/memory" TEST_PLUGIN_SUFFIX), HWS_OK);
  assert_int_equal(hws_plugin_load(runtime, TEST_PLUGIN_DIR "/memory" TEST_PLUGIN_SUFFIX), HWS_OK);
  assert_int_equal(hws_plugin_at(runtime, 0, &info), HWS_OK);
  assert_string_equal(info.name, "memory");
  assert_string_equal(info.schemes, "mem");
  assert_non_null(strstr(info.path, "memory" TEST_PLUGIN_SUFFIX));
  assert_int_equal(hws_plugin_load(runtime, "twin_a"), HWS_OK);
  assert_int_equal(hws_plugin_load(runtime, "twin_b"), HWS_E_PLUGIN);
  assert_refusal(HWS_E_PLUGIN,
                 "twin_b" TEST_PLUGIN_SUFFIX ": schemes: found 'twin', which plugin 'twin_a' serves already");
  assert_int_equal(hws_plugin_load(runtime, "wrong_magic"), HWS_E_PLUGIN);
  assert_refusal(HWS_E_PLUGIN, "wrong_magic" TEST_PLUGIN_SUFFIX ": magic: found 0x12345678");
  assert_int_equal(hws_plugin_load(runtime, "wrong_open_why"), HWS_E_PLUGIN);
  assert_refusal(HWS_E_PLUGIN, "wrong_open_why" TEST_PLUGIN_SUFFIX ": open: failed with status -21: no ring?here");
  assert_int_equal(hws_plugin_load(runtime, "no_such_plugin"), HWS_E_PLUGIN);
  assert_refusal(HWS_E_PLUGIN, "plugin 'no_such_plugin': no file no_such_plugin" TEST_PLUGIN_SUFFIX " in");
  assert_int_equal(hws_plugin_load(runtime, "../memory"), HWS_E_PLUGIN);
  assert_int_equal(hws_stat(runtime, "plugins_refused", &refused), HWS_OK);
  assert_int_equal(refused, 5);
  join_runtime(runtime);
}

static void test_scan(void **state) {
  hws_handle runtime = open_runtime(*(uint32_t *)*state, WRONG_PLUGIN_DIR);
  struct hws_plugin_info info = {.size = sizeof info};
  uint64_t refused = 0;
  hws_result count = hws_plugin_scan(runtime);
  assert_true(count > 5);
  assert_int_equal(hws_plugin_at(runtime, (uint32_t)count - 1, &info), HWS_OK);
  assert_int_equal(hws_plugin_at(runtime, (uint32_t)count, &info), HWS_E_INVAL);
  assert_int_equal(hws_stat(runtime, "plugins_refused", &refused), HWS_OK);
  assert_true(refused > 30);
  join_runtime(runtime);
}

/* Blocks until it has ended. */
static const struct hws_how block = {.size = sizeof block, .flags = HWS_BLOCK};

static void assert_ok(hws_result result, const struct hws_event *event) {
  assert_int_equal(result, 1);
  assert_int_equal(event->status, HWS_OK);
}

/* A message there, a message back, and the end of both directions. */
static void exchange(hws_handle runtime) {
  hws_handle listener = 0;
  hws_handle client = 0;
  hws_handle server = 0;
  struct hws_event event;
  char bytes[16] = "";
  char text[64];
  assert_ok(hws_listen(runtime, "mem://runtime?backlog=3&buffer=64", 0, &block, &event, NULL, &listener), &event);
  assert_ok(hws_dial(runtime, "mem://runtime", 0, &block, &event, NULL, &client), &event);
  assert_ok(hws_accept(listener, 0, &block, &event, NULL, &server), &event);
  char greeting[] = "hello";
  struct hws_vec out = {.ptr = greeting, .len = 5};
  struct hws_vec in = {.ptr = bytes, .len = sizeof bytes};
  assert_ok(hws_send(client, &out, 1, &block, &event, NULL), &event);
  assert_ok(hws_recv(server, &in, 1, &block, &event, NULL), &event);
  assert_int_equal(event.bytes, 5);
  assert_string_equal(bytes, "hello");
  assert_ok(hws_shutdown(client, &block, &event, NULL), &event);
  assert_int_equal(hws_recv(server, &in, 1, &block, &event, NULL), 1);
  assert_int_equal(event.status, HWS_E_EOF);
  assert_ok(hws_send(server, &out, 1, &block, &event, NULL), &event);
  assert_ok(hws_recv(client, &in, 1, &block, &event, NULL), &event);
  assert_int_equal(event.bytes, 5);
  struct hws_peer peer = {.size = sizeof peer};
  assert_int_equal(hws_peer(server, &peer), HWS_OK);
  /* ABI-2: a caller that knows no session */
  struct hws_peer older = {.size = offsetof(struct hws_peer, session), .session = 77};
  assert_int_equal(hws_peer(server, &older), HWS_OK);
  assert_int_equal(older.size, offsetof(struct hws_peer, session));
  assert_int_equal(older.pid, peer.pid);
  assert_int_equal(older.session, 77);
  assert_int_equal(peer.pid, getpid());
  assert_int_equal(hws_text(client, HWS_TEXT_REMOTE, text, sizeof text), 13);
  assert_string_equal(text, "mem://runtime");
  assert_ok(hws_close(client, &block, &event, NULL), &event);
  assert_ok(hws_close(server, &block, &event, NULL), &event);
  assert_ok(hws_close(listener, &block, &event, NULL), &event);
}

static void test_scheme(void **state) {
  hws_handle runtime = open_runtime(*(uint32_t *)*state, TEST_PLUGIN_DIR);
  hws_handle stream = 0;
  struct hws_event event;
  exchange(runtime);
  assert_int_equal(hws_dial(runtime, "acme://x", 0, &block, &event, NULL, &stream), HWS_E_ADDRESS);
  assert_refusal(HWS_E_ADDRESS, "scheme 'acme': no plugin serves it; searched " TEST_PLUGIN_DIR);
  assert_int_equal(hws_dial(runtime, "mem://x?backlog=1", 0, &block, &event, NULL, &stream), HWS_E_ADDRESS);
  assert_refusal(HWS_E_ADDRESS, "'backlog'");
  assert_int_equal(hws_dial(runtime, "mem://x?buffer=no", 0, &block, &event, NULL, &stream), HWS_E_ADDRESS);
  assert_refusal(HWS_E_ADDRESS, "buffer: found 'no', wanted a number from 1 to 16777216");
  assert_int_equal(hws_dial(runtime, "mem://nobody", 0, &block, &event, NULL, &stream), 1);
  assert_int_equal(event.status, HWS_E_REFUSED);
  assert_detail(stream, HWS_E_REFUSED, "mem://nobody: nobody listens there");
  assert_ok(hws_close(stream, &block, &event, NULL), &event);
  join_runtime(runtime);
}

int main(void) {
  static uint32_t modes[] = {0, HWS_RUNTIME_CALLER_DRIVEN};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(test_load, &modes[0]),
      cmocka_unit_test_prestate(test_scheme, &modes[0]),
      cmocka_unit_test_prestate(test_scheme, &modes[1]),
      cmocka_unit_test_prestate(test_scan, &modes[0]),
  };
  return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
