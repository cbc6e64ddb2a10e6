/* SPDX-License-Identifier: Apache-2.0
 *
 * MUX-25: the hello comes first, whatever is taken back before it could be written.
 */
#include "tests/mux/peer.h"

#include <string.h>

enum { PAIR_SIZE = 2 * FRAME_HEADER_SIZE, SETTINGS_FRAME = FRAME_HEADER_SIZE + SETTINGS_SIZE };
static uint8_t filling[64 * 1024];

/* A connection that takes no more; returns how much the other end has to read first. */
static uint64_t fill(hws_handle stream) {
  uint64_t filled = 0;
  for (size_t part = sizeof filling; part;) {
    struct hws_how how = {.size = sizeof how, .flags = HWS_TRY};
    struct hws_vec vec = {.ptr = filling, .len = part};
    struct hws_event event;
    hws_result result = hws_send(stream, &vec, 1, &how, &event, NULL);
    if (result == 1) assert_status(event.status, HWS_OK);
    if (result == 1)
      filled += event.bytes;
    else
      part /= 2;
  }
  assert_true(filled > 0);
  return filled;
}

static void read_away(hws_handle stream, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes;) {
    uint64_t part = bytes - done < sizeof filling ? bytes - done : sizeof filling;
    recv_exactly(stream, filling, part);
    done += part;
  }
}

static void post_many(struct world *world, hws_handle session, hws_handle *streams, unsigned count) {
  for (unsigned i = 0; i < count; i++) (void)post_open(world, session, &streams[i]);
}

/* Opens that are reset, closed and cancelled each take the batch back in which the hello still stands. */
static void take_back(struct world *world, hws_handle *streams) {
  assert_int_equal(hws_reset(streams[0], 70000, "not needed any more"), HWS_OK);
  world_turn(world);
  assert_int_equal(
      hws_close(streams[1], &(struct hws_how){.size = sizeof(struct hws_how), .flags = HWS_ABORT}, NULL, NULL), HWS_OK);
  world_turn(world);
  struct hws_how how = how_queue(world);
  hws_handle op = 0;
  struct hws_vec vec = {.ptr = filling, .len = sizeof filling};
  assert_int_equal(hws_send(streams[2], &vec, 1, &how, NULL, &op), 0);
  assert_int_equal(hws_cancel(op), HWS_OK);
  (void)world_await(world, how.tag);
  assert_int_equal(hws_reset(streams[2], 0, NULL), HWS_OK);
}

static void expect_settings(const uint8_t *bytes) {
  struct frame frame;
  assert_null(frame_decode_native(bytes, &frame));
  assert_int_equal(frame.type, FRAME_SETTINGS);
  assert_int_equal(frame.length, SETTINGS_SIZE);
}

/* The preface and SETTINGS, and then what is left. */
static void preface_comes_first(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  uint64_t filled = fill(raw.client);
  hws_handle client = session_in(raw.client, HWS_MODE_NATIVE, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[4] = {0};
  post_many(world, client, streams, 4);
  take_back(world, streams);
  read_away(raw.server, filled);
  hws_handle server = session_in(raw.server, HWS_MODE_NATIVE, HWS_ROLE_SERVER, NULL);
  send_all(streams[3], "kept", 4);
  for (;;) {
    hws_handle stream = accept_stream(server);
    char text[5] = {0};
    struct hws_event event = recv_once(stream, text, 4);
    if (event.status == HWS_OK && strcmp(text, "kept") == 0) break;
  }
  abort_handle(client);
  abort_handle(server);
}

/* The pair, and then SETTINGS; neither is torn apart. */
static void pair_comes_first(void **state) {
  struct world *world = *state;
  struct pair raw = pair_raw(world, "mem");
  uint64_t filled = fill(raw.client);
  hws_handle client = session_in(raw.client, HWS_MODE_AUTO, HWS_ROLE_CLIENT, NULL);
  hws_handle streams[4] = {0};
  uint8_t pair[PAIR_SIZE];
  char mode[16] = "";
  frame_encode(pair, &(struct frame){FRAME_PING, FRAME_SYN, 0, PAIR_MAGIC});
  frame_encode(pair + FRAME_HEADER_SIZE, &(struct frame){FRAME_PING, FRAME_SYN, 0, NATIVE_V1});
  send_all(raw.server, pair, sizeof pair);
  world_until(world, hws_text(client, HWS_TEXT_MODE, mode, sizeof mode) > 0 && strcmp(mode, "native") == 0);
  post_many(world, client, streams, 4);
  take_back(world, streams);
  read_away(raw.server, filled);
  uint8_t heard[PAIR_SIZE + SETTINGS_FRAME];
  recv_exactly(raw.server, heard, sizeof heard);
  assert_memory_equal(heard, pair, PAIR_SIZE);
  expect_settings(heard + PAIR_SIZE);
  abort_handle(client);
  abort_handle(raw.server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH_MODES(preface_comes_first),
      BOTH_MODES(pair_comes_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
