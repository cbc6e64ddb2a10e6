/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenarios of a stream's life: open, echo, half-close in both orders, many at once, theirs (MUX-1, MUX-4, MUX-13,
 * MUX-17).
 */
#include <stdio.h>

#include "tests/interop/calls.h"
#include "tests/interop/echo.h"
#include "tests/interop/many.h"
#include "tests/interop/peer.h"
#include "tests/interop/scenarios.h"

static void scenario_open(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "echo");

  send_text(stream, "hello");
  expect_text(stream, "hello");
  end_sending(stream);
  expect_end(stream);
  close_object(stream);
  close_object(session);
}

static void scenario_echo(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "echo");

  echo_through(stream, 1, peer_number("mib=", 64) << 20);
  close_object(stream);
  close_object(session);
}

static void scenario_streams(void) {
  const hws_handle session = peer_session(NULL);

  many_streams(session, 256, peer_number("many=", 300) << 10);
  close_object(session);
}

/* We end our direction; all that the peer answers comes after it saw that end. */
static void scenario_half_close(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "sum");
  struct source sent = source_of(7);
  struct source expected = source_of(5);
  char line[32];

  send_source(stream, &sent, 3u << 20);
  end_sending(stream);
  snprintf(line, sizeof line, "%016llx\n", (unsigned long long)sent.sum);
  expect_text(stream, line);
  expect_source(stream, &expected, 1u << 20);
  expect_end(stream);
  close_object(stream);
  close_object(session);
}

/* The peer ends its direction; ours goes on. */
static void scenario_half_closed(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "early");
  struct source sent = source_of(8);
  hws_handle digest;
  char line[32];

  expect_end(stream);
  send_source(stream, &sent, 3u << 20);
  end_sending(stream);
  digest = command(session, "digest");
  snprintf(line, sizeof line, "%016llx\n", (unsigned long long)sent.sum);
  expect_text(digest, line);
  close_object(stream);
  close_object(digest);
  close_object(session);
}

/* Much comes and is read at once: the window grows, which the tap sees. */
static void scenario_window(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "source 16777216");
  struct source expected = source_of(5);

  expect_source(stream, &expected, 16u << 20);
  expect_end(stream);
  close_object(stream);
  close_object(session);
}

/* Nothing is read while all that the peer may send comes, then it is all there and goes on. */
static void scenario_unread(void) {
  const hws_handle session = peer_session(NULL);
  const hws_handle stream = command(session, "source 2097152");
  const hws_handle other = command(session, "echo");
  struct source expected = source_of(5);

  echo_through(other, 4, 1u << 20);
  expect_source(stream, &expected, 2u << 20);
  expect_end(stream);
  close_object(other);
  close_object(stream);
  close_object(session);
}

static void scenario_they_open(void) {
  static const char *const lines[] = {"open 1 1048576", "open 100 10000", "half-close 409600", "reset-open 10"};
  const hws_handle session = peer_session(NULL);

  echo_begin(session);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) expect_ok(session, lines[i]);
  if (peer_has("empty")) expect_ok(session, "empty");
  close_object(session);
  echo_end();
}

const struct scenario scenarios_streams[] = {
    {"open", scenario_open, NULL},
    {"echo", scenario_echo, NULL},
    {"streams", scenario_streams, NULL},
    {"half-close", scenario_half_close, NULL},
    {"half-closed", scenario_half_closed, NULL},
    {"window", scenario_window, NULL},
    {"unread", scenario_unread, NULL},
    {"they-open", scenario_they_open, NULL},
    {NULL, NULL, NULL},
};
