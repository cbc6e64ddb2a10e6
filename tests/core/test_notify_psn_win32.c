/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-1..NTF-3, NTF-7, NTF-9: the arm of ProcessSocketNotifications, which Wine lacks, against one of our own that
 * records what it is asked for and posts to the real port: what is registered, when memory is freed, and what becomes
 * of registrations that fail.
 */
#include "tests/core/fake_psn_win32.h"
#include "tests/core/notify_win32.h"

static int fake_open(void **state) {
  fake_psn_begin();
  port_scene_arm = &notify_arm_psn;
  return port_scene_open(state);
}

static int fake_close(void **state) {
  int result = port_scene_close(state);
  fake_psn_end();
  return result;
}

#define FAKED(test) cmocka_unit_test_setup_teardown(test, fake_open, fake_close)

enum { ONE_SHOT_LEVEL = NOTIFY_ONE_SHOT | NOTIFY_LEVEL, PERSISTENT_EDGE = NOTIFY_PERSISTENT | NOTIFY_EDGE };

static uint64_t watch(struct port_scene *scene, unsigned events, unsigned triggers) {
  uint64_t key;
  assert_int_equal(notify_register(scene->notify, scene->server, scene, events, triggers, &key), 0);
  return key;
}

/* NTF-1: where the system has it, it is what is used. */
static void chosen_where_there_is_one(void **state) {
  struct port_scene *scene = *state;
  assert_true(notify_psn_found());
  struct notify *notify = notify_new(scene->port, NULL);
  assert_string_equal(notify_name(notify), "ProcessSocketNotifications");
  notify_free(notify);
  notify_psn_use(NULL);
  bool has = GetProcAddress(GetModuleHandleA("ws2_32.dll"), "ProcessSocketNotifications") != NULL;
  assert_int_equal(notify_psn_found(), has);
}

/* NTF-9: one call re-arms and harvests. The key is no pointer. */
static void one_call_rearms_and_harvests(void **state) {
  struct port_scene *scene = *state;
  uint64_t key = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  struct fake_call call = fake_psn_last();
  assert_int_equal(call.count, 1);
  assert_int_equal(call.room, 0);
  assert_int_equal(call.first.socket, scene->server);
  assert_int_equal((uint64_t)(uintptr_t)call.first.key, key);
  assert_true(key & NOTIFY_KEY_BIT);
  assert_int_equal(call.first.operation, PSN_ENABLE);
  assert_int_equal(call.first.events, NOTIFY_IN);
  assert_int_equal(call.first.triggers, ONE_SHOT_LEVEL);
  for (int round = 0; round < 3; round++) {
    assert_true(fake_psn_tell(scene->server, NOTIFY_IN));
    assert_false(fake_psn_tell(scene->server, NOTIFY_IN)); /* one shot */
    expect_told(scene, key, NOTIFY_IN);
    unsigned before = fake_psn_calls();
    notify_want(scene->notify, key, NOTIFY_IN | NOTIFY_OUT);
    assert_int_equal(fake_psn_calls(), before);
    expect_silence(scene);
    assert_int_equal(fake_psn_calls(), before + 1);
    call = fake_psn_last();
    assert_int_equal(call.count, 1);
    assert_int_equal(call.room, 1);
    assert_int_equal(call.first.events, NOTIFY_IN | NOTIFY_OUT);
  }
  remove_and_wait(scene, key);
}

/* NTF-3: memory goes after REMOVE, however long that takes; what was told before it leads nowhere. */
static void freed_after_remove(void **state) {
  struct port_scene *scene = *state;
  uint64_t key = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  fake_psn_hold_removals();
  assert_true(fake_psn_tell(scene->server, NOTIFY_IN));
  assert_true(notify_remove(scene->notify, key, false));
  assert_int_equal(fake_psn_last().first.operation, PSN_REMOVE);
  expect_silence(scene);
  assert_int_equal(notify_count(scene->notify), 1);
  assert_int_equal(notify_stale(scene->notify), 0); /* it was still there to be found */
  notify_want(scene->notify, key, NOTIFY_IN);
  expect_silence(scene);
  assert_true(notify_remove(scene->notify, key, false)); /* twice is once */
  assert_int_equal(fake_psn_release_removals(), 1);
  expect_told(scene, key, NOTIFY_REMOVED);
  assert_int_equal(notify_count(scene->notify), 0);
}

/* NTF-3: a socket that was closed sends no REMOVE: the removal says so, and what was queued is known by its
 * generation. NTF-9: changing a key is remove, wait for REMOVE, register again. */
static void generations(void **state) {
  struct port_scene *scene = *state;
  uint64_t key = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  assert_true(fake_psn_tell(scene->server, NOTIFY_IN));
  closesocket(scene->server);
  assert_false(notify_remove(scene->notify, key, false));
  assert_int_equal(notify_count(scene->notify), 0);
  scene->server = datagram_new();
  uint64_t second = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  assert_int_equal((uint32_t)key, (uint32_t)second);
  assert_true(key != second);
  expect_silence(scene);
  assert_int_equal(notify_stale(scene->notify), 1);
  remove_and_wait(scene, second);
  uint64_t third = watch(scene, NOTIFY_OUT, ONE_SHOT_LEVEL);
  assert_true(third != second);
  assert_true(fake_psn_tell(scene->server, NOTIFY_OUT));
  expect_told(scene, third, NOTIFY_OUT);
  remove_and_wait(scene, third);
}

/* NTF-9: want of memory passes: at registering, at asking again, at removing, of one or of the whole call. */
static void memory_is_waited_for(void **state) {
  struct port_scene *scene = *state;
  for (int whole = 0; whole < 2; whole++) {
    void (*starve)(unsigned, DWORD) = whole ? fake_psn_fail_whole : fake_psn_fail;
    starve(2, ERROR_NOT_ENOUGH_MEMORY);
    uint64_t key = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
    assert_int_equal(fake_psn_find(scene->server).socket, INVALID_SOCKET);
    while (!fake_psn_tell(scene->server, NOTIFY_IN)) expect_silence(scene);
    expect_told(scene, key, NOTIFY_IN);
    starve(3, whole ? WSAENOBUFS : ERROR_NO_SYSTEM_RESOURCES);
    notify_want(scene->notify, key, NOTIFY_IN);
    notify_flush(scene->notify);
    assert_false(fake_psn_find(scene->server).enabled);
    while (!fake_psn_tell(scene->server, NOTIFY_IN)) expect_silence(scene);
    expect_told(scene, key, NOTIFY_IN);
    starve(2, ERROR_NOT_ENOUGH_QUOTA);
    assert_true(notify_remove(scene->notify, key, false));
    assert_int_equal(notify_count(scene->notify), 1);
    expect_told(scene, key, NOTIFY_REMOVED);
  }
}

/* A wait does not outlast the next try, though it has no limit of its own. */
static void a_wait_is_cut_short(void **state) {
  struct port_scene *scene = *state;
  OVERLAPPED_ENTRY entry;
  fake_psn_fail(3, ERROR_NOT_ENOUGH_MEMORY);
  uint64_t key = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  for (int tries = 0; tries < 2; tries++) assert_int_equal(notify_harvest(scene->notify, &entry, 1, INFINITE), 0);
  expect_silence(scene);
  assert_true(fake_psn_tell(scene->server, NOTIFY_IN));
  expect_told(scene, key, NOTIFY_IN);
  remove_and_wait(scene, key);
}

/* NTF-9: what fails for good at registering is freed there; later it is told, stays owned, and is removed once. */
static void failures_are_told(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  fake_psn_fail(1, ERROR_INVALID_PARAMETER);
  assert_int_equal(notify_register(scene->notify, scene->server, scene, NOTIFY_IN, ONE_SHOT_LEVEL, &key),
                   ERROR_INVALID_PARAMETER);
  assert_int_equal(notify_count(scene->notify), 0);
  fake_psn_fail_whole(1, WSAENOTSOCK);
  assert_int_equal(notify_register(scene->notify, scene->server, scene, NOTIFY_IN, ONE_SHOT_LEVEL, &key), WSAENOTSOCK);
  assert_int_equal(notify_count(scene->notify), 0);
  key = watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  assert_true(fake_psn_tell(scene->server, NOTIFY_IN));
  expect_told(scene, key, NOTIFY_IN);
  fake_psn_fail(1, ERROR_INVALID_PARAMETER);
  notify_want(scene->notify, key, NOTIFY_IN);
  expect_told(scene, key, NOTIFY_ERROR);
  assert_int_equal(notify_count(scene->notify), 1);
  remove_and_wait(scene, key);
}

/* NTF-2, NTF-7: persistent edge is had, with one-shot it is refused before the system hears of it. */
static void triggers(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  assert_int_equal(notify_register(scene->notify, scene->server, scene, NOTIFY_IN, NOTIFY_ONE_SHOT | NOTIFY_EDGE, &key),
                   ERROR_INVALID_PARAMETER);
  assert_int_equal(fake_psn_calls(), 0);
  assert_true(notify_offers(scene->notify, PERSISTENT_EDGE));
  key = watch(scene, NOTIFY_IN, PERSISTENT_EDGE);
  for (int round = 0; round < 3; round++) {
    assert_true(fake_psn_tell(scene->server, NOTIFY_IN));
    expect_told(scene, key, NOTIFY_IN);
  }
  assert_int_equal(fake_psn_calls(), 1);
  remove_and_wait(scene, key);
}

/* The service ends with registrations left: each is removed, and its REMOVE taken. */
static void ends_with_some_left(void **state) {
  struct port_scene *scene = *state;
  (void)watch(scene, NOTIFY_IN, ONE_SHOT_LEVEL);
  notify_free(scene->notify);
  scene->notify = NULL;
  assert_int_equal(fake_psn_last().first.operation, PSN_REMOVE);
  assert_int_equal(fake_psn_find(scene->server).socket, INVALID_SOCKET);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FAKED(chosen_where_there_is_one), FAKED(one_call_rearms_and_harvests),
      FAKED(freed_after_remove),        FAKED(generations),
      FAKED(memory_is_waited_for),      FAKED(a_wait_is_cut_short),
      FAKED(failures_are_told),         FAKED(triggers),
      FAKED(ends_with_some_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
