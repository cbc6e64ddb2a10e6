/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-7: a child loads its plugins anew, and knows nothing of the names that its parent listens at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "abi/hawser.h"

/* Blocks until it has ended. */
static const struct hws_how block = {.size = sizeof block, .flags = HWS_BLOCK};

static hws_handle open_runtime(uint32_t flags) {
  struct hws_runtime_config config = {.size = sizeof config, .flags = flags, .plugin_dir = TEST_PLUGIN_DIR};
  hws_handle runtime = 0;
  return hws_runtime_open(&config, &runtime) == HWS_OK ? runtime : 0;
}

/* The status of a dial; *stream is what it made. */
static int32_t dial(hws_handle runtime, const char *url, hws_handle *stream) {
  struct hws_event event;
  return hws_dial(runtime, url, 0, &block, &event, NULL, stream) == 1 ? event.status : HWS_E_INTERNAL;
}

static int32_t listen_at(hws_handle runtime, const char *url, hws_handle *listener) {
  struct hws_event event;
  return hws_listen(runtime, url, 0, &block, &event, NULL, listener) == 1 ? event.status : HWS_E_INTERNAL;
}

/* Without a thread, which ThreadSanitizer forbids in a child. Returns the place where it went wrong, or 0. */
static int child(void) {
  hws_handle runtime = open_runtime(HWS_RUNTIME_CALLER_DRIVEN);
  hws_handle stream = 0;
  hws_handle listener = 0;
  if (!runtime) return 1;
  if (dial(runtime, "mem://parent", &stream) != HWS_E_REFUSED) return 2;
  if (listen_at(runtime, "mem://parent", &listener) != HWS_OK) return 3;
  return dial(runtime, "mem://parent", &stream) == HWS_OK ? 0 : 4;
}

static void test_fork(void **state) {
  hws_handle runtime = open_runtime(*(uint32_t *)*state);
  hws_handle listener = 0;
  hws_handle stream = 0;
  int status = 0;
  assert_int_equal(listen_at(runtime, "mem://parent", &listener), HWS_OK);
  pid_t forked = fork();
  assert_true(forked >= 0);
  if (forked == 0) _exit(child());
  assert_int_equal(waitpid(forked, &status, 0), forked);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_equal(dial(runtime, "mem://parent", &stream), HWS_OK);
  assert_int_equal(hws_runtime_join(runtime, INT64_C(60000000000)), HWS_OK);
}

int main(void) {
  static uint32_t modes[] = {0, HWS_RUNTIME_CALLER_DRIVEN};
  const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_fork, &modes[0]),
                                     cmocka_unit_test_prestate(test_fork, &modes[1])};
  return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
