/* SPDX-License-Identifier: Apache-2.0
 *
 * OP-2, ABI-2: what is refused says so in the return value, has no effect and no event.
 */
#include "tests/core/zoo.h"

#include <stdlib.h>
#include <string.h>

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
        hws_shutdown(zoo.of[T_STREAM], wrong, out, &op),
    };
    for (size_t r = 0; r < sizeof results / sizeof results[0]; r++) {
      if (results[r] != wrongs[i].status) fail_msg("wrong how %zu, call %zu: %s", i, r, hws_status_name(results[r]));
    }
    assert_true(made == 0);
    if (wrongs[i].fine_for_close) continue;
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

/* OP-2: vectors, strings, structs. */
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
    assert_status(hws_send(s, &wrongs[i], 1, &good, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_recv(s, &wrongs[i], 1, &good, NULL, NULL), HWS_E_INVAL);
    assert_status(hws_send(m, &wrongs[i], 1, &good, NULL, NULL), HWS_E_INVAL);
    struct hws_open_config config = {.size = sizeof config, .payload = &wrongs[i], .payload_count = 1};
    assert_status(hws_open(zoo.of[T_SESSION], &config, &good, NULL, NULL, &made), HWS_E_INVAL);
  }
  struct hws_vec two[] = {{.ptr = &byte, .len = UINT64_C(1) << 40}, {.ptr = &byte, .len = 1}};
  assert_status(hws_send(s, two, 2, &good, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_recv(s, two, 2, &good, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_send(s, many, 1025, &good, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_recv(s, many, 1025, &good, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_send(s, NULL, 1, &good, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_recv(s, NULL, 1, &good, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_send(s, many, 1, NULL, &scratch, NULL), HWS_E_INVAL);
  struct hws_how eom = good;
  eom.flags = HWS_EOM;
  assert_status(hws_send(m, many, 1, &eom, NULL, NULL), HWS_E_UNSUPPORTED);

  assert_status(hws_reset(s, 0, reason), HWS_E_INVAL);
  assert_status(hws_stop(s, HWS_STOP_SEND, 0, reason), HWS_E_INVAL);
  assert_status(hws_stop(s, 0, 0, NULL), HWS_E_INVAL);
  assert_status(hws_stop(s, 4, 0, NULL), HWS_E_INVAL);
  assert_status(hws_stop(m, HWS_STOP_SEND, 0, NULL), HWS_E_UNSUPPORTED);
  struct hws_pair pair;
  assert_status(hws_metadata(s, 0, NULL, 0, &pair), HWS_E_INVAL);
  assert_status(hws_metadata(s, 0, NULL, 1, &pair), HWS_E_INVAL);
  assert_status(hws_metadata(s, 0, NULL, 0, NULL), HWS_E_INVAL);
  assert_status(hws_scope_cancel(zoo.of[T_SCOPE], 0, reason), HWS_E_INVAL);
  assert_status(hws_scope_status(zoo.of[T_SCOPE]), HWS_OK);

  assert_status(hws_queue_wait(world->queue, NULL, 1, 0), HWS_E_INVAL);
  assert_status(hws_queue_wait(world->queue, &scratch, 0, 0), HWS_E_INVAL);
  assert_status(hws_queue_wait(world->queue, &scratch, 65537, 0), HWS_E_INVAL);
  assert_status(hws_queue_waitable(world->queue, NULL), HWS_E_INVAL);
  assert_status(hws_queue_open(world->runtime, NULL), HWS_E_INVAL);
  assert_status(hws_scope_open(world->runtime, 0, 0, NULL), HWS_E_INVAL);
  assert_status(hws_scope_open(world->runtime, world->queue, 0, &made), HWS_E_HANDLE);

  assert_status(hws_listen(world->runtime, NULL, 0, &good, NULL, NULL, &made), HWS_E_INVAL);
  assert_status(hws_listen(world->runtime, "mem://a", 0, &good, NULL, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_dial(world->runtime, NULL, 0, &good, NULL, NULL, &made), HWS_E_INVAL);
  assert_status(hws_dial(world->runtime, "mem://a", 0, &good, NULL, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_dial(world->runtime, "nonsense", 0, &good, NULL, NULL, &made), HWS_E_ADDRESS);
  assert_status(hws_dial(world->runtime, "nobody://knows", 0, &good, NULL, NULL, &made), HWS_E_ADDRESS);
  assert_status(hws_accept(zoo.of[T_LISTENER], 0, &good, NULL, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_open(zoo.of[T_SESSION], NULL, &good, NULL, NULL, NULL), HWS_E_INVAL);
  assert_status(hws_session(s, NULL, NULL), HWS_E_INVAL);

  struct hws_session_config session = {.size = sizeof session - 1};
  assert_status(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .flags = 1};
  assert_status(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .mode = 9};
  assert_status(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .role = 9};
  assert_status(hws_session(s, &session, &made), HWS_E_INVAL);
  session = (struct hws_session_config){.size = sizeof session, .settings = "unknown=1"};
  assert_status(hws_session(s, &session, &made), HWS_E_INVAL);
  assert_status(hws_session(zoo.link.ends.server, NULL, &made), HWS_E_BUSY); /* its recv pends */

  struct hws_open_config open_config = {.size = sizeof open_config - 1};
  assert_status(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  open_config = (struct hws_open_config){.size = sizeof open_config, .flags = 1};
  assert_status(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  open_config = (struct hws_open_config){.size = sizeof open_config, .payload_count = 1};
  assert_status(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_INVAL);
  open_config = (struct hws_open_config){.size = sizeof open_config, .name = "name"};
  assert_status(hws_open(zoo.of[T_SESSION], &open_config, &good, NULL, NULL, &made), HWS_E_UNSUPPORTED);

  assert_status(hws_detail(s, NULL), HWS_E_INVAL);
  assert_status(hws_detail(s, &(struct hws_detail){.size = 8}), HWS_E_INVAL);
  assert_status(hws_detail_of(s, HWS_STOP_RECV, NULL), HWS_E_INVAL);
  assert_status(hws_detail_of(s, HWS_STOP_RECV, &(struct hws_detail){.size = 8}), HWS_E_INVAL);
  assert_status(hws_detail_of(s, 3, &(struct hws_detail){.size = sizeof(struct hws_detail)}), HWS_E_INVAL);
  assert_status(hws_text(s, 0, NULL, 0), HWS_E_INVAL);
  assert_status(hws_text(s, 99, NULL, 0), HWS_E_INVAL);
  assert_status(hws_text(s, HWS_TEXT_LOCAL, NULL, 1), HWS_E_INVAL);
  assert_status(hws_peer(s, NULL), HWS_E_INVAL);
  assert_status(hws_peer(s, &(struct hws_peer){.size = 8}), HWS_E_INVAL);
  assert_status(hws_stat(s, NULL, &(uint64_t){0}), HWS_E_INVAL);
  assert_status(hws_stat(world->runtime, "loop_turns", NULL), HWS_E_INVAL);
  assert_status(hws_stat(world->runtime, "no_such", &(uint64_t){0}), HWS_E_UNSUPPORTED);
  assert_status(hws_release(zoo.of[T_LEASE], 6), HWS_E_INVAL);
  assert_null(hws_stat_name(world->runtime, 1000));
  assert_null(hws_stat_name(0, 0));

  struct hws_runtime_config config = {.size = 4};
  assert_status(hws_runtime_open(&config, &made), HWS_E_INVAL);
  config = (struct hws_runtime_config){.size = sizeof config, .flags = 128};
  assert_status(hws_runtime_open(&config, &made), HWS_E_INVAL);
  config = (struct hws_runtime_config){.size = sizeof config, .plugin_dir = "relative"};
  assert_status(hws_runtime_open(&config, &made), HWS_E_INVAL);
  config = (struct hws_runtime_config){.size = sizeof config, .settings = "unknown=1"};
  assert_status(hws_runtime_open(&config, &made), HWS_E_INVAL);
  assert_status(hws_runtime_open(NULL, NULL), HWS_E_INVAL);
  expect_no_event(world);
  assert_int_equal(hws_release(zoo.of[T_LEASE], 5), HWS_OK);
  free(many);
  free(reason);
}

int main(void) {
  const struct CMUnitTest tests[] = {EVERYWHERE(wrong_hows), EVERYWHERE(wrong_arguments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
