/* SPDX-License-Identifier: Apache-2.0
 *
 * NTF-1..NTF-3, NTF-7..NTF-9: the readiness service over AFD polls, which every Windows and Wine has: what is told,
 * when it is told again, what a removal promises, and what is refused.
 */
#include "tests/core/notify_win32.h"

static void one_shot(struct port_scene *scene, SOCKET socket, unsigned events, uint64_t *key) {
  assert_int_equal(notify_register(scene->notify, socket, scene, events, NOTIFY_ONE_SHOT | NOTIFY_LEVEL, key), 0);
}

/* NTF-2: told once, and again when it is asked again, for as long as it holds. */
static void one_shot_level(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  one_shot(scene, scene->server, NOTIFY_IN, &key);
  expect_silence(scene);
  send_text(scene->client, "x");
  expect_told(scene, key, NOTIFY_IN);
  expect_silence(scene);
  notify_want(scene->notify, key, NOTIFY_IN);
  expect_told(scene, key, NOTIFY_IN); /* it has not been read */
  recv_text(scene->server, "x");
  notify_want(scene->notify, key, NOTIFY_IN);
  expect_silence(scene);
  send_text(scene->client, "y");
  expect_told(scene, key, NOTIFY_IN);
  remove_and_wait(scene, key);
}

static void persistent_level(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  assert_int_equal(
      notify_register(scene->notify, scene->server, scene, NOTIFY_IN, NOTIFY_PERSISTENT | NOTIFY_LEVEL, &key), 0);
  for (int round = 0; round < 3; round++) {
    send_text(scene->client, "x");
    expect_told(scene, key, NOTIFY_IN);
    expect_told(scene, key, NOTIFY_IN);
    recv_text(scene->server, "x");
    /* It was asked for again before that read, maybe. */
    while (harvest_told(scene, QUIET_MS).events) continue;
  }
  remove_and_wait(scene, key);
}

/* A wish that comes while another is out is added to it. */
static void more_is_asked_for(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  one_shot(scene, scene->server, NOTIFY_IN, &key);
  expect_silence(scene);
  notify_want(scene->notify, key, NOTIFY_OUT);
  expect_told(scene, key, NOTIFY_OUT);
  notify_want(scene->notify, key, NOTIFY_IN);
  expect_silence(scene);
  send_text(scene->client, "x");
  expect_told(scene, key, NOTIFY_IN);
  remove_and_wait(scene, key);
}

/* NTF-3: what was told before the removal is not told after it; then nothing is, and the slot's next owner has another
 * key. */
static void removal_is_the_last(void **state) {
  struct port_scene *scene = *state;
  uint64_t before = 0;
  for (int round = 0; round < 20; round++) {
    uint64_t key;
    one_shot(scene, scene->server, NOTIFY_IN | NOTIFY_OUT, &key);
    assert_true(key != before);
    before = key;
    if (round % 2) notify_flush(scene->notify);
    assert_int_equal(notify_count(scene->notify), 1);
    remove_and_wait(scene, key);
    assert_int_equal(notify_count(scene->notify), 0);
    notify_want(scene->notify, key, NOTIFY_IN); /* of nobody */
    assert_false(notify_remove(scene->notify, key, false));
    expect_silence(scene);
  }
}

/* NTF-3: a packet under the key of one that is over is counted, and leads nowhere. */
static void late_packets_are_recognised(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  uint64_t next;
  one_shot(scene, scene->server, NOTIFY_IN, &key);
  remove_and_wait(scene, key);
  one_shot(scene, scene->server, NOTIFY_IN, &next);
  assert_int_equal((uint32_t)key, (uint32_t)next); /* the same slot */
  assert_true(PostQueuedCompletionStatus(scene->port, NOTIFY_IN, (ULONG_PTR)key, NULL));
  assert_true(PostQueuedCompletionStatus(scene->port, NOTIFY_REMOVED, (ULONG_PTR)key, NULL));
  expect_silence(scene);
  assert_int_equal(notify_stale(scene->notify), 2);
  assert_int_equal(notify_count(scene->notify), 1);
  remove_and_wait(scene, next);
}

/* The socket was closed without a removal: nothing comes of it, and its memory is freed all the same. */
static void closed_without_removal(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  one_shot(scene, scene->server, NOTIFY_IN, &key);
  closesocket(scene->server);
  scene->server = INVALID_SOCKET;
  expect_silence(scene);
  if (notify_remove(scene->notify, key, false)) expect_told(scene, key, NOTIFY_REMOVED);
  assert_int_equal(notify_count(scene->notify), 0);
}

/* NTF-8: what had arrived can be read before the hang-up, and a reset is told as an error. */
static void hang_ups(void **state) {
  struct port_scene *scene = *state;
  uint64_t key;
  one_shot(scene, scene->server, NOTIFY_IN | NOTIFY_HANGUP, &key);
  send_text(scene->client, "last");
  assert_int_equal(shutdown(scene->client, SD_SEND), 0);
  assert_true(expect_told_any(scene, key) & NOTIFY_IN);
  recv_text(scene->server, "last");
  notify_want(scene->notify, key, NOTIFY_IN | NOTIFY_HANGUP);
  assert_true(expect_told_any(scene, key) & NOTIFY_HANGUP);
  char byte;
  assert_int_equal(recv(scene->server, &byte, 1, 0), 0);
  remove_and_wait(scene, key);
}

static void resets(void **state) {
  struct port_scene *scene = *state;
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  uint64_t key;
  char byte;
  one_shot(scene, scene->server, NOTIFY_IN | NOTIFY_HANGUP, &key);
  expect_silence(scene);
  assert_int_equal(setsockopt(scene->client, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof at_once), 0);
  closesocket(scene->client);
  scene->client = INVALID_SOCKET;
  assert_true(expect_told_any(scene, key) & (NOTIFY_HANGUP | NOTIFY_ERROR));
  assert_true(recv(scene->server, &byte, 1, 0) <= 0);
  remove_and_wait(scene, key);
}

/* NTF-7: what AFD has not is refused, as is edge with one-shot by anything. */
static void refusals(void **state) {
  struct port_scene *scene = *state;
  const unsigned both = NOTIFY_LEVEL | NOTIFY_EDGE;
  uint64_t key = 0;
  struct notify *notify = scene->notify;
  assert_string_equal(notify_name(notify), "AFD");
  assert_true(notify_offers(notify, NOTIFY_ONE_SHOT | NOTIFY_LEVEL));
  assert_true(notify_offers(notify, NOTIFY_PERSISTENT | NOTIFY_LEVEL));
  assert_false(notify_offers(notify, NOTIFY_PERSISTENT | NOTIFY_EDGE));
  assert_int_equal(notify_register(notify, scene->server, scene, NOTIFY_IN, NOTIFY_PERSISTENT | NOTIFY_EDGE, &key),
                   ERROR_NOT_SUPPORTED);
  assert_int_equal(notify_register(notify, scene->server, scene, NOTIFY_IN, NOTIFY_ONE_SHOT | NOTIFY_EDGE, &key),
                   ERROR_INVALID_PARAMETER);
  assert_int_equal(notify_register(notify, scene->server, scene, NOTIFY_IN, NOTIFY_ONE_SHOT | both, &key),
                   ERROR_INVALID_PARAMETER);
  assert_int_not_equal(notify_register(notify, INVALID_SOCKET, scene, NOTIFY_IN, NOTIFY_ONE_SHOT | NOTIFY_LEVEL, &key),
                       0);
  assert_int_equal(notify_count(notify), 0);
}

/* More sockets than a handle of the device takes, and slots beyond the first; all freed at the end, removed or not. */
static void many(void **state) {
  enum { MANY = 100 };
  struct port_scene *scene = *state;
  SOCKET sockets[MANY];
  uint64_t keys[MANY];
  for (int i = 0; i < MANY; i++) {
    sockets[i] = datagram_new();
    one_shot(scene, sockets[i], NOTIFY_IN, &keys[i]);
  }
  for (int i = 0; i < MANY; i += 2) datagram_send(scene, sockets[i]);
  for (int told = 0; told < MANY / 2; told++) assert_int_equal(harvest_told(scene, PATIENCE_MS).events, NOTIFY_IN);
  expect_silence(scene);
  for (int i = 0; i < MANY; i += 3) remove_and_wait(scene, keys[i]);
  notify_free(scene->notify);
  scene->notify = NULL;
  for (int i = 0; i < MANY; i++) closesocket(sockets[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PORT_SCENE(one_shot_level),
      PORT_SCENE(persistent_level),
      PORT_SCENE(more_is_asked_for),
      PORT_SCENE(removal_is_the_last),
      PORT_SCENE(late_packets_are_recognised),
      PORT_SCENE(closed_without_removal),
      PORT_SCENE(hang_ups),
      PORT_SCENE(resets),
      PORT_SCENE(refusals),
      PORT_SCENE(many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
