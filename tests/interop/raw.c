/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenarios without a session: a connection as it is, with a peer that echoes, or sends and expects the echo.
 */
#include <stdio.h>

#include "tests/interop/calls.h"
#include "tests/interop/peer.h"
#include "tests/interop/scenarios.h"

enum { MESSAGES = 200, MESSAGE_LEAST = 1, MESSAGE_STEP = 307, PIECE = 1 << 16 };
static uint8_t piece[PIECE];

/* Bytes go there and come back; nobody ends a direction, as a pipe of bytes cannot. */
static void scenario_raw_bytes(void) {
  const hws_handle stream = peer_stream();
  const uint64_t mib = peer_number("mib=", 4);
  struct source sent = source_of(11);
  struct source expected = source_of(11);

  for (uint64_t i = 0; i < 16 * mib; i++) {
    send_source(stream, &sent, PIECE);
    expect_source(stream, &expected, PIECE);
  }
  close_object(stream);
}

/* Each send is one message: the peer has counted them when it is asked. Where messages have an end, ours is heard, and
 * theirs comes. */
static void scenario_raw_messages(void) {
  const hws_handle stream = peer_stream();
  struct source sent = source_of(12);
  struct source expected = source_of(12);
  char count[64];
  uint64_t total = 0;

  for (int i = 0; i < MESSAGES; i++) {
    const size_t length = MESSAGE_LEAST + (size_t)i * MESSAGE_STEP;

    source_fill(&sent, piece, length);
    send_all(stream, piece, length);
    expect_source(stream, &expected, length);
    total += length;
  }
  (void)snprintf(count, sizeof count, "messages %d bytes %llu\n", MESSAGES, (unsigned long long)total);
  send_text(stream, "count");
  expect_text(stream, count);
  if (peer_has("ends")) end_sending(stream);
  if (peer_has("ends")) expect_end(stream);
  close_object(stream);
}

/* What the peer sends goes back until it ends or leaves. */
static void scenario_raw_echo(void) {
  const hws_handle stream = peer_stream();

  for (size_t length; (length = receive(stream, piece, sizeof piece)) != 0;) send_all(stream, piece, length);
  if (peer_has("ends")) end_sending(stream);
  close_object(stream);
}

const struct scenario scenarios_raw[] = {
    {"raw-bytes", scenario_raw_bytes, "raw"},
    {"raw-messages", scenario_raw_messages, "raw"},
    {"raw-echo", scenario_raw_echo, "raw"},
    {NULL, NULL, NULL},
};
