/* SPDX-License-Identifier: Apache-2.0
 *
 * What native sessions do beyond plain yamux: names and metadata, messages, codes and reasons, the end of one
 * direction, and going away in order.
 */
#include "tests/mux/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pair native_pair(struct world *world, const char *settings) {
  struct pair raw = pair_raw(world, "mem");
  return (struct pair){.client = session_in(raw.client, HWS_MODE_NATIVE, HWS_ROLE_DEFAULT, settings),
                       .server = session_in(raw.server, HWS_MODE_NATIVE, HWS_ROLE_DEFAULT, settings)};
}

static struct pair stream_pair(const struct pair *sessions) {
  struct pair streams = {.client = open_stream(sessions->client)};
  streams.server = accept_stream(sessions->server);
  return streams;
}

static void close_pair(const struct pair *pair) {
  close_handle(pair->client);
  close_handle(pair->server);
}

static hws_handle open_with(hws_handle session, const struct hws_open_config *config, uint32_t flags) {
  struct hws_how how = how_block();
  struct hws_event event;
  hws_handle stream = 0;
  how.flags |= flags;
  assert_int_equal(hws_open(session, config, &how, &event, NULL, &stream), 1);
  assert_status(event.status, HWS_OK);
  return stream;
}

/* ---- names and metadata ---- */

static void expect_name(hws_handle stream, const char *name) {
  static char text[20000];
  assert_int_equal(hws_text(stream, HWS_TEXT_NAME, text, sizeof text), strlen(name));
  assert_string_equal(text, name);
}

static void expect_pair_at(hws_handle stream, uint32_t index, const struct hws_pair *wanted) {
  static char text[20000];
  struct hws_pair found = {0};
  hws_result total = hws_metadata(stream, index, text, sizeof text, &found);
  assert_int_equal(total, wanted->key_len + wanted->value_len);
  assert_int_equal(found.key_len, wanted->key_len);
  assert_memory_equal(found.key, wanted->key, wanted->key_len);
  assert_memory_equal(found.value, wanted->value, wanted->value_len);
}

/* MUX-2: name, metadata and first payload are the peer's together, whatever their sizes. */
static void opens_carry_all(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  static char big[16000];
  static uint8_t bytes[50000];
  static uint8_t found[50000];
  memset(big, 'v', sizeof big);
  pattern_fill(5, 0, bytes, sizeof bytes);
  static const size_t payloads[] = {0, 1, 1024, 1025, 40000, 50000};
  for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
    struct hws_pair pairs[] = {{"key", "value", 3, 5}, {"k\0y", "\0\n", 3, 2}, {"big", big, 3, (uint32_t)(i * 3000)}};
    struct hws_vec payload = {.ptr = bytes, .len = payloads[i]};
    struct hws_open_config config = {.size = sizeof config,
                                     .name = "a/name with space and \xc3\xa9",
                                     .metadata = pairs,
                                     .metadata_count = 3,
                                     .payload = &payload,
                                     .payload_count = 1};
    hws_handle near = open_with(sessions.client, &config, 0);
    hws_handle far = accept_stream(sessions.server);
    expect_name(near, config.name);
    expect_name(far, config.name);
    for (uint32_t p = 0; p < 3; p++) expect_pair_at(far, p, &pairs[p]);
    struct hws_pair none;
    assert_int_equal(hws_metadata(far, 3, found, sizeof found, &none), HWS_E_INVAL);
    assert_int_equal(hws_metadata(far, 0, found, 7, &none), 8);
    if (payloads[i]) recv_exactly(far, found, payloads[i]);
    assert_memory_equal(found, bytes, payloads[i]);
    close_handle(near);
    close_handle(far);
  }
  close_pair(&sessions);
}

/* Bad input is refused at the call, and says why; nothing is opened. */
static void names_have_limits(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  static char big[16385 + 1];
  static struct hws_pair many[65];
  struct hws_how how = how_queue(world);
  hws_handle stream = 0;
  memset(big, 'n', sizeof big - 1);
  for (int i = 0; i < 65; i++) many[i] = (struct hws_pair){"k", "v", 1, 1};
  struct hws_open_config wrong[] = {
      {.size = sizeof *wrong, .name = big},
      {.size = sizeof *wrong, .metadata = many, .metadata_count = 65},
      {.size = sizeof *wrong, .metadata = &(struct hws_pair){"", "v", 0, 1}, .metadata_count = 1},
      {.size = sizeof *wrong, .metadata = &(struct hws_pair){big, "v", 16384, 0}, .metadata_count = 1},
      {.size = sizeof *wrong, .metadata_count = 1},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    bool missing = wrong[i].metadata_count && !wrong[i].metadata;
    assert_status(hws_open(sessions.client, &wrong[i], &how, NULL, NULL, &stream), HWS_E_INVAL);
    expect_refusal(HWS_E_INVAL, missing ? "config->metadata is NULL" : "open: name and metadata must fit");
  }
  struct hws_open_config unclean = {.size = sizeof unclean, .name = "two\nlines"};
  assert_status(hws_open(sessions.client, &unclean, &how, NULL, NULL, &stream), HWS_E_INVAL);
  expect_refusal(HWS_E_INVAL, "open: the name must be UTF-8");
  big[16384] = 0;
  struct hws_open_config largest = {.size = sizeof largest, .name = big};
  hws_handle near = open_with(sessions.client, &largest, 0);
  hws_handle far = accept_stream(sessions.server);
  expect_name(far, big);
  assert_int_equal(stat_of(sessions.server, "streams_accepted"), 1);
  close_handle(near);
  close_handle(far);
  close_pair(&sessions);
}

/* MUX-3: an open under a scope that has ended sends nothing. MUX-2: one that is reset before it left vanishes. */
static void cancelled_opens_vanish(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  hws_handle scope = 0;
  hws_handle stream = 0;
  assert_int_equal(hws_scope_open(world->runtime, 0, 0, &scope), HWS_OK);
  assert_int_equal(hws_scope_cancel(scope, 0, NULL), HWS_OK);
  struct hws_open_config config = {.size = sizeof config, .name = "never", .life = scope};
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_open(sessions.client, &config, &how, NULL, NULL, &stream), 0);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  config.life = 0;
  if (world->driven) { /* a thread of the loop's own may take the turn at which it leaves */
    hws_handle held = open_with(sessions.client, &config, HWS_MORE);
    assert_int_equal(hws_reset(held, 0, NULL), HWS_OK);
    close_handle(held);
  }
  config.name = "after";
  hws_handle near = open_with(sessions.client, &config, 0);
  hws_handle far = accept_stream(sessions.server);
  expect_name(far, "after");
  assert_int_equal(stat_of(sessions.server, "streams_accepted"), 1);
  assert_int_equal(stat_of(sessions.server, "resets_in"), 0);
  close_handle(near);
  close_handle(far);
  close_handle(scope);
  close_pair(&sessions);
}

/* ---- codes and reasons ---- */

/* CAN-4, CAN-11: a cancel carries 64 bits and a reason. */
static void resets_carry_all(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  char reason[400];
  memset(reason, 'r', sizeof reason);
  reason[sizeof reason - 1] = 0;
  static const uint64_t codes[] = {HWS_CODE_CANCELED, HWS_CODE_APPLICATION, UINT64_C(0x123456789abcdef0), UINT64_MAX};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct pair streams = stream_pair(&sessions);
    const char *why = i == 1 ? reason : i == 2 ? "caf\xc3\xa9 closes\nnow" : NULL;
    uint64_t watch = post_watch(world, streams.server);
    assert_int_equal(hws_reset(streams.client, codes[i], why), HWS_OK);
    struct hws_event event = world_await_status(world, watch, HWS_E_RESET);
    assert_int_equal(event.code, codes[i]);
    assert_int_equal(event.flags, HWS_EVENT_REMOTE);
    expect_detail(streams.server, HWS_E_RESET, i == 1 ? reason : i == 2 ? "caf\xc3\xa9 closes?now" : "reset here");
    close_pair(&streams);
  }
  close_pair(&sessions);
}

/* One direction ends, the other goes on; then the other. */
static void one_direction_stops(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  static uint8_t flood[1 << 20];
  for (int order = 0; order < 2; order++) {
    struct pair streams = stream_pair(&sessions);
    uint64_t sending = post_send(world, streams.server, flood, sizeof flood);
    assert_int_equal(hws_stop(streams.client, HWS_STOP_RECV, 77777, "enough"), HWS_OK);
    assert_int_equal(hws_stop(streams.client, HWS_STOP_RECV, 1, "twice"), HWS_OK);
    assert_status(recv_status(streams.client), HWS_E_CANCELED);
    struct hws_event event = world_await_status(world, sending, HWS_E_RESET);
    assert_int_equal(event.code, 77777);
    assert_true(event.bytes < sizeof flood);
    expect_detail(streams.server, HWS_E_RESET, "enough");
    assert_status(send_status(streams.server), HWS_E_RESET);
    send_all(streams.client, "goes on", 7);
    expect_bytes(streams.server, "goes on");
    if (order) {
      send_all(streams.client, "unread", 6);
      assert_int_equal(hws_stop(streams.client, HWS_STOP_SEND, 88888, "no more"), HWS_OK);
      assert_status(send_status(streams.client), HWS_E_CANCELED);
      world_await_status(world, post_watch(world, streams.client), HWS_E_CANCELED);
      world_await_status(world, post_watch(world, streams.server), HWS_E_RESET);
      assert_status(recv_status(streams.server), HWS_E_RESET);
    } else {
      shut_down(streams.client);
      assert_status(recv_status(streams.server), HWS_E_EOF);
    }
    close_pair(&streams);
  }
  world_until(world, stat_of(sessions.client, "streams") == 0 && stat_of(sessions.server, "streams") == 0);
  close_pair(&sessions);
}

/* ---- messages ---- */

static void send_message(hws_handle stream, const void *bytes, size_t length) {
  struct hws_vec vec = {.ptr = (void *)(uintptr_t)bytes, .len = length};
  struct hws_how how = how_block();
  struct hws_event event;
  how.flags |= HWS_EOM;
  assert_int_equal(hws_send(stream, &vec, 1, &how, &event, NULL), 1);
  assert_status(event.status, HWS_OK);
  assert_int_equal(event.bytes, length);
}

/* A whole message of that length and pattern, in pieces of `room`. */
static void expect_message(hws_handle stream, uint64_t seed, size_t length, size_t room) {
  uint8_t *bytes = malloc(room);
  struct hws_event event;
  size_t done = 0;
  do {
    event = recv_once(stream, bytes, room);
    assert_status(event.status, HWS_OK);
    pattern_expect(seed, done, bytes, event.bytes);
    done += event.bytes;
    assert_true(done <= length);
  } while (!(event.flags & HWS_EVENT_EOM));
  assert_int_equal(done, length);
  free(bytes);
}

/* A recv never crosses the end of a message, flags it, and never waits for it; a message may be larger than any window.
 */
static void messages_keep_their_ends(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  static const size_t lengths[] = {1, 0, 1, 5, 0, 0, 1024, 1025, 16384, 16385, 65536, 65535, 300000, 2000000, 1};
  enum { MESSAGES = sizeof lengths / sizeof *lengths };
  static uint8_t bytes[MESSAGES][2000000];
  static const size_t rooms[] = {1 << 20, 4096, 7};
  for (int r = 0; r < 3; r++) {
    uint64_t tags[MESSAGES];
    for (size_t i = 0; i < MESSAGES; i++) {
      size_t length = r == 2 && lengths[i] > 2000 ? 2000 + i : lengths[i];
      struct hws_vec vec = {.ptr = bytes[i], .len = length};
      struct hws_how how = how_queue(world);
      how.flags = HWS_EOM;
      pattern_fill(i, 0, bytes[i], length);
      assert_int_equal(hws_send(streams.client, &vec, 1, &how, NULL, NULL), 0);
      tags[i] = how.tag;
    }
    for (size_t i = 0; i < MESSAGES; i++)
      expect_message(streams.server, i, r == 2 && lengths[i] > 2000 ? 2000 + i : lengths[i], rooms[r]);
    for (size_t i = 0; i < MESSAGES; i++) world_await_status(world, tags[i], HWS_OK);
  }
  send_all(streams.client, "half", 4);
  expect_bytes(streams.server, "half"); /* not waited for */
  send_message(streams.client, NULL, 0);
  expect_message(streams.server, 0, 0, 10);
  close_pair(&streams);
  close_pair(&sessions);
}

/* An open's first payload can be a message, also an empty one. */
static void opens_can_be_messages(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  static uint8_t bytes[3000];
  pattern_fill(3, 0, bytes, sizeof bytes);
  static const size_t lengths[] = {0, 1, 3000};
  for (int i = 0; i < 3; i++) {
    struct hws_vec payload = {.ptr = bytes, .len = lengths[i]};
    struct hws_open_config config = {.size = sizeof config, .payload = &payload, .payload_count = 1};
    hws_handle near = open_with(sessions.client, &config, HWS_EOM);
    hws_handle far = accept_stream(sessions.server);
    expect_message(far, 3, lengths[i], 4096);
    send_message(far, "y", 1);
    close_handle(near);
    close_handle(far);
  }
  close_pair(&sessions);
}

/* A stream of messages that was opened without a name has none, nor pairs. */
static void messages_need_no_name(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  char text[8];
  struct hws_pair pair;
  send_message(streams.client, "a", 1);
  expect_name(streams.client, "");
  assert_status(hws_metadata(streams.client, 0, text, sizeof text, &pair), HWS_E_INVAL);
  close_pair(&streams);
  close_pair(&sessions);
}

/* An empty name is none; what a stream says of its carrier is what the connection says. */
static void texts_come_from_below(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct hws_open_config config = {.size = sizeof config, .name = ""};
  hws_handle stream = open_with(sessions.client, &config, 0);
  char text[64], wanted[64];
  expect_name(stream, "");
  assert_true(hws_text(sessions.client, HWS_TEXT_TRANSPORT, wanted, sizeof wanted) > 0);
  assert_true(hws_text(stream, HWS_TEXT_TRANSPORT, text, sizeof text) > 0);
  assert_string_equal(text, wanted);
  assert_true(hws_text(stream, HWS_TEXT_MODE, text, sizeof text) > 0);
  assert_string_equal(text, "native");
  close_pair(&sessions);
}

/* The event of an acquire goes down with its queue: an empty message has no lease to give back. */
static void unheard_empty_messages(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  struct hws_how how = how_block();
  assert_int_equal(hws_queue_open(world->runtime, &how.queue), HWS_OK);
  hws_handle queue = how.queue;
  how = (struct hws_how){.size = sizeof how, .queue = queue};
  assert_int_equal(hws_acquire(streams.server, &how, NULL, NULL), HWS_OK);
  send_message(streams.client, NULL, 0);
  send_message(streams.client, "behind", 6);
  expect_bytes(streams.server, "behind");
  close_handle(queue);
  close_pair(&streams);
  close_pair(&sessions);
}

/* MUX-14: a lease ends where a message does, and what is given back keeps its end. */
static void leases_keep_ends(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  struct hws_how how = how_block();
  struct hws_event event;
  for (int i = 0; i < 3; i++) send_message(streams.client, "first", 5);
  send_message(streams.client, NULL, 0);
  send_message(streams.client, "last", 4);
  send_message(streams.client, "behind", 6); /* a frame is counted before all of it is there: those before it are */
  world_until(world, stat_of(sessions.server, "frames_in") >= 8);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(hws_acquire(streams.server, &how, &event, NULL), 1);
    assert_int_equal(event.bytes, 5);
    assert_int_equal(event.flags, HWS_EVENT_EOM);
    assert_int_equal(hws_release(event.code, (uint64_t)i), HWS_OK);
    char rest[8] = {0};
    event = recv_once(streams.server, rest, sizeof rest);
    assert_string_equal(rest, &"first"[i]);
    assert_int_equal(event.flags, HWS_EVENT_EOM);
  }
  assert_int_equal(hws_acquire(streams.server, &how, &event, NULL), 1);
  assert_int_equal(event.bytes, 0);
  assert_int_equal(event.code, 0);
  assert_int_equal(event.flags, HWS_EVENT_EOM);
  assert_int_equal(hws_acquire(streams.server, &how, &event, NULL), 1);
  assert_int_equal(event.bytes, 4);
  assert_int_equal(hws_release(event.code, 4), HWS_OK);
  expect_bytes(streams.server, "behind");
  close_pair(&streams);
  close_pair(&sessions);
}

/* CAN-0: a cancelled message is not ended: what follows belongs to it, as nothing else could. */
static void cancelled_messages_have_no_end(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  static uint8_t bytes[1 << 20];
  struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
  struct hws_how how = how_queue(world);
  hws_handle op = 0;
  how.flags = HWS_EOM;
  assert_int_equal(hws_send(streams.client, &vec, 1, &how, NULL, &op), 0);
  world_until(world, stat_of(sessions.server, "bytes_in") >= 65536);
  assert_int_equal(hws_cancel(op), HWS_OK);
  struct hws_event event = world_await_status(world, how.tag, HWS_E_CANCELED);
  size_t taken = event.bytes;
  assert_true(taken < sizeof bytes);
  send_message(streams.client, "end", 3);
  size_t got = 0;
  do {
    event = recv_once(streams.server, bytes, sizeof bytes);
    assert_status(event.status, HWS_OK);
    got += event.bytes;
  } while (!(event.flags & HWS_EVENT_EOM));
  assert_int_equal(got, taken + 3);
  close_pair(&streams);
  close_pair(&sessions);
}

/* ---- going away ---- */

/* MUX-15: what runs finishes, what is new is refused, opens that were not seen are told apart. */
static void drains_in_order(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  struct hws_how how = how_queue(world);
  hws_handle stream = 0;
  uint64_t accepting = post_accept(world, sessions.server, &stream);
  hws_handle placeholder = stream;
  assert_int_equal(hws_shutdown(sessions.server, &how, NULL, NULL), 0);
  world_await_status(world, accepting, HWS_E_CLOSED);
  close_handle(placeholder);
  struct hws_event event;
  assert_false(world_has(world, how.tag, &event));
  /* Until the word has reached it, the client may open: it learns that this was not seen. */
  struct hws_how open = how_queue(world);
  if (hws_open(sessions.client, NULL, &open, NULL, NULL, &stream) == 0) {
    event = world_await(world, open.tag);
    if (event.status == HWS_OK) {
      event = world_await(world, post_watch(world, stream));
      assert_true(event.status == HWS_E_REFUSED || event.status == HWS_E_RESET);
      assert_int_equal(event.code, HWS_CODE_SHUTTING_DOWN);
    }
    if (stream) close_handle(stream);
  }
  world_until(world, (open = how_queue(world), hws_open(sessions.client, NULL, &open, NULL, NULL, &stream) == 0) &&
                         (event = world_await(world, open.tag)).status == HWS_E_CLOSED);
  open = how_queue(world);
  assert_int_equal(hws_open(sessions.server, NULL, &open, NULL, NULL, &stream), 0);
  world_await_status(world, open.tag, HWS_E_CLOSED);
  send_all(streams.client, "still", 5);
  expect_bytes(streams.server, "still");
  close_pair(&streams);
  world_await_status(world, how.tag, HWS_OK);
  /* A second one has nothing left to wait for. */
  how = how_queue(world);
  assert_int_equal(hws_shutdown(sessions.server, &how, NULL, NULL), 0);
  world_await_status(world, how.tag, HWS_OK);
  close_pair(&sessions);
}

/* CAN-9: a drain can be cancelled, can be late, and ends with the session. */
static void drains_can_be_given_up(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, NULL);
  struct pair streams = stream_pair(&sessions);
  hws_handle op = 0;
  struct hws_how how = how_queue(world);
  assert_int_equal(hws_shutdown(sessions.client, &how, NULL, &op), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  world_await_status(world, how.tag, HWS_E_CANCELED);
  how = how_queue(world);
  how.flags = HWS_RELATIVE;
  how.deadline_ns = MILLISECOND;
  assert_int_equal(hws_shutdown(sessions.client, &how, NULL, NULL), 0);
  world_await_status(world, how.tag, HWS_E_DEADLINE);
  how = how_queue(world);
  assert_int_equal(hws_shutdown(sessions.client, &how, NULL, NULL), 0);
  send_all(streams.client, "usable", 6);
  expect_bytes(streams.server, "usable");
  abort_handle(sessions.server);
  world_await_status(world, how.tag, HWS_E_CLOSED);
  close_pair(&streams);
  close_handle(sessions.client);
}

/* MUX-17, wire.md: a new stream has 64 KiB, or what the setting says. */
static void first_windows(void **state) {
  struct world *world = *state;
  static uint8_t bytes[1 << 20];
  static const char *const settings[] = {NULL, "window_first=256k", "window_first=1m&window_pool=1m"};
  static const size_t windows[] = {65536, 262144, 1 << 20};
  for (int i = 0; i < 3; i++) {
    struct pair sessions = native_pair(world, settings[i]);
    struct pair streams = stream_pair(&sessions);
    for (int side = 0; side < 2; side++) {
      hws_handle from = side ? streams.server : streams.client;
      hws_handle to_session = side ? sessions.client : sessions.server;
      uint64_t before = stat_of(to_session, "bytes_in");
      struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};
      struct hws_how how = how_queue(world);
      hws_handle op = 0;
      assert_int_equal(hws_send(from, &vec, 1, &how, NULL, &op), 0);
      world_until(world, stat_of(to_session, "bytes_in") - before >= windows[i]);
      for (int turn = 0; turn < 5; turn++) world_turn(world);
      assert_in_range(stat_of(to_session, "bytes_in") - before, windows[i], windows[i] + 1000);
      hws_cancel(op);
      struct hws_event event = world_await(world, how.tag);
      assert_int_equal(event.bytes, windows[i]);
    }
    abort_handle(sessions.client);
    abort_handle(sessions.server);
  }
}

/* Native limits are the peer's to tell: it opens no more than it may. */
static void streams_wait_for_room(void **state) {
  struct world *world = *state;
  struct pair sessions = native_pair(world, "streams_max=3");
  hws_handle streams[4];
  for (int i = 0; i < 3; i++) {
    streams[i] = open_stream(sessions.client);
    close_handle(accept_stream(sessions.server));
  }
  /* A frame behind the settings, which are counted before all of them is there. */
  world_until(world, stat_of(sessions.client, "frames_in") > 1);
  uint64_t opening = post_open(world, sessions.client, &streams[3]);
  struct hws_event event;
  for (int i = 0; i < 10; i++) world_turn(world);
  assert_false(world_has(world, opening, &event));
  close_handle(streams[0]);
  world_await_status(world, opening, HWS_OK);
  close_handle(accept_stream(sessions.server));
  assert_int_equal(stat_of(sessions.server, "streams_refused"), 0);
  for (int i = 1; i < 4; i++) close_handle(streams[i]);
  close_pair(&sessions);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(texts_come_from_below),          BOTH_MODES(opens_carry_all),       BOTH_MODES(names_have_limits),
      BOTH_MODES(cancelled_opens_vanish),         BOTH_MODES(resets_carry_all),      BOTH_MODES(one_direction_stops),
      BOTH_MODES(messages_keep_their_ends),       BOTH_MODES(opens_can_be_messages), BOTH_MODES(messages_need_no_name),
      BOTH_MODES(unheard_empty_messages),         BOTH_MODES(leases_keep_ends),      BOTH_MODES(drains_in_order),
      BOTH_MODES(drains_can_be_given_up),         BOTH_MODES(first_windows),         BOTH_MODES(streams_wait_for_room),
      BOTH_MODES(cancelled_messages_have_no_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
