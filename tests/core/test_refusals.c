/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-2, OP-12, ABI-2: what is refused says so in the return value and in words for its thread, and has no effect and no
 * event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/core/functions.h"

static uint8_t byte;
static struct hws_event scratch;
static hws_handle made;

/* OP-2, ABI-2: hows that are wrong. */
static void wrong_hows(void **state) {
  struct zoo zoo;
  zoo_open(&zoo, *state);
  struct world *world = zoo.world;
  struct hws_how good = how_queue(world);
  hws_handle other_runtime = 0, other_scope = 0;
  struct hws_runtime_config config = {.size = sizeof config, .plugin_dir = TEST_PLUGIN_DIR};
  assert_int_equal(hws_runtime_open(&config, &other_runtime), HWS_OK);
  assert_int_equal(hws_scope_open(other_runtime, 0, 0, &other_scope), HWS_OK);
  struct wrong {
    struct hws_how how;
    bool out;
    bool fine_for_close; /* which needs nobody to hear of it */
    int32_t status;
  } wrongs[] = {
      {{.size = 0, .queue = good.queue}, false, false, HWS_E_INVAL},
      {{.size = sizeof good - 1, .queue = good.queue}, false, false, HWS_E_INVAL},
      {{.size = sizeof good, .queue = good.queue, .flags = 1U << 31}, false, false, HWS_E_INVAL},
      {{.size = sizeof good, .queue = good.queue, .flags = 128}, false, false, HWS_E_INVAL},
      {{.size = sizeof good, .flags = HWS_BLOCK}, false, false, HWS_E_INVAL},          /* no out */
      {{.size = sizeof good, .flags = HWS_BLOCK | HWS_TRY}, true, false, HWS_E_INVAL}, /* both */
      {{.size = sizeof good, .queue = good.queue, .flags = HWS_INTERRUPTIBLE}, true, false, HWS_E_INVAL},
      {{.size = sizeof good}, true, true, HWS_E_INVAL}, /* nobody would hear */
      {{.size = sizeof good, .flags = HWS_TRY}, false, true, HWS_E_INVAL},
      {{.size = sizeof good, .queue = zoo.of[T_SCOPE]}, false, false, HWS_E_HANDLE},
      {{.size = sizeof good, .queue = good.queue + 1}, false, false, HWS_E_HANDLE},
      {{.size = sizeof good, .queue = good.queue, .scope = good.queue}, false, false, HWS_E_HANDLE},
      {{.size = sizeof good, .queue = good.queue, .scope = zoo.of[T_SCOPE] + 1}, false, false, HWS_E_HANDLE},
      {{.size = sizeof good, .queue = good.queue, .scope = other_scope}, false, false, HWS_E_INVAL},
  };
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  hws_handle op = 0;
  char url[URL_MAX];
  url_new(url, "");
  for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
    struct hws_how *wrong = &wrongs[i].how;
    struct hws_event *out = wrongs[i].out ? &scratch : NULL;
    hws_result results[] = {
        hws_listen(world->runtime, url, 0, wrong, out, &op, &made),
        hws_dial(world->runtime, url, 0, wrong, out, &op, &made),
        hws_accept(zoo.of[T_LISTENER], 0, wrong, out, &op, &made),
        hws_accept(zoo.of[T_SESSION], 0, wrong, out, &op, &made),
        hws_open(zoo.of[T_SESSION], NULL, wrong, out, &op, &made),
        hws_recv(zoo.of[T_STREAM], &vec, 1, wrong, out, &op),
        hws_acquire(zoo.leased.ends.server, wrong, out, &op),
        hws_watch(zoo.of[T_STREAM], wrong, out, &op),
        hws_watch(zoo.of[T_SESSION], wrong, out, &op),
        hws_watch(zoo.of[T_LISTENER], wrong, out, &op),
        hws_watch(zoo.of[T_SCOPE], wrong, out, &op),
        hws_send(zoo.leased.ends.client, &vec, 1, wrong, out, &op),
    };
    for (size_t r = 0; r < sizeof results / sizeof results[0]; r++) {
      if (results[r] != wrongs[i].status) fail_msg("wrong how %zu, call %zu: %s", i, r, hws_status_name(results[r]));
    }
    assert_true(made == 0);
    if (wrongs[i].fine_for_close) continue; /* nor need anybody hear of a shutdown */
    assert_status(hws_shutdown(zoo.of[T_STREAM], wrong, out, &op), wrongs[i].status);
    assert_status(hws_shutdown(zoo.of[T_SESSION], wrong, out, &op), wrongs[i].status);
    assert_status(hws_close(zoo.of[T_STREAM], wrong, out, &op), wrongs[i].status);
    assert_status(hws_close(zoo.of[T_SCOPE], wrong, out, &op), wrongs[i].status);
    assert_status(hws_close(zoo.of[T_LISTENER], wrong, out, &op), wrongs[i].status);
    assert_status(hws_close(zoo.of[T_SESSION], wrong, out, &op), wrongs[i].status);
  }
  /* A life scope is checked like any other. */
  assert_status(hws_listen(world->runtime, url, other_scope, &good, NULL, NULL, &made), HWS_E_INVAL);
  assert_status(hws_dial(world->runtime, url, other_scope, &good, NULL, NULL, &made), HWS_E_INVAL);
  assert_status(hws_accept(zoo.of[T_LISTENER], other_scope, &good, NULL, NULL, &made), HWS_E_INVAL);
  assert_status(hws_accept(zoo.of[T_LISTENER], zoo.of[T_OP], &good, NULL, NULL, &made), HWS_E_HANDLE);
  struct hws_open_config open_config = {.size = sizeof open_config, .life = other_scope};
  assert_status(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  struct hws_session_config session_config = {.size = sizeof session_config, .life = other_scope};
  assert_status(hws_session(zoo.of[T_STREAM], &session_config, &made), HWS_E_INVAL);
  expect_no_event(world);
  /* Nothing happened: all are as they were. */
  assert_int_equal(hws_release(zoo.of[T_LEASE], 5), HWS_OK);
  send_all(zoo.of[T_STREAM], "x", 1);
  world_await_status(world, zoo.recv_tag, HWS_OK);
  send_all(zoo.leased.ends.client, "y", 1);
  expect_bytes(zoo.leased.ends.server, "y");
  assert_int_equal(hws_runtime_join(other_runtime, (int64_t)LIMIT_NS), HWS_OK);
}

/* OP-12: the words that a refused call leaves are its own, and this thread's. */
static void assert_refused(hws_result result, int32_t status, const char *call) {
  struct hws_detail detail = {.size = sizeof detail};
  if (result != status) fail_msg("%s: %s", call, hws_status_name(result));
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  if (detail.status != status)
    fail_msg("%s: the refusal tells %s: %s", call, hws_status_name(detail.status), detail.text);
  bool vague = !strcmp(detail.text, hws_status_text(status)) || strstr(detail.text, "an argument is wrong");
  if (!detail.text[0] || vague) fail_msg("%s: the refusal tells nothing: '%s'", call, detail.text);
  /* Another one, so that the next is not taken for this. */
  assert_int_equal(hws_plugin_at(0, 77, &(struct hws_plugin_info){.size = sizeof(struct hws_plugin_info)}),
                   HWS_E_HANDLE);
}

/* OP-2, OP-12: vectors, strings, structs. */
#define REFUSED(call, status) assert_refused(call, status, #call)

static void wrong_arguments(void **state) {
  struct zoo zoo;
  zoo_open(&zoo, *state);
  struct world *world = zoo.world;
  struct hws_how good = how_queue(world);
  struct hws_vec *many = calloc(1025, sizeof *many);
  char *reason = malloc(1026);
  assert_true(many && reason);
  memset(reason, 'r', 1025);
  reason[1025] = 0;
  for (int i = 0; i < 1025; i++) many[i] = (struct hws_vec){.ptr = &byte, .len = 1};
  struct hws_vec wrongs[] = {
      {.ptr = NULL, .len = 1},
      {.ptr = &byte, .len = 1, .flags = 1},
      {.ptr = &byte, .len = 1, .reserved = 1},
      {.ptr = &byte, .len = (UINT64_C(1) << 40) + 1},
      {.ptr = &byte, .len = UINT64_MAX},
  };
  hws_handle s = zoo.of[T_STREAM], m = zoo.leased.ends.client;
  for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
    REFUSED(hws_send(s, &wrongs[i], 1, &good, NULL, NULL), HWS_E_INVAL);
    REFUSED(hws_recv(s, &wrongs[i], 1, &good, NULL, NULL), HWS_E_INVAL);
    REFUSED(hws_send(m, &wrongs[i], 1, &good, NULL, NULL), HWS_E_INVAL);
    struct hws_open_config config = {.size = sizeof config, .payload = &wrongs[i], .payload_count = 1};
    REFUSED(hws_open(zoo.of[T_SESSION], &config, &good, NULL, NULL, &made), HWS_E_INVAL);
  }
  struct hws_vec two[] = {{.ptr = &byte, .len = UINT64_C(1) << 40}, {.ptr = &byte, .len = 1}};
  REFUSED(hws_send(s, two, 2, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_recv(s, two, 2, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_send(s, many, 1025, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_recv(s, many, 1025, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_send(s, NULL, 1, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_recv(s, NULL, 1, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_send(s, many, 1, NULL, &scratch, NULL), HWS_E_INVAL);
  struct hws_how eom = good;
  eom.flags = HWS_EOM;
  REFUSED(hws_send(m, many, 1, &eom, NULL, NULL), HWS_E_UNSUPPORTED);

  REFUSED(hws_sendfile(s, -1, 0, 1, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_sendfile(s, 0, 0, 0, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_sendfile(s, 0, UINT64_MAX, 2, &good, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_reset(s, 0, reason), HWS_E_INVAL);
  REFUSED(hws_stop(s, HWS_STOP_SEND, 0, reason), HWS_E_INVAL);
  REFUSED(hws_stop(s, 0, 0, NULL), HWS_E_INVAL);
  REFUSED(hws_stop(s, 4, 0, NULL), HWS_E_INVAL);
  REFUSED(hws_stop(m, HWS_STOP_SEND, 0, NULL), HWS_E_UNSUPPORTED);
  struct hws_pair pair;
  REFUSED(hws_metadata(s, 0, NULL, 0, &pair), HWS_E_INVAL);
  REFUSED(hws_metadata(s, 0, NULL, 1, &pair), HWS_E_INVAL);
  REFUSED(hws_metadata(s, 0, NULL, 0, NULL), HWS_E_INVAL);
  REFUSED(hws_scope_cancel(zoo.of[T_SCOPE], 0, reason), HWS_E_INVAL);
  assert_status(hws_scope_status(zoo.of[T_SCOPE]), HWS_OK);

  REFUSED(hws_queue_wait(world->queue, NULL, 1, 0), HWS_E_INVAL);
  REFUSED(hws_queue_wait(world->queue, &scratch, 0, 0), HWS_E_INVAL);
  REFUSED(hws_queue_wait(world->queue, &scratch, 65537, 0), HWS_E_INVAL);
  REFUSED(hws_queue_waitable(world->queue, NULL), HWS_E_INVAL);
  REFUSED(hws_queue_open(world->runtime, NULL), HWS_E_INVAL);
  REFUSED(hws_scope_open(world->runtime, 0, 0, NULL), HWS_E_INVAL);
  REFUSED(hws_scope_open(world->runtime, world->queue, 0, &made), HWS_E_HANDLE);

  REFUSED(hws_listen(world->runtime, NULL, 0, &good, NULL, NULL, &made), HWS_E_INVAL);
  REFUSED(hws_listen(world->runtime, "mem://a", 0, &good, NULL, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_dial(world->runtime, NULL, 0, &good, NULL, NULL, &made), HWS_E_INVAL);
  REFUSED(hws_dial(world->runtime, "mem://a", 0, &good, NULL, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_dial(world->runtime, "nonsense", 0, &good, NULL, NULL, &made), HWS_E_ADDRESS);
  REFUSED(hws_dial(world->runtime, "nobody://knows", 0, &good, NULL, NULL, &made), HWS_E_ADDRESS);
  REFUSED(hws_accept(zoo.of[T_LISTENER], 0, &good, NULL, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_open(zoo.of[T_SESSION], NULL, &good, NULL, NULL, NULL), HWS_E_INVAL);
  REFUSED(hws_session(s, NULL, NULL), HWS_E_INVAL);

  struct hws_session_config session = {.size = sizeof session - 1};
  REFUSED(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .flags = 1};
  REFUSED(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .mode = 9};
  REFUSED(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .role = 9};
  REFUSED(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .settings = "unknown=1"};
  REFUSED(hws_session(s, &session, &made), HWS_E_INVAL);
  REFUSED(hws_session(zoo.link.ends.server, NULL, &made), HWS_E_BUSY); /* its recv pends */

  struct hws_open_config open_config = {.size = sizeof open_config - 1};
  REFUSED(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  open_config = (struct hws_open_config){.size = sizeof open_config, .flags = 1};
  REFUSED(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  open_config = (struct hws_open_config){.size = sizeof open_config, .payload_count = 1};
  REFUSED(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  open_config = (struct hws_open_config){.size = sizeof open_config, .name = "name"};
  REFUSED(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_UNSUPPORTED);

  REFUSED(hws_detail(s, NULL), HWS_E_INVAL);
  REFUSED(hws_detail(s, &(struct hws_detail){.size = 8}), HWS_E_INVAL);
  REFUSED(hws_detail_of(s, HWS_STOP_RECV, NULL), HWS_E_INVAL);
  REFUSED(hws_detail_of(s, HWS_STOP_RECV, &(struct hws_detail){.size = 8}), HWS_E_INVAL);
  REFUSED(hws_detail_of(s, 3, &(struct hws_detail){.size = sizeof(struct hws_detail)}), HWS_E_INVAL);
  REFUSED(hws_text(s, 0, NULL, 0), HWS_E_INVAL);
  REFUSED(hws_text(s, 99, NULL, 0), HWS_E_INVAL);
  REFUSED(hws_text(s, HWS_TEXT_LOCAL, NULL, 1), HWS_E_INVAL);
  REFUSED(hws_peer(s, NULL), HWS_E_INVAL);
  REFUSED(hws_peer(s, &(struct hws_peer){.size = 8}), HWS_E_INVAL);
  REFUSED(hws_stat(s, NULL, &(uint64_t){0}), HWS_E_INVAL);
  REFUSED(hws_stat(world->runtime, "loop_turns", NULL), HWS_E_INVAL);
  REFUSED(hws_stat(world->runtime, "no_such", &(uint64_t){0}), HWS_E_UNSUPPORTED);
  REFUSED(hws_release(zoo.of[T_LEASE], 6), HWS_E_INVAL);
  assert_null(hws_stat_name(world->runtime, 1000));
  assert_null(hws_stat_name(0, 0));

  struct hws_runtime_config config = {.size = 4};
  REFUSED(hws_runtime_open(&config, &made), HWS_E_INVAL);
  config = (struct hws_runtime_config){.size = sizeof config, .flags = 128};
  REFUSED(hws_runtime_open(&config, &made), HWS_E_INVAL);
  config = (struct hws_runtime_config){.size = sizeof config, .plugin_dir = "relative"};
  REFUSED(hws_runtime_open(&config, &made), HWS_E_INVAL);
  config = (struct hws_runtime_config){.size = sizeof config, .settings = "unknown=1"};
  REFUSED(hws_runtime_open(&config, &made), HWS_E_INVAL);
  REFUSED(hws_runtime_open(NULL, NULL), HWS_E_INVAL);
  expect_no_event(world);
  assert_int_equal(hws_release(zoo.of[T_LEASE], 5), HWS_OK);
  free(many);
  free(reason);
}

/* OP-3, OP-12: every function, with a handle of every kind that it does not take, and with none, an invented and a
 * stale one. */
static void wrong_handles(void **state) {
  struct zoo zoo;
  zoo_open(&zoo, *state);
  struct hws_how how = how_queue(zoo.world);
  functions_how = &how;
  hws_handle stale = 0;
  assert_int_equal(hws_scope_open(zoo.world->runtime, 0, 0, &stale), HWS_OK);
  assert_int_equal(hws_close(stale, NULL, NULL, NULL), 0);
  hws_handle wrongs[] = {0, UINT64_MAX, stale};
  for (size_t f = 0; f < function_count; f++) {
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++)
      assert_refused(functions[f].call(wrongs[i]), HWS_E_HANDLE, functions[f].name);
    for (enum type t = 0; t < TYPES; t++)
      if (!function_takes(&functions[f], t))
        assert_refused(functions[f].call(zoo.of[t]), HWS_E_HANDLE, functions[f].name);
  }
  assert_int_equal(hws_release(zoo.of[T_LEASE], 5), HWS_OK);
}

/* All that is exported stands in the table, or takes no handle and is tried by itself. */
static void all_functions(void **state) {
  static const char *const others[] = {"abi_version",  "version", "status_name", "status_text", "now",
                                       "runtime_open", "refusal", "stat_name",   "sendfile"};
  FILE *exports = fopen(TEST_SOURCE_DIR "/abi/exports_win32.def", "r");
  char line[128];
  unsigned seen = 0;
  (void)state;
  assert_non_null(exports);
  while (fgets(line, sizeof line, exports)) {
    char name[64];
    if (sscanf(line, " hws_%63s", name) != 1) continue;
    bool found = false;
    for (size_t f = 0; f < function_count; f++) found = found || !strcmp(functions[f].name, name);
    for (size_t o = 0; o < sizeof others / sizeof others[0]; o++) found = found || !strcmp(others[o], name);
    if (!found) fail_msg("hws_%s is not among the functions that are refused here", name);
    seen++;
  }
  (void)fclose(exports);
  assert_true(seen > function_count);
}

/* OP-12: no thread hears of another's, whatever both do at once. */
struct speaker {
  const char *scheme;
  hws_handle runtime;
  hws_handle queue;
  unsigned wrong;
};

static void be_refused(void *argument) {
  struct speaker *speaker = argument;
  struct hws_how how = {.size = sizeof how, .queue = speaker->queue};
  struct hws_detail detail = {.size = sizeof detail};
  char url[64];
  hws_handle none = 0;
  if (hws_refusal(&detail) != HWS_OK || detail.status != HWS_OK || detail.text[0]) speaker->wrong++;
  (void)snprintf(url, sizeof url, "%s://x", speaker->scheme);
  for (int i = 0; i < 500; i++) {
    if (hws_dial(speaker->runtime, url, 0, &how, NULL, NULL, &none) != HWS_E_ADDRESS) speaker->wrong++;
    if (hws_refusal(&detail) != HWS_OK || !strstr(detail.text, speaker->scheme)) speaker->wrong++;
  }
}

static void own_words(void **state) {
  struct world *world = *state;
  enum { SPEAKERS = 3 };
  struct speaker speakers[SPEAKERS] = {{.scheme = "nobody-a"}, {.scheme = "nobody-b"}, {.scheme = "nobody-c"}};
  struct thread *threads[SPEAKERS];
  struct hws_detail detail = {.size = sizeof detail};
  REFUSED(hws_plugin_load(world->runtime, "no_such"), HWS_E_PLUGIN);
  for (int i = 0; i < SPEAKERS; i++) {
    speakers[i].runtime = world->runtime;
    speakers[i].queue = world->queue;
    threads[i] = thread_start(be_refused, &speakers[i]);
  }
  for (int i = 0; i < SPEAKERS; i++) {
    thread_join(threads[i]);
    assert_int_equal(speakers[i].wrong, 0);
  }
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_non_null(strstr(detail.text, "handle is 0")); /* of assert_refused */
  /* HWS_E_AGAIN takes no memory for its words, and has some all the same. */
  struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
  struct pair raw = pair_raw(world, here->scheme);
  struct hws_vec vec = {.ptr = &byte, .len = 1};
  assert_int_equal(hws_recv(raw.client, &vec, 1, &how, &scratch, NULL), HWS_E_AGAIN);
  assert_int_equal(hws_refusal(&detail), HWS_OK);
  assert_status(detail.status, HWS_E_AGAIN);
  assert_true(strlen(detail.text) > 0);
  /* What nobody was refused for is the runtime's, and refusals are not. */
  assert_int_equal(hws_detail(world->runtime, &detail), HWS_OK);
  assert_status(detail.status, HWS_OK);
  REFUSED(hws_refusal(NULL), HWS_E_INVAL);
  REFUSED(hws_refusal(&(struct hws_detail){.size = 8}), HWS_E_INVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_functions), EVERYWHERE(wrong_hows),
                                     EVERYWHERE(wrong_arguments), EVERYWHERE(wrong_handles), EVERYWHERE(own_words)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
