/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenarios of resets and refusals, of either side (CAN-1, MUX-7, MUX-12, MUX-18).
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/interop/calls.h"
#include "tests/interop/echo.h"
#include "tests/interop/peer.h"
#include "tests/interop/scenarios.h"

static void reset_one(hws_handle session, hws_handle queue, uint64_t tag, uint64_t code) {
  const hws_handle stream = command(session, "echo");
  const struct hws_how how = how_queue(queue, tag);
  uint8_t bytes[64];
  const struct hws_vec vec = {.ptr = bytes, .len = sizeof bytes};

  send_text(stream, "echo");
  expect_text(stream, "echo");
  if (hws_recv(stream, &vec, 1, &how, NULL, NULL) != 0) fail("the recv did not pend");
  if (hws_reset(stream, code, "enough") < 0) fail("the reset was refused");
  if (wait_one(queue, tag) != HWS_E_CANCELED) fail("the recv was not canceled");
  close_object(stream);
}

static void scenario_reset(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle queue = queue_open();
  hws_handle stream;

  reset_one(session, queue, 1, 0);
  reset_one(session, queue, 2, HWS_CODE_APPLICATION + 1);
  reset_one(session, queue, 3, 0x1fff);
  expect_ok(session, "resets 3");
  if (peer_has("codes")) {
    stream = command(session, "codes 3");
    expect_text(stream, "1 8191 65537\n");
    close_object(stream);
  }
  close_object(queue);
  close_object(session);
}

/* Streams are reset while much of what they carry is under way; the session must not mind. */
static void scenario_reset_flood(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle calm = command(session, "echo");
  uint8_t bytes[4096];

  for (int i = 0; i < 100; i++) {
    const hws_handle stream = command(session, "flood");

    for (int received = 0; received < 10; received++)
      if (receive(stream, bytes, sizeof bytes) == 0) fail("the flood ended");
    if (hws_reset(stream, HWS_CODE_CANCELED, "enough") < 0) fail("the reset was refused");
    close_object(stream);
  }
  expect_ok(session, "resets 100");
  echo_through(calm, 6, 1u << 20);
  close_object(session);
}

static void scenario_they_reset(void) {
  const uint64_t code = peer_has("codes") ? 70000 : 0;
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "reset 70000");
  struct hws_event event = {0};
  const struct hws_how how = how_block();
  hws_handle other;

  if (hws_watch(stream, &how, &event, NULL) != 1) fail("the watch was refused");
  if (event.status != HWS_E_RESET || event.code != code)
    fail("the stream ended by %s, code %llu", name_of(event.status), (unsigned long long)event.code);
  /* A peer that has no reset of its own ends its direction first, and an end stays (docs/ends.md). */
  const int32_t end = receive_status(stream);
  if (end != HWS_E_RESET && (end != HWS_E_EOF || peer_has("codes"))) fail("a recv says %s", name_of(end));
  close_object(stream);
  other = command(session, "echo");
  echo_through(other, 2, 100000);
  close_object(other);
  close_object(session);
}

/* ---- refusals ---- */

enum { TRIES = 12 };

/* One line there and back; false: the stream was refused. */
static bool survives(hws_handle stream) {
  uint8_t bytes[1];
  size_t length;
  const int32_t sent = try_send(stream, "x", 1);
  const int32_t status = sent == HWS_OK ? try_receive(stream, bytes, 1, &length) : sent;

  if (status == HWS_OK && bytes[0] == 'x') return true;
  if (status != HWS_E_RESET) fail("a stream that may be refused says %s", name_of(status));
  return false;
}

static void finish_stream(hws_handle stream) {
  end_sending(stream);
  expect_end(stream);
  close_object(stream);
}

/* The peer has a backlog of four and accepts nothing for a while. What it refuses ends by a reset, all else goes on. */
static void scenario_refused(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle hold = command(session, "hold");
  const hws_handle queue = queue_open();
  hws_handle streams[TRIES];
  struct hws_event event;
  int refused = 0;
  int survivors = 0;

  expect_text(hold, "ok\n");
  for (uint64_t i = 0; i < TRIES; i++) {
    const struct hws_how how = how_queue(queue, i);

    streams[i] = stream_open(session);
    if (hws_watch(streams[i], &how, NULL, NULL) != 0) fail("the watch was refused");
    /* It may have been refused by now. */
    (void)try_send(streams[i], "echo\n", 5);
  }
  while (refused < TRIES - 5) {
    if (hws_queue_wait(queue, &event, 1, (int64_t)LIMIT_NS) != 1) fail("only %d streams were refused", refused);
    if (event.status != HWS_E_RESET || event.code != 0) fail("a refusal is %s", name_of(event.status));
    refused++;
  }
  finish_stream(hold);
  for (int i = 0; i < TRIES; i++) {
    if (survives(streams[i])) {
      survivors++;
      finish_stream(streams[i]);
    } else {
      close_object(streams[i]);
    }
  }
  if (survivors > 5 || survivors < 3) fail("%d of %d streams were let in", survivors, TRIES);
  expect_echo(session);
  close_object(queue);
  close_object(session);
}

/* The same the other way around: we refuse what our backlog of four does not hold. */
static void scenario_we_refuse(void) {
  const hws_handle session = peer_session("backlog=4");
  const hws_handle stream = command(session, "refusals 12");

  wait_stat(session, "streams_refused", TRIES - 4);
  echo_begin(session);
  expect_text(stream, "8\n");
  expect_text(stream, "ok\n");
  close_object(stream);
  close_object(session);
  echo_end();
}

const struct scenario scenarios_resets[] = {
    {"reset", scenario_reset, NULL},           {"reset-flood", scenario_reset_flood, NULL},
    {"they-reset", scenario_they_reset, NULL}, {"refused", scenario_refused, "refuse"},
    {"we-refuse", scenario_we_refuse, NULL},   {NULL, NULL, NULL},
};
